"""Copies of the networks' blocks for inference: the same values up to rounding, from fewer and cheaper operations.

Every module here is built from one that was trained and leaves that one alone. Normalisation with fixed statistics is
part of the convolution beside it; no weight requires a gradient. All expect and give `channels_last` tensors.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from me_augment.generation.fpb_fomm.blocks import Down, Hourglass, Residual, Same, Up
from me_augment.generation.fpb_fomm.expression_generation import ExpressionGenerator

_Module = TypeVar("_Module", bound=nn.Module)

# Winograd's minimal filtering F(4, 3) at the points 0, 1, -1, 2, -2 and infinity: y = A' [(G g) * (B' d)] (Lavin and
# Gray, CVPR 2016). 36 products stand for 144 of a 4 x 4 tile; in single precision four times the rounding error.
_TILE, _WINDOW = 4, 6
_FILTER = ((6, 0, 0), (-4, -4, -4), (-4, 4, -4), (1, 2, 4), (1, -2, 4), (0, 0, 24))  # G, times 24
_OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))  # A'
# The product at the point 1 in both directions enters every pixel of a tile with the factor 1: there goes the bias.
_EVERYWHERE = 1 * _WINDOW + 1


def affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Factor and offset, (C,) float64 each, that a normalisation with its running statistics comes to."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    factor = norm.weight.detach().double() / (norm.running_var.double() + norm.eps).sqrt()
    return factor, norm.bias.detach().double() - norm.running_mean.double() * factor


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight (O, I, h, w) and bias (O,), float64, of a convolution and the normalisation after it."""
    factor, offset = affine(norm)
    assert conv.bias is not None
    return conv.weight.detach().double() * factor[:, None, None, None], conv.bias.detach().double() * factor + offset


