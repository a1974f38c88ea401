"""The smoothest map through pairs of points, and its local first-order behaviour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ThinPlate:
    """Thin-plate spline f(p) = A p + c + sum_i w_i U(|p - q_i|), U(r) = r^2 log r^2 (Bookstein, PAMI 1989).

    Attributes:
        nodes: (N, 2) float64, the points q_i, in units of `scale`.
        weights: (N, 2) float64, w_i.
        affine: (3, 2) float64, rows c, A's columns.
        centre, scale: inputs are taken as (p - centre) / scale, which keeps the system well conditioned.
    """

    nodes: NDArray[np.float64]
    weights: NDArray[np.float64]
    affine: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: float

    @classmethod
    def fit(cls, source: NDArray[np.floating], target: NDArray[np.floating], smoothness: float = 0.0) -> ThinPlate:
        """Spline taking `source` (N, 2) to `target` (N, 2), N >= 3, not on one line.

        Args:
            source, target: corresponding points, pixels.
            smoothness: 0 meets every point; larger values trade closeness for a stiffer plate (Wahba 1990).
        """
        centre = source.mean(0).astype(np.float64)
        scale = float(np.sqrt(((source - centre) ** 2).sum(1).mean()))
        nodes = (source - centre) / scale
        n = len(nodes)
        kernel = _kernel(nodes[:, None] - nodes[None])
        plane = np.column_stack([np.ones(n), nodes])
        system = np.block(
            [[kernel + smoothness * n * np.eye(n), plane], [plane.T, np.zeros((3, 3))]],
        )
        solution = np.linalg.solve(system, np.vstack([target, np.zeros((3, 2))]))
        return cls(nodes, solution[:n], solution[n:], centre, scale)

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points (..., 2)."""
        p = (np.asarray(points, np.float64) - self.centre) / self.scale
        bent = _kernel(p[..., None, :] - self.nodes) @ self.weights
        return bent + self.affine[0] + p @ self.affine[1:]

    def jacobian(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Derivative (..., 2, 2) at points (..., 2); entry [i, j] is d f_i / d p_j."""
        p = (np.asarray(points, np.float64) - self.centre) / self.scale
        difference = p[..., None, :] - self.nodes
        squared = np.maximum((difference**2).sum(-1), 1e-12)
        slope = 2.0 * (np.log(squared) + 1.0)[..., None] * difference  # grad of r^2 log r^2
        return (np.swapaxes(slope, -1, -2) @ self.weights + self.affine[1:]).swapaxes(-1, -2) / self.scale


def _kernel(difference: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = (difference**2).sum(-1)
    return squared * np.log(np.maximum(squared, 1e-12))
