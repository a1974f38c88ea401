"""Module 3, expression generation: the target drawn anew where the motion puts it (Zhang et al. 2021, section 3.3)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from me_augment.generation.fpb_fomm.architecture import COLOURS, Architecture
from me_augment.generation.fpb_fomm.blocks import Down, Residual, Same, Up
from me_augment.generation.fpb_fomm.motion_prediction import DenseMotionNetwork, KeyPoints, Motion


class Encoded(NamedTuple):
    """A target, encoded: all that does not depend on the motion.

    Attributes:
        picture: (B, 3, H, W) RGB in [0, 1].
        small: (B, 3, h, w), shrunken for the dense motion.
        features: (B, C, H', W').
        still: (B, 3, H, W), what the decoder draws where nothing moves; None while training and where the output is
            direct, which needs none.
    """

    picture: Tensor
    small: Tensor
    features: Tensor
    still: Tensor | None


class ExpressionGenerator(nn.Module):
    """Dense motion and the drawing of the frame; one module because reference checkpoints hold them as one."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        pyramid = shape.generator
        self.dense_motion_network = DenseMotionNetwork(shape)
        self.first = Same(COLOURS, pyramid.width(0), 7)
        self.down_blocks = nn.ModuleList(Down(pyramid.width(i), pyramid.width(i + 1)) for i in range(pyramid.blocks))
        self.bottleneck = nn.Sequential()
        for i in range(shape.bottleneck_blocks):
            self.bottleneck.add_module(f"r{i}", Residual(pyramid.width(pyramid.blocks)))
        self.up_blocks = nn.ModuleList(
            Up(pyramid.width(i + 1), pyramid.width(i)) for i in reversed(range(pyramid.blocks))
        )
        self.final = nn.Conv2d(pyramid.width(0), COLOURS, 7, padding=3)
        if shape.conventions.output == "residual":  # begins as a warp and nothing else
            nn.init.zeros_(self.final.weight)

    def encode(self, picture: Tensor) -> Encoded:
        """Everything about a target (B, 3, H, W) that does not depend on the motion."""
        features = self.first(picture)
        for block in self.down_blocks:
            features = block(features)
        residual = self.shape.conventions.output == "residual"
        still = self.draw(features) if residual and not self.training else None
        return Encoded(picture, self.dense_motion_network.down(picture), features, still)

    def draw(self, features: Tensor) -> Tensor:
        """Features (B, C, H', W') → (B, 3, H, W), before the sigmoid."""
        features = self.bottleneck(features)
        for block in self.up_blocks:
            features = block(features)
        return self.final(features)

    def warp(self, values: Tensor, deformation: Tensor, *, cubic: bool = False) -> Tensor:
        """Values (B, C, H, W) found where the deformation (B, h, w, 2) says; beyond the border black, or repeated.

        Between pixels lies the straight line, or with `cubic` the curve of `between_pixels`.
        """
        aligned = self.shape.conventions.align_corners
        if deformation.shape[1:3] != values.shape[-2:]:
            # A field, unlike a picture, is resized as the reference does: by the centres of its cells; a mended one
            # by its corners, which is what its coordinates mean.
            deformation = functional.interpolate(
                deformation.movedim(-1, 1), values.shape[-2:], mode="bilinear",
                align_corners=not self.shape.conventions.compat,
            ).movedim(1, -1)  # fmt: skip
        if cubic:
            return between_pixels(values, deformation, align_corners=aligned)
        padding = "zeros" if self.shape.conventions.compat else "border"
        return functional.grid_sample(values, deformation, padding_mode=padding, align_corners=aligned)

    def decode(self, target: Encoded, motion: Motion) -> Tensor:
        """The target so moved, (B, 3, H, W) in [0, 1]."""
        moved = self.warp(target.features, motion.deformation)
        if self.shape.conventions.output == "direct":
            return torch.sigmoid(self.draw(moved * _resized(motion.occlusion, moved)))
        if target.still is None:
            # Both in one batch: training statistics that differ between them would look like motion.
            drawn, still = self.draw(torch.cat([moved, target.features.expand_as(moved)])).chunk(2)
        else:
            drawn, still = self.draw(moved), target.still
        # Where the target shows what is wanted its own pixels are best; elsewhere the network may paint. Whatever it
        # would paint without any motion is taken off, so that no motion changes nothing.
        hidden = 1 - _resized(motion.occlusion, drawn)
        warped = self.warp(target.picture, motion.deformation, cubic=True)
        return (warped + hidden * (drawn - still)).clamp(0, 1)

    def forward(self, picture: Tensor, target: KeyPoints, driving: KeyPoints) -> tuple[Tensor, Motion]:
        """Frames (B, 3, H, W) in [0, 1] of targets (B, 3, H, W), and the motion that made them."""
        encoded = self.encode(picture)
        motion = self.dense_motion_network(encoded.small, target, driving)
        return self.decode(encoded, motion), motion


def _resized(field: Tensor, like: Tensor) -> Tensor:
    if field.shape[-2:] == like.shape[-2:]:
        return field
    return functional.interpolate(field, like.shape[-2:], mode="bilinear", align_corners=False)


def between_pixels(values: Tensor, grid: Tensor, *, align_corners: bool) -> Tensor:
    """Values (B, C, H, W) at normalised positions (B, h, w, 2) by Catmull-Rom's cubic; borders repeat.

    torch's own bicubic takes another cubic (a = -0.75), which moves a ramp shifted by 0.1 pixel by 0.14; this one
    (a = -0.5) reproduces ramps and parabolas. The two middle taps of each axis have weights of one sign and are read
    as one between them (Sigg and Hadwiger, GPU Gems 2, 2005), so nine linear look-ups make the sixteen.
    """
    size = torch.tensor([values.shape[-1], values.shape[-2]], dtype=grid.dtype, device=grid.device)
    place = (grid + 1) / 2 * (size - 1) if align_corners else ((grid + 1) * size - 1) / 2
    base = place.detach().floor()
    f = place - base
    first = f * (-0.5 + f * (1 - 0.5 * f))
    second = 1 + f * f * (1.5 * f - 2.5)
    third = f * (0.5 + f * (2 - 1.5 * f))
    fourth = f * f * (0.5 * f - 0.5)
    middle = second + third
    weights = first, middle, fourth
    places = base - 1, base + third / middle, base + 2
    total = torch.zeros((), dtype=values.dtype, device=values.device)
    for i in range(3):
        for j in range(3):
            here = torch.stack([places[i][..., 0], places[j][..., 1]], dim=-1)
            here = here / (size - 1) * 2 - 1
            part = functional.grid_sample(values, here, padding_mode="border", align_corners=True)
            total = total + part * (weights[i][..., 0] * weights[j][..., 1])[:, None]
    return total
