"""What a network drew of a face, put into the picture that the face was cut from."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import apply_affine, invert_affine
from me_augment.generation.resample import RefinedImage, dither_for, grid, look_up

_STILL_PX = 1e-3
# Share of the crop's side over which what it shows fades into the picture around it.
_BORDER = 0.08


class PasteBack:
    """Puts drawn frames of one target into its picture.

    The picture's own pixels are moved by the motion that the networks found, and what they drew beyond that, which
    motion does not explain, is added. So nothing of the picture's sharpness or colour is lost to a network that draws
    256 x 256 pixels, and a frame without motion is the picture itself.

    Args:
        target: (H, W) or (H, W, 3), uint8 or uint16.
        matrix: (2, 3), from its pixels to those of the crop.
        size: side of the crop, pixels.
        reach: (H, W) in [0, 1], how much of the motion each pixel follows; None lets the whole crop move.
        gray: the network knows gray faces only: what it adds is brightness.
        first: (S, S, 3) float32 in [0, 1], what it drew of the onset.

    Attributes:
        peak_displacement_px: largest displacement so far, pixels of the target.
    """

    def __init__(
        self,
        target: NDArray[Any],
        matrix: NDArray[np.float64],
        size: int,
        reach: NDArray[np.float32] | None,
        gray: bool,
        first: NDArray[np.float32],
    ) -> None:
        self.peak_displacement_px = 0.0
        self._target, self._gray = target, gray or target.ndim == 2
        self._size = size
        whole = _window(target.shape[:2], matrix, size)
        mask = whole if reach is None else whole * reach
        rows, columns = np.flatnonzero(mask.max(1) > 0), np.flatnonzero(mask.max(0) > 0)
        self._box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
        self._mask = mask[self._box]
        self._refined = RefinedImage.of(target[self._box])
        self._dither = dither_for(target[self._box])
        self._x, self._y = grid(*self._refined.shape)
        place = np.stack([self._x + self._box[1].start, self._y + self._box[0].start], axis=-1)
        inside = apply_affine(matrix, place).astype(np.float32)
        self._inside_x, self._inside_y = (np.ascontiguousarray(inside[..., i]) for i in (0, 1))
        self._back = invert_affine(matrix)[:, :2].astype(np.float32)
        self._first = RefinedImage.of(self._shown(first))
        self._crop_x, self._crop_y = grid(size, size)

    def _shown(self, drawn: NDArray[np.float32]) -> NDArray[np.float32]:
        return cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY) if self._gray else drawn

    def __call__(self, drawn: NDArray[np.float32], shift: NDArray[np.float32]) -> NDArray[Any]:
        """A frame in the form of the target.

        Args:
            drawn: (S, S, 3) float32 in [0, 1].
            shift: (h, w, 2) float32, for each place of the crop how far from it its look is found at onset, pixels
                of the crop; the outermost samples are the outermost pixels.
        """
        steps = np.float32((shift.shape[1] - 1) / (self._size - 1)), np.float32((shift.shape[0] - 1) / (self._size - 1))
        # What was drawn and is no motion of what was drawn of the onset.
        crop_shift = look_up(shift, self._crop_x * steps[0], self._crop_y * steps[1])
        painted = self._shown(drawn) - self._first.values(
            self._crop_x + crop_shift[..., 0], self._crop_y + crop_shift[..., 1]
        )
        painted = cv2.remap(painted, self._inside_x, self._inside_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        inside = look_up(shift, self._inside_x * steps[0], self._inside_y * steps[1])
        backward = (inside @ self._back.T) * self._mask[..., None]
        self.peak_displacement_px = max(self.peak_displacement_px, float(np.sqrt((backward**2).sum(-1).max())))
        scale = np.iinfo(self._target.dtype).max
        painted *= (self._mask if painted.ndim == 2 else self._mask[..., None]) * np.float32(scale)
        if painted.ndim == 2 and self._target.ndim == 3:
            painted = painted[..., None]
        values = self._refined.values(self._x + backward[..., 0], self._y + backward[..., 1])
        values += painted
        values += self._dither
        frame = self._target.copy()
        changes = np.abs(backward).max(-1) > _STILL_PX
        changes |= np.abs(painted).reshape(*changes.shape, -1).max(-1) > _STILL_PX * scale
        frame[self._box][changes] = self._refined.stored(values)[changes]
        return frame


def _window(shape: tuple[int, ...], matrix: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """(H, W) in [0, 1]: one inside of the crop, falling to zero at its border."""
    x, y = grid(shape[0], shape[1])
    inside = apply_affine(matrix, np.stack([x, y], axis=-1))
    depth = np.minimum(inside, size - 1 - inside).min(-1) / (_BORDER * size)
    ramp = np.clip(depth, 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
