"""The building blocks that the three networks share; names of parameters are those of the reference's checkpoints."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from me_augment.generation.fpb_fomm.architecture import Pyramid


class Down(nn.Module):
    """(B, in, H, W) → (B, out, H/2, W/2): convolution, normalisation, ReLU, mean of 2 x 2."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return functional.avg_pool2d(functional.relu(self.norm(self.conv(x))), 2)


class Up(nn.Module):
    """(B, in, H, W) → (B, out, 2H, 2W): every pixel doubled, convolution, normalisation, ReLU."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return functional.relu(self.norm(self.conv(functional.interpolate(x, scale_factor=2))))


class Same(nn.Module):
    """(B, in, H, W) → (B, out, H, W): convolution of `kernel` x `kernel`, normalisation, ReLU."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return functional.relu(self.norm(self.conv(x)))


class Residual(nn.Module):
    """(B, C, H, W) → the same, plus what two convolutions find, each after normalisation and ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(channels)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        found = self.conv1(functional.relu(self.norm1(x)))
        return x + self.conv2(functional.relu(self.norm2(found)))


class _Encoder(nn.Module):
    """All levels of the way down, the input first."""

    def __init__(self, channels_in: int, pyramid: Pyramid) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(
            Down(channels_in if level == 0 else pyramid.width(level), pyramid.width(level + 1))
            for level in range(pyramid.blocks)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class _Decoder(nn.Module):
    """The way back up; each level is joined by what the encoder saw there, the last by the input itself."""

    def __init__(self, pyramid: Pyramid) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList(
            Up((1 if level == pyramid.blocks - 1 else 2) * pyramid.width(level + 1), pyramid.width(level))
            for level in reversed(range(pyramid.blocks))
        )

    def forward(self, levels: list[Tensor]) -> Tensor:
        x = levels[-1]
        for block, beside in zip(self.up_blocks, reversed(levels[:-1]), strict=True):
            x = torch.cat([block(x), beside], dim=1)
        return x


class Hourglass(nn.Module):
    """(B, in, H, W) → (B, expansion + in, H, W): down and up again (Ronneberger et al., MICCAI 2015).

    Attributes:
        channels: of the output.
    """

    def __init__(self, channels_in: int, pyramid: Pyramid) -> None:
        super().__init__()
        self.encoder = _Encoder(channels_in, pyramid)
        self.decoder = _Decoder(pyramid)
        self.channels = pyramid.width(0) + channels_in

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.decoder(self.encoder(x))


class Shrink(nn.Module):
    """(B, C, H, W) → every (1/scale)-th pixel of the picture, blurred before by what that would alias.

    The Gaussian has a standard deviation of (1/scale - 1)/2 pixels and four of these to either side; beyond the border
    lies black. `weight` is a buffer because reference checkpoints hold it.
    """

    weight: Tensor

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.step = round(1 / scale)
        sigma = (self.step - 1) / 2
        reach = round(4 * sigma)
        place = torch.arange(-reach, reach + 1, dtype=torch.float32)
        line = torch.exp(-(place**2) / (2 * sigma**2)) if sigma else torch.ones(1)
        kernel = line[:, None] * line[None, :]
        kernel = kernel / kernel.sum()
        self.register_buffer("weight", kernel.expand(channels, 1, -1, -1).clone())

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        if self.step == 1:
            return x
        # The stride skips what would be thrown away; the result is that of blurring all and picking.
        return functional.conv2d(
            x, self.weight, stride=self.step, padding=self.weight.shape[-1] // 2, groups=self.weight.shape[0]
        )


def identity_grid(height: int, width: int, like: Tensor) -> Tensor:
    """(H, W, 2) with the normalised coordinates (x, y) of every pixel: -1 and 1 are the outermost pixel centres."""
    y = torch.linspace(-1, 1, height, dtype=like.dtype, device=like.device)
    x = torch.linspace(-1, 1, width, dtype=like.dtype, device=like.device)
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
