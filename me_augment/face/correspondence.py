"""Which place on one face is which on another, lips on lips whether the mouths are open or closed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import apply_affine, eye_centres, fit_similarity, interocular
from me_augment.face.thin_plate import ThinPlate

# Landmarks along the lips, from the image-left corner to the image-right one.
_UPPER_INNER = (60, 61, 62, 63, 64)
_LOWER_INNER = (60, 67, 66, 65, 64)
_LOWER_OUTER = (48, 59, 58, 57, 56, 55, 54)
_JAW = (5, 6, 7, 8, 9, 10, 11)
# The map may stretch a displacement by no more than this beyond the scale of the faces: faces differ by less, and
# more is a landmark out of place.
_STRETCH = 2.0


@dataclass(frozen=True)
class FaceMap:
    """Smooth map from one face to another, except at lips that are parted in one of them only.

    Attributes:
        plate: takes the first face to the second with the second's mouth opened as wide as the first's.
        mouth: how that mouth is brought back to its own opening.
        scale: size of the second face relative to the first.
    """

    plate: ThinPlate
    mouth: MouthShift
    scale: float

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points (..., 2)."""
        return self.mouth(self.plate(points))

    def carry(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Matrices (..., 2, 2) that turn a small displacement on the second face into one at `points` of the first.

        The inverse of the plate's derivative, its singular values kept within a factor of two of the faces' scale. How
        far a mouth happens to be open says nothing about how its lips move, so that the mouth's shift is left out.
        """
        u, stretch, v = np.linalg.svd(self.plate.jacobian(points))
        inverse = 1 / np.clip(stretch, self.scale / _STRETCH, self.scale * _STRETCH)
        turned = np.sign(np.linalg.det(u @ v))[..., None, None]  # a fold, where landmarks are out of place
        return np.where(
            turned > 0, np.swapaxes(v, -1, -2) * inverse[..., None, :] @ np.swapaxes(u, -1, -2), np.eye(2) / self.scale
        )


def face_map(source: NDArray[np.floating], target: NDArray[np.floating], smoothness: float = 1e-4) -> FaceMap:
    """Correspondence taking one face's 68 landmarks to another's.

    Anchors a face width outside, carried by the similarity between the faces, keep the map tame where there are no
    landmarks (forehead, hair).
    """
    similarity = fit_similarity(source, target)
    scale = float(np.sqrt(np.linalg.det(similarity[:, :2])))
    centre = source[27:36].mean(0)
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = centre + 3.0 * interocular(source) * np.column_stack([np.cos(angles), np.sin(angles)])
    mouth = MouthShift.between(source, target, scale)
    plate = ThinPlate.fit(
        np.vstack([source, ring]), np.vstack([mouth.opened, apply_affine(similarity, ring)]), smoothness
    )
    return FaceMap(plate, mouth, scale)


@dataclass(frozen=True)
class MouthShift:
    """Takes a face whose lower lip was moved, to open or close the mouth, to the face as it is.

    A map through the lips of an open and a closed mouth would have to tear the one or pinch the other; a thin plate
    does neither, and misses the lips by pixels. So the lower lip is moved first, and what is read below the mouth is
    moved back by the same amount, fading out towards the jaw.

    Attributes:
        opened: (68, 2) float64, the landmarks with the lower lip moved.
        axes: (2, 2) float64, rows: across the face and down.
        shift: (5,) float64, how far down the lower lip was moved at the inner lip landmarks, corners included.
    """

    opened: NDArray[np.float64]
    axes: NDArray[np.float64]
    shift: NDArray[np.float64]

    @classmethod
    def between(cls, source: NDArray[np.floating], target: NDArray[np.floating], scale: float) -> MouthShift:
        """For the landmarks `target`, to be opened as `source` is; `scale` is the target's size over the source's."""
        axes = _axes(target)
        shift = scale * _opening(source, _axes(source)) - _opening(target, axes)
        across = target @ axes[0]
        opened = np.asarray(target, np.float64).copy()
        for index in {*_LOWER_INNER[1:-1], *_LOWER_OUTER[1:-1]}:
            opened[index] += np.interp(across[index], across[list(_UPPER_INNER)], shift) * axes[1]
        return cls(opened, axes, shift)

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points (..., 2) of the face whose lower lip was moved, on the face as it is."""
        points = np.asarray(points, np.float64)
        across, down = points @ self.axes[0], points @ self.axes[1]

        def line(landmarks: tuple[int, ...]) -> NDArray[np.float64]:
            knots = self.opened[list(landmarks)]
            return np.interp(across, knots @ self.axes[0], knots @ self.axes[1])

        upper, lower = line(_UPPER_INNER), line(_LOWER_INNER)
        outer = np.maximum(line(_LOWER_OUTER), lower)
        jaw = np.maximum(line(_JAW), outer + 1e-3)
        lower = np.maximum(lower, upper + 1e-3)
        share = np.clip((down - upper) / (lower - upper), 0, 1) * np.clip((jaw - down) / (jaw - outer), 0, 1)
        corners = self.opened[list(_UPPER_INNER)] @ self.axes[0]
        shift = np.interp(across, corners, self.shift, left=0.0, right=0.0)
        return points - (share * shift)[..., None] * self.axes[1]


def _axes(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Directions (2, 2) across and down a face."""
    left, right = eye_centres(landmarks)
    across = (right - left) / np.hypot(*(right - left))
    return np.array([across, [-across[1], across[0]]])


def _opening(landmarks: NDArray[np.floating], axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance (5,) of the lips from corner to corner, zero at the corners."""
    gap = (landmarks[list(_LOWER_INNER)] - landmarks[list(_UPPER_INNER)]) @ axes[1]
    return np.maximum(gap, 0)
