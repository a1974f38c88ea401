"""Sub-pixel resampling that neither blurs nor shifts: a quintic spline refined fourfold, then read linearly.

Bicubic convolution as image libraries ship it (a = -0.75) is wrong for micro-motion: a 0.1 px shift of a ramp
moves it by 0.14 px. A spline reproduces polynomials exactly; refining it once per image leaves only a cheap
linear look-up per frame (rms error of a sine, measured: 0.9 % at a period of 6 pixels, 2 % at 4, 6 % at 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.ndimage import spline_filter

_FACTOR = 4
_ORDER = 5


@dataclass(frozen=True)
class RefinedImage:
    """An image prepared for sampling at any position.

    Attributes:
        fine: (4H, 4W[, 3]) float32; `fine[4y, 4x]` is pixel (y, x) exactly.
        shape: (H, W).
        dtype: dtype of the image, uint8 or uint16; samples are rounded and clipped to it.
    """

    fine: NDArray[np.float32]
    shape: tuple[int, int]
    dtype: np.dtype

    @classmethod
    def of(cls, image: NDArray[Any]) -> RefinedImage:
        """Prepare an image (H, W) or (H, W, 3), uint8 or uint16; edges are mirrored."""
        planes = np.atleast_3d(image)
        fine = np.stack([_refine(planes[..., c]) for c in range(planes.shape[2])], axis=-1)
        return cls(fine.squeeze(-1) if image.ndim == 2 else fine, image.shape[:2], image.dtype)

    @property
    def pixels(self) -> NDArray[Any]:
        """The image itself."""
        return np.rint(self.fine[::_FACTOR, ::_FACTOR]).astype(self.dtype)

    def values(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values at pixel positions x, y (float32, any equal shape (h, w)), neither rounded nor clipped."""
        return cv2.remap(
            self.fine,
            x * np.float32(_FACTOR),
            y * np.float32(_FACTOR),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def stored(self, values: NDArray[np.float32]) -> NDArray[Any]:
        """Values in the image's own dtype: rounded and clipped, in place."""
        np.rint(values, out=values)
        return np.clip(values, 0, np.iinfo(self.dtype).max, out=values).astype(self.dtype)

    def sample(
        self,
        x: NDArray[np.float32],
        y: NDArray[np.float32],
        factor: NDArray[np.float32] | None = None,
        dither: NDArray[np.float32] | None = None,
    ) -> NDArray[Any]:
        """Values at pixel positions x, y (float32, any equal shape (h, w)), in the image's own dtype.

        `factor` (h, w) multiplies them and `dither` (h, w) or (h, w, 3) is added before they are rounded.
        """
        values = self.values(x, y)
        if factor is not None:
            values *= factor if values.ndim == 2 else factor[..., None]
        if dither is not None:
            values += dither
        return self.stored(values)


def dither_for(image: NDArray[Any]) -> NDArray[np.float32]:
    """A fixed fraction of a level for every sample of an image, below a half either way, always the same.

    An image's values sit on whole levels. Rounded again after a faint motion, all that changed by less than half a
    level would be as before: on smooth skin, everything that a tenth of a pixel does. With this added before rounding,
    as many pixels go over to the next level as the mean change asks for (Roberts 1962), and an image that does not
    move stays as it is.
    """
    return np.random.default_rng(0).uniform(-0.49, 0.49, image.shape).astype(np.float32)


def _refine(plane: NDArray[Any]) -> NDArray[np.float32]:
    coefficients = spline_filter(plane.astype(np.float64), _ORDER, mode="mirror")
    coefficients = coefficients.astype(np.float32)
    basis = BSpline.basis_element(np.arange(-(_ORDER + 1) / 2, (_ORDER + 1) / 2 + 1), extrapolate=False)
    taps = np.arange(-3, 4)
    kernels = [np.nan_to_num(basis(k / _FACTOR - taps)).astype(np.float32) for k in range(_FACTOR)]
    height, width = plane.shape
    fine = np.empty((height * _FACTOR, width * _FACTOR), np.float32)
    for i, vertical in enumerate(kernels):
        for j, horizontal in enumerate(kernels):
            fine[i::_FACTOR, j::_FACTOR] = cv2.sepFilter2D(
                coefficients, -1, horizontal, vertical, borderType=cv2.BORDER_REFLECT_101
            )
    return fine


def grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pixel coordinates x, y, each (height, width) float32."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x, y


def look_up(field: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """A smooth field (H, W, 2) read linearly at positions x, y (h, w) → (h, w, 2); edges repeat."""
    # OpenCV's exact-coordinate kernels exist for one, three and four channels, not for two.
    parts = [
        cv2.remap(np.ascontiguousarray(field[..., c]), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for c in (0, 1)
    ]
    return np.stack(parts, axis=-1)