class Convolution(nn.Module):
    """(B, I, H, W) → (B, O, H', W') in the dtype of the weight, which may be narrower than the input's."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, padding: int) -> None:
        super().__init__()
        self.padding = padding
        self.register_buffer("weight", weight.float().contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias.float())

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return functional.conv2d(x.to(self.weight.dtype), self.weight, self.bias, padding=self.padding)


class FastSame(Convolution):
    """`Same`."""

    def __init__(self, block: Same) -> None:
        super().__init__(*folded(block.conv, block.norm), padding=cast(int, block.conv.padding[0]))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return super().forward(x).relu_()


class FastDown(Convolution):
    """`Down`; `seen` are the channels of the input that are given to it, where the others would always be 0."""

    def __init__(self, block: Down, seen: Tensor | None = None) -> None:
        weight, bias = folded(block.conv, block.norm)
        super().__init__(weight if seen is None else weight[:, seen], bias, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return functional.avg_pool2d(super().forward(x).relu_(), 2)


class FastUp(Convolution):
    """`Up`: after doubling, 3 x 3 weights meet only 2 x 2 different pixels, others for each of the four phases.

    One convolution computes all phases at all places between the (padded) pixels; each phase is then cut from its own.
    """

    def __init__(self, block: Up) -> None:
        weight, bias = folded(block.conv, block.norm)
        # Which of the 3 weights meet the first and which the second of the 2 pixels.
        meets = torch.tensor([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]], dtype=weight.dtype, device=weight.device)
        phases = torch.einsum("pya,qxb,oiab->pqoiyx", meets, meets, weight)
        super().__init__(phases.flatten(0, 2), bias.repeat(4), padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        found = super().forward(x)
        batch, channels, height, width = len(x), found.shape[1] // 4, x.shape[2], x.shape[3]
        out = torch.empty(
            (batch, channels, 2 * height, 2 * width), dtype=found.dtype, device=found.device,
            memory_format=torch.channels_last,
        )  # fmt: skip
        for phase, values in enumerate(found.split(channels, dim=1)):
            i, j = divmod(phase, 2)
            torch.clamp(values[..., i : i + height, j : j + width], min=0, out=out[..., i::2, j::2])
        return out


class BlockedConvolution(nn.Module):
    """A convolution with very few outputs, at 2 x 2 pixels at once: it leaves less of a processor's width idle.

    The kernel grows by one row and column for that, most of it zeros. Height and width must be even; the output is
    float32.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        assert conv.bias is not None
        weight = conv.weight.detach()
        shifts = [functional.pad(weight, (j, 1 - j, i, 1 - i)) for i in range(2) for j in range(2)]
        self.inner = Convolution(
            torch.stack(shifts, dim=1).flatten(0, 1), conv.bias.detach().repeat_interleave(4),
            padding=cast(int, conv.padding[0]),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, H, W) → (B, O, H, W)."""
        inner = self.inner
        blocks = functional.conv2d(x.to(inner.weight.dtype), inner.weight, inner.bias, stride=2, padding=inner.padding)
        return functional.pixel_shuffle(blocks.float(), 2)


class Workspace:
    """Large tensors that are used again and again, because fresh memory costs as much as filling it twice.

    Not for use by several threads at once.
    """

    def __init__(self) -> None:
        self._held: dict[str, Tensor] = {}

    def zeros(self, name: str, *shape: int, like: Tensor) -> Tensor:
        """The tensor of that name: zeros when it is new, otherwise what was left in it."""
        held = self._held.get(name)
        if held is None or held.shape != shape:
            held = self._held[name] = torch.zeros(shape, dtype=like.dtype, device=like.device)
        return held


class Winograd(nn.Module):
    """A 3 x 3 convolution of pictures that lie padded by one pixel, in 36 matrix products per 4 x 4 tiles."""

    products: Tensor
    bias: Tensor
    output: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        gather = torch.tensor(_FILTER, dtype=torch.float64, device=weight.device) / 24
        products = torch.einsum("pa,qb,oiab->pqio", gather, gather, weight.double())
        self.register_buffer("products", products.flatten(0, 1).float().contiguous())
        self.register_buffer("bias", bias.float())
        self.register_buffer("output", torch.tensor(_OUTPUT, dtype=torch.float32, device=weight.device))

    def forward(self, padded: Tensor) -> Tensor:
        """(B, H + 2, W + 2, I) → (B, H/4, 4, W/4, 4, O), a view; the next call overwrites it."""
        batch, rows, columns = len(padded), (padded.shape[1] - 2) // _TILE, (padded.shape[2] - 2) // _TILE
        inputs, outputs = self.products.shape[1:]
        tiles = batch * rows * columns
        held = self.workspace.zeros
        down = held("down", _WINDOW, batch, rows, padded.shape[2], inputs, like=padded)
        windows = held("windows", _WINDOW, _WINDOW, batch, rows, columns, inputs, like=padded)
        _windows([padded[:, k : k + _TILE * (rows - 1) + 1 : _TILE] for k in range(_WINDOW)], down.unbind(0))
        _windows([down[..., k : k + _TILE * (columns - 1) + 1 : _TILE, :] for k in range(_WINDOW)], windows.unbind(1))
        product = held("product", _WINDOW**2, tiles, outputs, like=padded)
        for k, (seen, weight, out) in enumerate(
            zip(windows.view(_WINDOW**2, tiles, inputs), self.products, product, strict=True)
        ):
            if k == _EVERYWHERE:
                torch.addmm(self.bias, seen, weight, out=out)
            else:
                torch.mm(seen, weight, out=out)
        halfway = held("halfway", _TILE, _WINDOW, tiles * outputs, like=padded)
        torch.mm(self.output, product.view(_WINDOW, -1), out=halfway.view(_TILE, -1))
        whole = held("whole", _TILE, _TILE, tiles * outputs, like=padded)
        torch.bmm(self.output.expand(_TILE, -1, -1), halfway, out=whole)
        return whole.view(_TILE, _TILE, batch, rows, columns, outputs).permute(2, 3, 0, 4, 1, 5)


def _windows(lines: Sequence[Tensor], out: Sequence[Tensor]) -> None:
    """B' d in one direction, where B' is
    (4 0 -5 0 1 0 / 0 -4 -4 1 1 0 / 0 4 -4 -1 1 0 / 0 -2 -1 2 1 0 / 0 2 -1 -2 1 0 / 0 4 0 -5 0 1)."""
    a, b, c, d, e, f = lines
    even, odd = torch.sub(e, c, alpha=4), torch.sub(d, b, alpha=4)
    torch.add(even, odd, out=out[1])
    torch.sub(even, odd, out=out[2])
    torch.sub(e, c, out=even)
    torch.sub(d, b, out=odd)
    torch.add(even, odd, alpha=2, out=out[3])
    torch.sub(even, odd, alpha=2, out=out[4])
    torch.sub(a, c, out=out[0])
    torch.add(even, out[0], alpha=4, out=out[0])
    torch.sub(f, d, out=out[5])
    out[5].sub_(odd, alpha=4)


class FastResidual(nn.Module):
    """`Residual`; with a workspace (which only float32 on a CPU is worth) by Winograd's convolution, wherever the sides
    are multiples of 4. The sum stays in float32 even where the convolutions are narrower."""

    factor: Tensor
    offset: Tensor

    def __init__(self, block: Residual, workspace: Workspace | None) -> None:
        super().__init__()
        assert block.conv2.bias is not None
        self.workspace = workspace
        factor, offset = affine(block.norm1)
        self.register_buffer("factor", factor.float())
        self.register_buffer("offset", offset.float())
        first = folded(block.conv1, block.norm2)
        second = block.conv2.weight.detach(), block.conv2.bias.detach()
        self.first, self.second = Convolution(*first, padding=1), Convolution(*second, padding=1)
        pairs = (first, second) if workspace is not None else ()
        self.tiled = nn.ModuleList(Winograd(*pair, cast(Workspace, workspace)) for pair in pairs)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        height, width = x.shape[-2:]
        if self.workspace is not None and not (height % _TILE or width % _TILE):
            return self._by_tiles(x.permute(0, 2, 3, 1).contiguous(), self.workspace).permute(0, 3, 1, 2)
        found = torch.addcmul(self.offset[:, None, None], x, self.factor[:, None, None]).relu_()
        return x + self.second(self.first(found).relu_())

    def _by_tiles(self, x: Tensor, workspace: Workspace) -> Tensor:
        batch, height, width, channels = x.shape
        padded = workspace.zeros("padded", batch, height + 2, width + 2, channels, like=x)
        inside = padded[:, 1:-1, 1:-1]  # the frame around it stays 0
        torch.addcmul(self.offset, x, self.factor, out=inside).relu_()
        shape = (batch, height // _TILE, _TILE, width // _TILE, _TILE, channels)
        first, second = self.tiled
        torch.clamp(first(padded), min=0, out=inside.view(shape))
        return torch.add(second(padded), x.view(shape)).reshape(batch, height, width, channels)


class FastHourglass(nn.Module):
    """`Hourglass` and the convolutions that read its output, as one: (B, in, H, W) → (B, all their outputs, H', W').

    Args:
        hourglass: of the model.
        heads: convolutions of one kernel and padding.
        seen: numbers of the input channels that are given to it, where the others would always be 0; None for all.
    """

    def __init__(self, hourglass: Hourglass, heads: Sequence[nn.Conv2d], seen: Tensor | None = None) -> None:
        super().__init__()
        down, up = hourglass.encoder.down_blocks, hourglass.decoder.up_blocks
        self.down = nn.ModuleList(FastDown(cast(Down, b), None if k else seen) for k, b in enumerate(down))
        self.up = nn.ModuleList(FastUp(cast(Up, b)) for b in up)
        weight = torch.cat([head.weight.detach() for head in heads])
        bias = torch.cat([cast(Tensor, head.bias).detach() for head in heads])
        if seen is not None:  # the hourglass' output ends with its input
            drawn = hourglass.channels - cast(nn.Conv2d, down[0].conv).in_channels
            weight = torch.cat([weight[:, :drawn], weight[:, drawn:][:, seen]], dim=1)
        self.heads = Convolution(weight, bias, padding=cast(int, heads[0].padding[0]))

    def share(self, other: FastHourglass) -> FastHourglass:
        """Take the weights of `other` that do not depend on what is seen; returns self."""
        for k in range(1, len(self.down)):
            self.down[k] = other.down[k]
        self.up = other.up
        return self

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        levels = [x]
        for block in self.down:
            levels.append(block(levels[-1]))
        x = levels.pop()
        for block in self.up:
            x = torch.cat([block(x), levels.pop()], dim=1)
        return self.heads(x)


def copied(module: _Module, instead: Mapping[nn.Module, nn.Module]) -> _Module:
    """A copy of a module with other parts."""
    return copy.deepcopy(module, {id(old): new for old, new in instead.items()})


def left_out(*parts: nn.Module) -> dict[nn.Module, nn.Module]:
    """For `copied`: parts that the copy does without."""
    return {part: nn.Identity() for part in parts}


def fast_generator(
    generator: ExpressionGenerator, workspace: Workspace | None, dtype: torch.dtype
) -> ExpressionGenerator:
    """A generator that encodes in float32 and whose decoder's convolutions are of `dtype`; it finds no motion."""
    encoder: dict[nn.Module, nn.Module] = {generator.first: FastSame(generator.first)}
    encoder |= {block: FastDown(cast(Down, block)) for block in generator.down_blocks}
    decoder: dict[nn.Module, nn.Module] = {
        block: FastResidual(cast(Residual, block), workspace) for block in generator.bottleneck
    }
    decoder |= {block: FastUp(cast(Up, block)) for block in generator.up_blocks}
    decoder[generator.final] = BlockedConvolution(generator.final)
    _narrow(decoder.values(), dtype)
    dense = generator.dense_motion_network
    return copied(generator, encoder | decoder | left_out(dense.hourglass, dense.mask, dense.occlusion))


def _narrow(modules: Iterable[nn.Module], dtype: torch.dtype) -> None:
    for module in modules:
        for part in module.modules():
            if isinstance(part, Convolution):
                part.to(dtype)
