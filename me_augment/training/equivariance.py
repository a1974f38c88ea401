"""Random smooth distortions of a frame: what a key point sees should change as the frame was changed.

An affine map plus a thin-plate term on a grid of control points (Siarohin et al., NeurIPS 2019, section 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from me_augment.generation.fpb_fomm.blocks import identity_grid

# Keeps the logarithm finite at a control point.
_EPSILON = 1e-6
# The distortions are gentle: every step of the inversion leaves about a tenth of the error.
_INVERSION_STEPS = 12


@dataclass(frozen=True)
class Distortion:
    """T, which says where in a frame (normalised x, y) each place of the distorted frame is found.

    T(z) = A z + b + sum_i w_i r_i^2 log(r_i), r_i the distance of z from control point i.

    Attributes:
        affine: (B, 2, 3), [A | b].
        weights: (B, P, 1) where x and y get the same term, as in the reference, whose distance is the city-block one;
            (B, P, 2) where each has its own, and the distance is Euclidean. P is a square: the control points lie on
            a grid from corner to corner, row by row.
    """

    affine: Tensor
    weights: Tensor

    def apply(self, places: Tensor) -> Tensor:
        """T of places (B, N, 2)."""
        _, distance = self._apart(places)
        bend = distance**2 * torch.log(distance + _EPSILON)
        straight = places @ self.affine[:, :, :2].transpose(1, 2) + self.affine[:, None, :, 2]
        return straight + bend @ self.weights

    def jacobian(self, places: Tensor) -> Tensor:
        """dT/dz at places (B, N, 2) → (B, N, 2, 2), a row for each component of T."""
        apart, distance = self._apart(places)
        slope = 2 * distance * torch.log(distance + _EPSILON) + distance**2 / (distance + _EPSILON)
        direction = apart / distance.clamp_min(_EPSILON)[..., None] if self._separate else apart.sign()
        bend = torch.einsum("bpc,bnp,bnpj->bncj", self.weights, slope, direction)
        return self.affine[:, None, :, :2] + bend

    def inverse(self, places: Tensor) -> Tensor:
        """Where places (B, N, 2) of the frame are found in the distorted frame: T^-1, by iteration."""
        back = torch.linalg.inv(self.affine[:, :, :2])
        found = places
        for _ in range(_INVERSION_STEPS):
            found = found + (places - self.apply(found)) @ back.transpose(1, 2)
        return found

    def frames(self, pictures: Tensor, *, align_corners: bool) -> Tensor:
        """Pictures (B, C, H, W), distorted; mirrored beyond their borders."""
        height, width = pictures.shape[-2:]
        grid = identity_grid(height, width, pictures).reshape(1, -1, 2).expand(len(pictures), -1, -1)
        places = self.apply(grid).view(-1, height, width, 2)
        return functional.grid_sample(pictures, places, padding_mode="reflection", align_corners=align_corners)

    @property
    def _separate(self) -> bool:
        return self.weights.shape[-1] == 2

    def _apart(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (B, N, P, 2) from the control points to places (B, N, 2), and their lengths (B, N, P)."""
        side = round(self.weights.shape[1] ** 0.5)
        apart = places[:, :, None] - identity_grid(side, side, places).reshape(-1, 2)
        return apart, torch.linalg.vector_norm(apart, dim=-1) if self._separate else apart.abs().sum(-1)
