"""Transforms one after the other, what was drawn for a clip as JSON, and the same again from that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import torch

from me_augment.errors import UsageError
from me_augment.transforms import geometric, photometric

Params = Mapping[str, Any]


class Transform(Protocol):
    """Draws parameters once for a clip and applies them to all its frames."""

    name: ClassVar[str]

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """Parameters, JSON-serialisable, for a video of `shape` (T, C, H, W)."""

    @staticmethod
    def apply(video: torch.Tensor, params: Params) -> torch.Tensor:
        """A new video (T, C, H, W) float32 in [0, 1]; nothing random happens here."""


_KNOWN: dict[str, type[Transform]] = {
    kind.name: kind
    for kind in (
        geometric.Affine,
        geometric.Flip,
        photometric.Blur,
        photometric.BrightnessContrast,
        photometric.Gamma,
        photometric.HueSaturation,
        photometric.Jpeg,
        photometric.Noise,
    )
}


class Chain:
    """Several transforms in order, each drawn for every clip; callable, so that it fits `MicroExpressionDataset`.

    Args:
        transforms: what to do, in order.
    """

    def __init__(self, *transforms: Transform) -> None:
        self.transforms = transforms

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> tuple[str, ...]:
        """Parameters of all transforms as JSON, in order: what `Clip.transforms` holds."""
        return tuple(
            json.dumps({"transform": one.name, **one.draw(rng, shape)}, sort_keys=True) for one in self.transforms
        )

    def __call__(self, video: torch.Tensor) -> torch.Tensor:
        """Draw and apply; the seed is torch's next number, of which every worker of a DataLoader has its own."""
        seed = int(torch.randint(2**62, ()).item())
        return from_json(video, self.draw(np.random.default_rng(seed), video.shape))


def from_json(video: torch.Tensor, drawn: Sequence[str]) -> torch.Tensor:
    """Apply what was drawn, exactly as it was applied then.

    Args:
        video: (T, C, H, W) float32 in [0, 1].
        drawn: from `Chain.draw`, or a row's `transforms`.

    Raises:
        UsageError: an entry is no JSON of a known transform.
    """
    for text in drawn:
        try:
            params = json.loads(text)
            kind = _KNOWN[params.pop("transform")]
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise UsageError(f"{text!r} is no transform that this version knows ({', '.join(_KNOWN)}).") from error
        video = kind.apply(video, params)
    return video
