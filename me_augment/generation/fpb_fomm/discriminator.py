"""The adversary of training: says of every patch whether it was filmed or generated (Isola et al., CVPR 2017)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from me_augment.generation.fpb_fomm.architecture import COLOURS, Architecture, Pyramid
from me_augment.generation.fpb_fomm.blocks import Shrink


class _Block(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, *, norm: bool, pool: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 4)
        self.norm = nn.InstanceNorm2d(channels_out, affine=True) if norm else None
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        x = functional.leaky_relu(x, 0.2)
        return functional.avg_pool2d(x, 2) if self.pool else x


class PatchDiscriminator(nn.Module):
    """(B, 3, H, W) → the feature maps of its blocks, and a score for each patch (B, 1, h, w); 1 is filmed."""

    def __init__(self, pyramid: Pyramid) -> None:
        super().__init__()
        last = pyramid.blocks - 1
        self.down_blocks = nn.ModuleList(
            _Block(COLOURS if i == 0 else pyramid.width(i), pyramid.width(i + 1), norm=i > 0, pool=i < last)
            for i in range(pyramid.blocks)
        )
        self.conv = nn.Conv2d(pyramid.width(pyramid.blocks), 1, 1)

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """See the class."""
        maps = []
        for block in self.down_blocks:
            x = block(x)
            maps.append(x)
        return maps, self.conv(x)


class Discriminator(nn.Module):
    """One `PatchDiscriminator` for each scale."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.scales = shape.discriminator_scales
        self.discs = nn.ModuleDict(
            {_key(scale): PatchDiscriminator(shape.discriminator) for scale in shape.discriminator_scales}
        )
        self.shrink = [Shrink(COLOURS, scale) for scale in shape.discriminator_scales]

    def forward(self, pictures: Tensor) -> list[tuple[list[Tensor], Tensor]]:
        """Feature maps and scores of pictures (B, 3, H, W), scale by scale."""
        found = []
        for scale, shrink in zip(self.scales, self.shrink, strict=True):
            found.append(self.discs[_key(scale)](shrink.to(pictures)(pictures)))
        return found


def _key(scale: float) -> str:
    """Name of a scale in checkpoints: `1`, `0-5`."""
    return f"{scale:g}".replace(".", "-")
