"""Module 2, motion prediction: key points with local affine maps, and from these a dense motion (Zhang et al. 2021,
section 3.2, after Siarohin et al., NeurIPS 2019)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from me_augment.generation.fpb_fomm.architecture import COLOURS, KEY_POINTS, Architecture
from me_augment.generation.fpb_fomm.blocks import Hourglass, Shrink, identity_grid
from me_augment.generation.fpb_fomm.region_focusing import AdaptivePrior, focus

# Variance of the Gaussians that show the network where a key point was and is, normalised coordinates.
_VARIANCE = 0.01
_REFERENCE_SIDE = 256
# How far a key point's motion reaches before anything was learned: standard deviation of its bell, and how far from a
# point the background weighs as much as it, normalised coordinates. With both, the true displacement of the 18 points
# of six drawn expressions, blended so, agrees with that of the skin around them with r 0.985, gain 0.97.
_REACH, _BACKGROUND = 0.08, 0.2
# A Jacobian whose determinant is far below this is not inverted but damped; of a trained model it is about 1.
_SINGULAR = 1e-3


class KeyPoints(NamedTuple):
    """Where the key points of some pictures are and how their surroundings are turned and stretched.

    Attributes:
        value: (B, 18, 2), normalised (x, y).
        jacobian: (B, 18, 2, 2).
    """

    value: Tensor
    jacobian: Tensor


class Motion(NamedTuple):
    """Where each pixel of a frame is found in the target, and whether it is seen there.

    Attributes:
        deformation: (B, h, w, 2), normalised (x, y).
        occlusion: (B, 1, h, w) in [0, 1]; 0 where the target does not show it.
    """

    deformation: Tensor
    occlusion: Tensor


class KeyPointDetector(nn.Module):
    """The affine map of each key point's surroundings; the points themselves come from landmarks."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.down = Shrink(COLOURS, shape.scale)
        self.predictor = Hourglass(COLOURS + 1, shape.detector)
        self.kp = nn.Conv2d(self.predictor.channels, KEY_POINTS, 7)
        self.maps = 1 if shape.single_jacobian_map else KEY_POINTS
        self.jacobian = nn.Conv2d(self.predictor.channels, 4 * self.maps, 7)
        nn.init.zeros_(self.jacobian.weight)
        assert self.jacobian.bias is not None
        self.jacobian.bias.data.copy_(torch.eye(2).flatten().repeat(self.maps))
        self.prior = AdaptivePrior(COLOURS) if shape.conventions.prior == "adaptive" else None

    def value(self, points: Tensor, picture: Tensor) -> Tensor:
        """Normalised coordinates (B, 18, 2) of points in pixels."""
        if self.shape.conventions.compat:
            return points * 2 / _REFERENCE_SIDE - 1
        last = torch.tensor([picture.shape[-1] - 1, picture.shape[-2] - 1], dtype=points.dtype, device=points.device)
        return points * 2 / last - 1

    def attention(self, features: Tensor) -> Tensor:
        """(B, 18, h, w), how much each place counts for a key point's Jacobian; sums to 1."""
        logits = self.kp(features)
        return torch.softmax(logits.flatten(2) / self.shape.temperature, dim=2).view_as(logits)

    def features(self, picture: Tensor, points: Tensor) -> Tensor:
        """What the hourglass makes of pictures and focus masks, (B, C, h, w)."""
        small = self.down(picture)
        return self.predictor(torch.cat([small, focus(points, picture, small, self.shape, self.prior)], dim=1))

    def forward(self, picture: Tensor, points: Tensor) -> KeyPoints:
        """Key points of pictures.

        Args:
            picture: (B, 3, H, W) RGB in [0, 1].
            points: (B, 18, 2) pixels.
        """
        features = self.features(picture, points)
        maps = self.jacobian(features)
        batch, _, height, width = maps.shape
        maps = maps.view(batch, self.maps, 4, height, width)
        pooled = (self.attention(features)[:, :, None] * maps).sum((-2, -1))
        return KeyPoints(self.value(points.to(picture.dtype), picture), pooled.view(batch, KEY_POINTS, 2, 2))


def inverse(matrices: Tensor) -> Tensor:
    """Inverse of matrices (..., 2, 2); one that has none comes out damped instead of infinite."""
    a, b, c, d = matrices[..., 0, 0], matrices[..., 0, 1], matrices[..., 1, 0], matrices[..., 1, 1]
    determinant = a * d - b * c
    # 1/x where |x| is not tiny, falling to 0 with x below.
    factor = torch.where(
        determinant.abs() > _SINGULAR, 1 / torch.where(determinant == 0, 1.0, determinant), determinant / _SINGULAR**2
    )
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-c, a], -1)], -2)
    return adjugate * factor[..., None, None]


