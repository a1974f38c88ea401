"""What a model is: the sizes of its networks and the conventions they compute by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from me_augment.errors import UsageError

KEY_POINTS = 18
COLOURS = 3


@dataclass(frozen=True, kw_only=True)
class Pyramid:
    """Widths of a network that halves its picture `blocks` times: min(most, expansion * 2^i) channels at level i."""

    expansion: int
    most: int
    blocks: int

    def width(self, level: int) -> int:
        """Channels after `level` halvings."""
        return min(self.most, self.expansion * 2**level)


@dataclass(frozen=True, kw_only=True)
class Conventions:
    """How the networks read points, sample pictures and put out a frame.

    Attributes:
        compat: compute as the reference implementation does, odd as that is: only 256 x 256 pictures, mask cells
            numbered from 1 and divided by the height, points divided by 256. Otherwise pixel centres are meant
            everywhere, and any size that the networks can halve will do.
        align_corners: of every `grid_sample`. The grids are aligned with the outermost pixel centres, so True is
            consistent; the reference runs with False under any torch since 1.3.
        prior: `fixed` adds the maps of the 18 points as they are; `adaptive` weighs them by what the picture shows.
        track: key points follow the face from frame to frame; otherwise they stay where they were at onset, and all
            motion passes through the Jacobians.
        output: `direct` draws every pixel; `residual` warps the target's own pixels and adds what changes, so that
            no motion gives the target back exactly.
    """

    compat: bool
    align_corners: bool
    prior: Literal["fixed", "adaptive"]
    track: bool
    output: Literal["direct", "residual"]

    def __post_init__(self) -> None:
        if self.compat and (self.prior, self.track, self.output) != ("fixed", False, "direct"):
            raise UsageError("a model that computes as the reference has a fixed prior, fixed points, direct output.")


REFERENCE = Conventions(compat=True, align_corners=False, prior="fixed", track=False, output="direct")
MENDED = Conventions(compat=False, align_corners=True, prior="fixed", track=True, output="residual")


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes and conventions of one model; the defaults are the published configuration.

    Attributes:
        size: side of the pictures that it was trained for, pixels.
        detector, dense_motion: hourglasses, which work on the picture at `scale`.
        generator: encoder and decoder of the expression generator.
        bottleneck_blocks: residual blocks between these.
        discriminator: of every scale in `discriminator_scales`.
        temperature: of the softmax that pools the Jacobians; below 1 sharpens.
        single_jacobian_map: one map of Jacobians for all key points, instead of one for each.
        scale: factor on the side of the picture for the two hourglasses, 1/2^n.
    """

    conventions: Conventions = REFERENCE
    size: int = 256
    detector: Pyramid = Pyramid(expansion=32, most=1024, blocks=5)
    dense_motion: Pyramid = Pyramid(expansion=64, most=1024, blocks=5)
    generator: Pyramid = Pyramid(expansion=64, most=512, blocks=2)
    bottleneck_blocks: int = 6
    discriminator: Pyramid = Pyramid(expansion=32, most=512, blocks=4)
    discriminator_scales: tuple[float, ...] = (1.0,)
    temperature: float = 0.1
    single_jacobian_map: bool = False
    scale: float = 0.25

    def __post_init__(self) -> None:
        hourglasses = round(1 / self.scale) * 2 ** max(self.detector.blocks, self.dense_motion.blocks)
        step = max(hourglasses, 2**self.generator.blocks)  # both powers of two
        if self.conventions.compat and self.size != 256:
            raise UsageError(f"the size is {self.size}; a model that computes as the reference has 256.")
        if self.size % step:
            raise UsageError(f"the size is {self.size}; with these networks it must be a multiple of {step}.")

    @property
    def working_size(self) -> int:
        """Side of the pictures that the hourglasses see, pixels."""
        return round(self.size * self.scale)
