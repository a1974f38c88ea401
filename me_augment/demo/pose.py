"""How a demo head looks when it is turned out of the picture plane: a smooth relief of a head, seen from afar."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import interocular
from me_augment.face.thin_plate import ThinPlate

# The relief, in interocular distances: bumps of height, centre (across, down from the root of the nose) and standard
# deviation. Invented proportions of a head: the skull, the nose, the chin, the sockets of the eyes. No slope is
# steeper than 2, so that up to 25 degrees nothing hides anything.
_RELIEF = (
    (1.25, (0.0, 0.35), (0.95, 1.25)),
    (0.26, (0.0, 0.45), (0.15, 0.26)),
    (0.08, (0.0, 1.35), (0.30, 0.22)),
    (-0.06, (-0.5, 0.02), (0.22, 0.14)),
    (-0.06, (0.5, 0.02), (0.22, 0.14)),
)


@dataclass(frozen=True)
class TurnedHead:
    """A head seen frontally, and turned by two angles, in orthographic projection.

    Attributes:
        root: (2,) the root of the nose in the frontal picture, pixels.
        across: (2,) unit vector from the image-left to the image-right eye.
        unit: interocular distance, pixels.
        yaw, pitch: radians; positive turns to the image right and down.
        shift: (2,) added to the turned picture, pixels.
    """

    root: NDArray[np.float64]
    across: NDArray[np.float64]
    unit: float
    yaw: float = 0.0
    pitch: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, landmarks: NDArray[np.floating], yaw: float, pitch: float) -> TurnedHead:
        """The head with these frontal landmarks (68, 2), turned about itself so that its nose stays in the middle."""
        left, right = landmarks[36:42].mean(0), landmarks[42:48].mean(0)
        across = (right - left) / np.linalg.norm(right - left)
        head = cls(np.asarray(landmarks[27], np.float64), across, interocular(landmarks), yaw, pitch)
        nose = landmarks[27:36]
        return replace(head, shift=tuple((nose - head.project(nose)).mean(0)))

    def further(self, yaw: float, pitch: float) -> TurnedHead:
        """The same head turned further, about its neck: nothing is shifted back."""
        return replace(self, yaw=self.yaw + yaw, pitch=self.pitch + pitch)

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where what is at the frontal `points` (..., 2) appears."""
        local = (points - self.root) @ self._axes.T / self.unit
        depth, _ = _relief(local)
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        x = cy * local[..., 0] + sy * depth
        y = cp * local[..., 1] + sp * (cy * depth - sy * local[..., 0])
        return self.root + self.unit * np.stack([x, y], -1) @ self._axes + np.array(self.shift)

    def jacobian(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Derivative (..., 2, 2) of `project` at frontal `points` (..., 2)."""
        _, slope = _relief((points - self.root) @ self._axes.T / self.unit)
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        rows = np.empty((*slope.shape, 2))
        rows[..., 0, 0], rows[..., 0, 1] = cy + sy * slope[..., 0], sy * slope[..., 1]
        rows[..., 1, 0] = sp * (cy * slope[..., 0] - sy)
        rows[..., 1, 1] = cp + sp * cy * slope[..., 1]
        return self._axes.T @ rows @ self._axes

    def unproject(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Frontal position (..., 2) of what appears at `points` (..., 2): Newton's method."""
        place = np.array(points, np.float64)
        for _ in range(20):
            error = self.project(place) - points
            if np.abs(error).max() < 1e-9:
                break
            place -= np.linalg.solve(self.jacobian(place), error[..., None])[..., 0]
        return place

    @property
    def _axes(self) -> NDArray[np.float64]:
        """Rows: across and down, in pixels."""
        return np.array([self.across, [-self.across[1], self.across[0]]])


def _relief(local: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Height (...) and slope (..., 2) of the relief at positions (..., 2), interocular distances."""
    height, slope = np.zeros(local.shape[:-1]), np.zeros(local.shape)
    for top, centre, spread in _RELIEF:
        away = (local - np.array(centre)) / np.array(spread)
        bump = top * np.exp(-0.5 * (away**2).sum(-1))
        height += bump
        slope -= bump[..., None] * away / np.array(spread)
    return height, slope


@dataclass(frozen=True)
class TurnedMap:
    """The map from a turned head's picture to the portrait: back to the frontal picture, and on from there."""

    frontal: ThinPlate
    head: TurnedHead

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points (..., 2)."""
        return self.frontal(self.head.unproject(points))

    def jacobian(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Derivative (..., 2, 2) at points (..., 2)."""
        frontal = self.head.unproject(points)
        return self.frontal.jacobian(frontal) @ np.linalg.inv(self.head.jacobian(frontal))
