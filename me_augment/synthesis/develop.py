"""Light and colour of synthetic clips: the same change in every frame of a clip, drawn from its seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Those that treat every frame alike and by itself, and were measured to leave sub-pixel motion alone
# (docs/transforms.md): a frame can be changed as it is drawn, and what a clip was judged by stays true.
TRANSFORMS = ("brightness-contrast", "gamma", "hue-saturation")


def draw_transforms(names: Sequence[str], seed: int) -> tuple[str, ...]:
    """Parameters of some of `TRANSFORMS` for a clip, as its row's `transforms` holds them.

    Args:
        names: in the order of application.
        seed: of the clip.
    """
    from me_augment.transforms import BrightnessContrast, Chain, Gamma, HueSaturation

    known = {kind.name: kind for kind in (BrightnessContrast, Gamma, HueSaturation)}
    rng = np.random.default_rng([17, seed])  # apart from what else draws from the seed
    return Chain(*(known[name]() for name in names)).draw(rng, ())


def developed(frame: NDArray[np.generic], drawn: Sequence[str]) -> NDArray[np.generic]:
    """A frame (H, W) or (H, W, 3) RGB, uint8 or uint16, after the transforms drawn for its clip; as stored."""
    import torch

    from me_augment.transforms import from_json

    most = 255 if frame.dtype == np.uint8 else 65535
    planes = frame[..., None] if frame.ndim == 2 else frame
    video = torch.from_numpy(planes.astype(np.float32) / most).permute(2, 0, 1)[None]
    if frame.ndim == 2:
        video = video.expand(1, 3, *frame.shape).contiguous()  # light is the same in all channels
    changed = from_json(video, drawn)[0].permute(1, 2, 0).numpy()
    pixels = np.rint(changed * most).astype(frame.dtype)
    return np.ascontiguousarray(pixels[..., 0] if frame.ndim == 2 else pixels)
