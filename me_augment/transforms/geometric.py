"""Geometry of whole clips by kornia: every frame gets the same map, so that motion within the clip stays motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch


@dataclass(frozen=True)
class Flip:
    """Left and right exchanged; the sides of a clip's action units are then the other ones.

    Attributes:
        p: probability.
    """

    name: ClassVar[str] = "flip"
    p: float = 0.5

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """Whether."""
        return {"flip": bool(rng.random() < self.p)}

    @staticmethod
    def apply(video: torch.Tensor, params: Mapping[str, Any]) -> torch.Tensor:
        """(…, W) flipped where drawn."""
        return video.flip(-1) if params["flip"] else video


@dataclass(frozen=True)
class Affine:
    """Turn, scale and shift about the middle of the picture, one map for all frames, borders repeated.

    Attributes:
        degrees: largest turn to either side.
        scale: smallest and largest factor.
        shift: largest shift, fraction of the picture's width and height.
    """

    name: ClassVar[str] = "affine"
    degrees: float = 5.0
    scale: tuple[float, float] = (0.95, 1.05)
    shift: float = 0.03

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """Angle in degrees (positive turns from the y to the x axis), factor, and shift in pixels."""
        return {
            "angle": float(rng.uniform(-self.degrees, self.degrees)),
            "scale": float(rng.uniform(*self.scale)),
            "dx": float(rng.uniform(-self.shift, self.shift) * shape[-1]),
            "dy": float(rng.uniform(-self.shift, self.shift) * shape[-2]),
        }

    @staticmethod
    def matrix(params: Mapping[str, Any], height: int, width: int) -> np.ndarray:
        """The map from pixels of the clip to pixels of the result, (2, 3) float64."""
        angle, scale = np.deg2rad(params["angle"]), params["scale"]
        linear = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        return np.column_stack([linear, centre - linear @ centre + (params["dx"], params["dy"])])

    @staticmethod
    def apply(video: torch.Tensor, params: Mapping[str, Any]) -> torch.Tensor:
        """(T, C, H, W) on any device, bicubic: linear interpolation would blur frames that moved differently."""
        from kornia.geometry.transform import warp_affine

        height, width = video.shape[-2:]
        matrix = torch.as_tensor(Affine.matrix(params, height, width), dtype=video.dtype, device=video.device)
        moved = warp_affine(
            video, matrix.expand(len(video), 2, 3), (height, width), mode="bicubic", padding_mode="border"
        )
        return moved.clamp(0, 1)


def apply_batch(kind: type[Affine], videos: torch.Tensor, params: Sequence[Mapping[str, Any]]) -> torch.Tensor:
    """A batch (B, T, C, H, W), each clip with its own parameters, in one call on the videos' device.

    Gives what `kind.apply` gives clip by clip.
    """
    from kornia.geometry.transform import warp_affine

    height, width = videos.shape[-2:]
    matrices = torch.as_tensor(
        np.stack([kind.matrix(one, height, width) for one in params]), dtype=videos.dtype, device=videos.device
    )
    moved = warp_affine(
        videos.flatten(0, 1),
        matrices.repeat_interleave(videos.shape[1], 0),
        (height, width),
        mode="bicubic",
        padding_mode="border",
    )
    return moved.clamp(0, 1).view(videos.shape)
