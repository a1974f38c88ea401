"""Light, colour and camera by albumentations: every frame gets the same change; noise is its own in every frame."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch


def _each_frame(video: torch.Tensor, make: Any, *, bytes_: bool = False) -> torch.Tensor:
    """Apply `make(albumentations, frame number)` to each frame (H, W, C) float32 in [0, 1], or as 8 bits."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else importing it asks the network for a newer version
    import albumentations

    frames = video.detach().cpu().numpy().transpose(0, 2, 3, 1)
    frames = np.ascontiguousarray(np.rint(frames * 255).astype(np.uint8) if bytes_ else frames.astype(np.float32))
    changed = np.stack([make(albumentations, t)(image=frame)["image"] for t, frame in enumerate(frames)])
    changed = changed.astype(np.float32) / (255 if bytes_ else 1)
    return torch.from_numpy(np.ascontiguousarray(changed.transpose(0, 3, 1, 2))).clamp_(0, 1).to(video.device)


@dataclass(frozen=True)
class BrightnessContrast:
    """Brightness added and contrast multiplied, fractions drawn up to these to either side."""

    name: ClassVar[str] = "brightness-contrast"
    brightness: float = 0.15
    contrast: float = 0.15

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """Both fractions."""
        return {
            "brightness": float(rng.uniform(-self.brightness, self.brightness)),
            "contrast": float(rng.uniform(-self.contrast, self.contrast)),
        }

    @staticmethod
    def apply(video: torch.Tensor, params: Mapping[str, Any]) -> torch.Tensor:
        """To all frames alike."""
        limits = {f"{name}_limit": (params[name], params[name]) for name in ("brightness", "contrast")}
        return _each_frame(video, lambda a, _: a.RandomBrightnessContrast(**limits, p=1))


@dataclass(frozen=True)
class Gamma:
    """Exponent on the intensities, drawn from this range."""

    name: ClassVar[str] = "gamma"
    gamma: tuple[float, float] = (0.8, 1.25)

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """The exponent."""
        return {"gamma": float(rng.uniform(*self.gamma))}

    @staticmethod
    def apply(video: torch.Tensor, params: Mapping[str, Any]) -> torch.Tensor:
        """To all frames alike."""
        percent = 100 * params["gamma"]
        return _each_frame(video, lambda a, _: a.RandomGamma(gamma_limit=(percent, percent), p=1))


@dataclass(frozen=True)
class HueSaturation:
    """Hue turned (degrees of 360) and saturation added (of 255), drawn up to these to either side; gray stays gray."""

    name: ClassVar[str] = "hue-saturation"
    hue: float = 8.0
    saturation: float = 20.0

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """Both."""
        return {
            "hue": float(rng.uniform(-self.hue, self.hue)),
            "saturation": float(rng.uniform(-self.saturation, self.saturation)),
        }

    @staticmethod
    def apply(video: torch.Tensor, params: Mapping[str, Any]) -> torch.Tensor:
        """To all frames alike; albumentations takes hue in half degrees of 8-bit pictures."""
        hue, saturation = params["hue"] / 2, params["saturation"]
        return _each_frame(
            video,
            lambda a, _: a.HueSaturationValue((hue, hue), (saturation, saturation), (0, 0), p=1),
            bytes_=True,
        )


@dataclass(frozen=True)
class Blur:
    """Gaussian blur, standard deviation in pixels drawn from this range."""

    name: ClassVar[str] = "blur"
    sigma: tuple[float, float] = (0.3, 1.0)

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """The standard deviation."""
        return {"sigma": float(rng.uniform(*self.sigma))}

    @staticmethod
    def apply(video: torch.Tensor, params: Mapping[str, Any]) -> torch.Tensor:
        """To all frames alike."""
        sigma = params["sigma"]
        return _each_frame(video, lambda a, _: a.GaussianBlur(blur_limit=0, sigma_limit=(sigma, sigma), p=1))


@dataclass(frozen=True)
class Noise:
    """Sensor noise, new in every frame: standard deviation in grey levels of 255 drawn from this range."""

    name: ClassVar[str] = "noise"
    levels: tuple[float, float] = (0.5, 3.0)

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """The standard deviation, and the seed of what is added."""
        return {"levels": float(rng.uniform(*self.levels)), "seed": int(rng.integers(2**31))}

    @staticmethod
    def apply(video: torch.Tensor, params: Mapping[str, Any]) -> torch.Tensor:
        """The same numbers again for the same seed and shape."""
        noise = np.random.default_rng(params["seed"]).standard_normal(tuple(video.shape), np.float32)
        return (video + torch.from_numpy(noise * (params["levels"] / 255)).to(video)).clamp(0, 1)


@dataclass(frozen=True)
class Jpeg:
    """Each frame through JPEG, quality drawn from this range: a test of robustness, not to be trained on lightly."""

    name: ClassVar[str] = "jpeg"
    quality: tuple[int, int] = (70, 95)

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> dict[str, Any]:
        """The quality."""
        return {"quality": int(rng.integers(self.quality[0], self.quality[1] + 1))}

    @staticmethod
    def apply(video: torch.Tensor, params: Mapping[str, Any]) -> torch.Tensor:
        """To all frames alike."""
        quality = params["quality"]
        return _each_frame(video, lambda a, _: a.ImageCompression("jpeg", (quality, quality), p=1), bytes_=True)
