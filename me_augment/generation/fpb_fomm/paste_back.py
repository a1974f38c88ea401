"""What a network drew of a face, put into the picture that the face was cut from."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import apply_affine, invert_affine
from me_augment.generation.resample import RefinedImage, dither_for, grid, look_up
from me_augment.generation.warp import bounds

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
        face: (H, W) in [0, 1], how much of the motion each pixel follows; None lets the whole crop move.
        gray: the network knows gray faces only: what it adds is brightness.
        first: (S, S, 3) float32 in [0, 1], what it drew of the onset.
        head: (H, W) in [0, 1], how much of the head's motion each pixel follows; None where it has none.

    Raises:
        MeAugmentError: nothing of the picture could move.

    Attributes:
        peak_displacement_px: largest displacement of the face so far, pixels of the target.
    """

    def __init__(
        self,
        target: NDArray[Any],
        matrix: NDArray[np.float64],
        size: int,
        face: NDArray[np.float32] | None,
        gray: bool,
        first: NDArray[np.float32],
        head: NDArray[np.float32] | None = None,
    ) -> None:
        self.peak_displacement_px = 0.0
        self._target, self._gray = target, gray or target.ndim == 2
        self._matrix, self._size = matrix, size
        mask = _window(target.shape[:2], matrix, size)
        if face is not None:
            mask *= face
        reach = mask if head is None else np.maximum(mask, head)
        self._box = bounds(reach)
        self._mask = mask[self._box]
        self._head = None if head is None else head[self._box]
        self._refined = RefinedImage.of(target[self._box])
        self._dither = dither_for(target[self._box])
        self._x, self._y = grid(*self._refined.shape)
        self._back = invert_affine(matrix)[:, :2].astype(np.float32)
        self._first = RefinedImage.of(self._shown(first))
        self._crop_x, self._crop_y = grid(size, size)
        self._at_rest = self._in_crop(self._x, self._y)

    def _shown(self, drawn: NDArray[np.float32]) -> NDArray[np.float32]:
        return cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY) if self._gray else drawn

    def _in_crop(
        self, x: NDArray[np.float32], y: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where places of the box lie in the crop."""
        origin = (self._box[1].start, self._box[0].start)
        inside = apply_affine(self._matrix, np.stack([x, y], axis=-1) + origin).astype(np.float32)
        return np.ascontiguousarray(inside[..., 0]), np.ascontiguousarray(inside[..., 1])

    def __call__(
        self, drawn: NDArray[np.float32], shift: NDArray[np.float32], head: NDArray[np.float64] | None = None
    ) -> NDArray[Any]:
        """A frame in the form of the target.

        Args:
            drawn: (S, S, 3) float32 in [0, 1].
            shift: (h, w, 2) float32, for each place of the crop how far from it its look is found at onset, pixels
                of the crop; the outermost samples are the outermost pixels.
            head: (2, 3), similarity that takes the head to its place in this frame, pixels of the target.
        """
        x, y, mask, (inside_x, inside_y) = self._x, self._y, self._mask, self._at_rest
        if head is not None:
            x, y = self._before(head)
            mask = cv2.remap(mask, x, y, cv2.INTER_LINEAR)
            inside_x, inside_y = self._in_crop(x, y)
        steps = np.float32((shift.shape[1] - 1) / (self._size - 1)), np.float32((shift.shape[0] - 1) / (self._size - 1))
        # What was drawn and is no motion of what was drawn of the onset.
        crop_shift = look_up(shift, self._crop_x * steps[0], self._crop_y * steps[1])
        painted = self._shown(drawn) - self._first.values(
            self._crop_x + crop_shift[..., 0], self._crop_y + crop_shift[..., 1]
        )
        painted = cv2.remap(painted, inside_x, inside_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        backward = (look_up(shift, inside_x * steps[0], inside_y * steps[1]) @ self._back.T) * mask[..., None]
        self.peak_displacement_px = max(self.peak_displacement_px, float(np.sqrt((backward**2).sum(-1).max())))
        scale = np.iinfo(self._target.dtype).max
        painted *= (mask if painted.ndim == 2 else mask[..., None]) * np.float32(scale)
        if painted.ndim == 2 and self._target.ndim == 3:
            painted = painted[..., None]
        there_x, there_y = x + backward[..., 0], y + backward[..., 1]
        values = self._refined.values(there_x, there_y)
        values += painted
        values += self._dither
        frame = self._target.copy()
        changes = np.maximum(np.abs(there_x - self._x), np.abs(there_y - self._y)) > _STILL_PX
        changes |= np.abs(painted).reshape(*changes.shape, -1).max(-1) > _STILL_PX * scale
        frame[self._box][changes] = self._refined.stored(values)[changes]
        return frame

    def _before(self, head: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where each pixel of the box was before the head moved."""
        assert self._head is not None
        here = np.stack([self._x, self._y], axis=-1) + (self._box[1].start, self._box[0].start)
        moved = ((apply_affine(invert_affine(head), here) - here) * self._head[..., None]).astype(np.float32)
        return self._x + moved[..., 0], self._y + moved[..., 1]


def _window(shape: tuple[int, ...], matrix: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """(H, W) in [0, 1]: one inside of the crop, falling to zero at its border."""
    x, y = grid(shape[0], shape[1])
    inside = apply_affine(matrix, np.stack([x, y], axis=-1))
    depth = np.minimum(inside, size - 1 - inside).min(-1) / (_BORDER * size)
    ramp = np.clip(depth, 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