def relative(target: KeyPoints, driving: KeyPoints, onset: KeyPoints, carry: Tensor | float = 1.0) -> KeyPoints:
    """Key points of the target that does what the driver did since onset.

    Args:
        target: (1, 18) of the target's picture.
        driving: (B, 18) of the driver's frames.
        onset: (1, 18) of the driver's first.
        carry: what becomes of a displacement on the way from the driver's face to the target's: a factor, or
            (18, 2, 2) matrices.
    """
    moved = driving.value - onset.value
    moved = moved * carry if isinstance(carry, float) else (carry @ moved[..., None])[..., 0]
    turned = driving.jacobian @ inverse(onset.jacobian) @ target.jacobian
    return KeyPoints(target.value + moved, turned)


def key_point_motions(target: KeyPoints, driving: KeyPoints, height: int, width: int) -> Tensor:
    """T_k: where each pixel would be found in the target if all moved with key point k.

    T_k(z) = p_target + J_target J_driving^-1 (z - p_driving); T_0 is the background, which stays.

    Returns:
        (B, 19, h, w, 2), normalised (x, y).
    """
    grid = identity_grid(height, width, driving.value)
    linear = target.jacobian @ inverse(driving.jacobian)
    shift = target.value - (linear @ driving.value[..., None])[..., 0]
    there = torch.einsum("bkij,hwj->bkhwi", linear, grid) + shift[:, :, None, None]
    return torch.cat([grid.expand(len(there), 1, -1, -1, -1), there], dim=1)


def gaussians(value: Tensor, height: int, width: int) -> Tensor:
    """(B, K, h, w), a bell around each key point (B, K, 2)."""
    apart = identity_grid(height, width, value) - value[:, :, None, None]
    return torch.exp(-0.5 * (apart**2).sum(-1) / _VARIANCE)


class DenseMotionNetwork(nn.Module):
    """Blends the motions of the key points into one field."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.down = Shrink(COLOURS, shape.scale)
        self.hourglass = Hourglass((KEY_POINTS + 1) * (COLOURS + 1), shape.dense_motion)
        self.mask = nn.Conv2d(self.hourglass.channels, KEY_POINTS + 1, 7, padding=3)
        self.occlusion = nn.Conv2d(self.hourglass.channels, 1, 7, padding=3)
        if not shape.conventions.compat:
            nn.init.zeros_(self.mask.weight)
            assert self.mask.bias is not None
            nn.init.zeros_(self.mask.bias)

    def forward(self, small: Tensor, target: KeyPoints, driving: KeyPoints) -> Motion:
        """Motion of frames with key points `driving`.

        Args:
            small: (B, 3, h, w), the target shrunken by `down`.
            target, driving: (B, 18) key points.
        """
        sparse = key_point_motions(target, driving, *small.shape[-2:])
        logits, occlusion = self.choose(self.candidates(small, target, driving, sparse))
        weights = self.weights(logits, driving.value)
        return Motion((weights[..., None] * sparse).sum(1), occlusion)

    def candidates(self, small: Tensor, target: KeyPoints, driving: KeyPoints, sparse: Tensor) -> Tensor:
        """What the network chooses from, (B, 19 * 4, h, w): per motion, how its point moved and the target so moved."""
        height, width = small.shape[-2:]
        batch = len(sparse)
        heat = gaussians(driving.value, height, width) - gaussians(target.value, height, width)
        heat = torch.cat([torch.zeros_like(heat[:, :1]), heat], dim=1)
        warped = functional.grid_sample(
            small[:, None].expand(-1, sparse.shape[1], -1, -1, -1).flatten(0, 1), sparse.flatten(0, 1),
            align_corners=self.shape.conventions.align_corners,
        ).view(batch, -1, COLOURS, height, width)  # fmt: skip
        return torch.cat([heat[:, :, None], warped], dim=2).flatten(1, 2)

    def choose(self, candidates: Tensor) -> tuple[Tensor, Tensor]:
        """What the network says for each motion (B, 19, h, w), and occlusion (B, 1, h, w)."""
        features = self.hourglass(candidates)
        return self.mask(features), torch.sigmoid(self.occlusion(features))

    def weights(self, logits: Tensor, value: Tensor) -> Tensor:
        """Share of each motion at each place, (B, 19, h, w), summing to 1.

        The reference leaves all of it to the network. A mended model begins with what is known of faces, that skin
        moves with the key point beside it, and the network says how it is otherwise.

        Args:
            logits: (B, 19, h, w), what the network says.
            value: (B, 18, 2), where the key points are.
        """
        if not self.shape.conventions.compat:
            near = -((identity_grid(logits.shape[-2], logits.shape[-1], value) - value[:, :, None, None]) ** 2).sum(-1)
            far = torch.full_like(near[:, :1], -(_BACKGROUND**2))
            logits = logits + torch.cat([far, near], dim=1) / (2 * _REACH**2)
        return torch.softmax(logits, dim=1)
