"""Lips that part or press together: the one place of a face where skin moves apart and something shows between."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import eye_centres, interocular
from me_augment.generation.resample import RefinedImage, grid

_UPPER_LINE = (60, 61, 62, 63, 64)
_LOWER_LINE = (60, 67, 66, 65, 64)
# Lengths in interocular distances: between which distances from the line between the lips a measured motion is taken
# for the lip's own, how far it is carried on, over which length it fades towards the corners, and what is looked at
# around the mouth.
_OWN, _REACH, _CORNER, _AROUND = (0.01, 0.09), 0.22, 0.1, 0.35
# Parting of the driver's lips, interocular distances, from which on they are drawn apart, and wholly so: in the smooth
# field of a smile or a stretched mouth they part by less.
_PARTING = (0.006, 0.012)
# The inside of a mouth is darker than the darkest that shows of it.
_DEEPER = 0.6


@dataclass(frozen=True)
class Lips:
    """Where on a target the upper lip ends, the lower begins, and the inside of the mouth lies between.

    A measured field is smooth across the line between the lips, so that moving pixels by it stretches what lies on
    that line. Here each lip and the inside get a field of their own, continued from where it is theirs; each is moved
    by its own, the lips cover the inside, and where nothing arrives it is dark.

    Attributes:
        box: rows and columns, of the region that moves, that are looked at.
        upper, lower, inside: (h, w) in [0, 1], what each pixel at rest belongs to; they add up to one.
        own: (3, h, w), where the motion is surely that of the upper lip, the lower lip, the inside.
        near: (h, w) in [0, 1], how much a field is replaced by its continuation.
        down: (2,) direction from the upper to the lower lip.
        unit: interocular distance, pixels.
    """

    box: tuple[slice, slice]
    upper: NDArray[np.float32]
    lower: NDArray[np.float32]
    inside: NDArray[np.float32]
    own: NDArray[np.float32]
    near: NDArray[np.float32]
    down: NDArray[np.float64]
    unit: float

    @classmethod
    def of(cls, landmarks: NDArray[np.floating], region: tuple[slice, slice]) -> Lips | None:
        """For a target with these landmarks (68, 2), pixels; None where the mouth lies outside the region."""
        unit = interocular(landmarks)
        points = landmarks[48:68] - (region[1].start, region[0].start)
        low = np.maximum(np.floor(points.min(0) - _AROUND * unit), 0).astype(int)
        high = np.ceil(points.max(0) + _AROUND * unit).astype(int) + 1
        high = np.minimum(high, (region[1].stop - region[1].start, region[0].stop - region[0].start))
        if (high - low < 8).any():
            return None
        x, y = grid(high[1] - low[1], high[0] - low[0])
        left, right = eye_centres(landmarks)
        across = (right - left) / np.hypot(*(right - left))
        down = np.array([-across[1], across[0]])
        origin = low + (region[1].start, region[0].start)
        u, v = (x * axis[0] + y * axis[1] for axis in (across, down))

        def line(indices: tuple[int, ...]) -> NDArray[np.floating]:
            knots = landmarks[list(indices)] - origin
            return np.interp(u, knots @ across, knots @ down)

        top = line(_UPPER_LINE)
        bottom = np.maximum(line(_LOWER_LINE), top)
        upper, lower = np.clip(top - v + 0.5, 0, 1), np.clip(v - bottom + 0.5, 0, 1)
        start, stop = _OWN[0] * unit, _OWN[1] * unit
        corners = (landmarks[[60, 64]] - origin) @ across
        within = np.clip(np.minimum(u - corners[0], corners[1] - u) / (_CORNER * unit), 0, 1)
        distance = np.maximum(np.maximum(top - v, v - bottom), 0)
        near = within * np.clip(2 - 2 * distance / (_REACH * unit), 0, 1)
        sure = [np.clip((d - start) / (2 * start), 0, 1) * (d < stop) for d in (top - v, v - bottom)]
        sure.append(np.clip((np.minimum(v - top, bottom - v) - start) / (2 * start), 0, 1))
        return cls(
            (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))),
            upper.astype(np.float32),
            lower.astype(np.float32),
            (1 - upper - lower).astype(np.float32),
            np.stack(sure).astype(np.float32),
            near.astype(np.float32),
            down,
            unit,
        )

    def parted(
        self, forward: NDArray[np.float32], image: RefinedImage, darkest: NDArray[np.float32], strength: float
    ) -> NDArray[np.float32] | None:
        """The mouth (h, w) or (h, w, 3), float, moved in layers; None where the lips move as one.

        Args:
            forward: displacement (H, W, 2) of the region, pixels.
            image: the target's region.
            darkest: colour of the inside of the mouth.
            strength: by which the driver's displacement was multiplied.
        """
        field = forward[self.box]
        upper, lower, inside = (self._continued(field, own) for own in self.own)
        if inside is None:
            inside = upper
        if upper is None or lower is None or inside is None:
            return None
        seam = self.near * (self.upper < 1) * (self.lower < 1) > 0.5
        if not seam.any():
            return None
        # The lower lip leaves what is above it, over most of its width: pressed lips move smoothly enough, and an upper
        # lip that is raised shows more of what is seen already.
        gap = float(np.median((lower - inside)[seam] @ self.down))
        opening = gap / (max(strength, 1e-3) * self.unit)
        share = np.clip((opening - _PARTING[0]) / (_PARTING[1] - _PARTING[0]), 0, 1)
        if not share:
            return None
        layers, covers = [], []
        weight = (np.float32(share) * self.near)[..., None]
        for own_field, mask in ((upper, self.upper), (lower, self.lower), (inside, self.inside)):
            x, y = _sources(field + weight * (own_field - field))
            covers.append(cv2.remap(mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
            values = image.values(x + self.box[1].start, y + self.box[0].start)
            layers.append(values if values.ndim == 3 else values[..., None])
        lips = np.minimum(covers[0] + covers[1], 1)[..., None]
        skin = (covers[0][..., None] * layers[0] + covers[1][..., None] * layers[1]) / np.maximum(
            covers[0] + covers[1], 1e-3
        )[..., None]
        behind = covers[2][..., None] * layers[2] + (1 - covers[2][..., None]) * darkest
        result = lips * skin + (1 - lips) * behind
        return result[..., 0] if image.fine.ndim == 2 else result

    def darkest(self, image: RefinedImage) -> NDArray[np.float32]:
        """Colour (1,) or (3,) of the inside of the mouth: darker than the darkest that shows between the lips."""
        x, y = grid(*self.upper.shape)
        values = image.values(x + self.box[1].start, y + self.box[0].start)
        between = (self.near > 0.3) & (self.upper < 0.9) & (self.lower < 0.9)
        seen = values[between].reshape(int(between.sum()), -1)
        if not len(seen):
            seen = values.reshape(-1, 1 if values.ndim == 2 else values.shape[-1])
        dark = seen[seen.sum(1) <= np.percentile(seen.sum(1), 10)]
        return (_DEEPER * dark.mean(0)).astype(np.float32)

    def _continued(self, field: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """A field (h, w, 2) continued from where it is surely a layer's own; None where that is nowhere."""
        if own.sum() < 4:
            return None
        known = own + np.float32(1e-6)
        sigma = _REACH / 2 * self.unit
        total = cv2.GaussianBlur(known, (0, 0), sigma)
        return cv2.GaussianBlur(field * known[..., None], (0, 0), sigma) / total[..., None]


def _sources(forward: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where what arrives at each pixel comes from: the fixed point of y = z - D(y); the field is smooth."""
    x, y = grid(*forward.shape[:2])
    at_x, at_y = x, y
    dx, dy = np.ascontiguousarray(forward[..., 0]), np.ascontiguousarray(forward[..., 1])
    for _ in range(8):
        here_x = cv2.remap(dx, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        here_y = cv2.remap(dy, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        at_x, at_y = x - here_x, y - here_y
    return at_x, at_y
