"""What a reference checkpoint, which carries no configuration, says of its model by the shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from pathlib import Path

from torch import Tensor

from me_augment.errors import MeAugmentError
from me_augment.generation.fpb_fomm.architecture import KEY_POINTS, REFERENCE, Architecture, Conventions, Pyramid

_PUBLISHED = Architecture()
_WIDEST, _DEEPEST, _MOST_BOTTLENECKS, _LARGEST = 8192, 8, 64, 2048
_SCALES = (1.0, 0.5, 0.25, 0.125)


def infer_architecture(networks: Mapping[str, Mapping[str, Tensor]], path: Path) -> Architecture:
    """Sizes of the model whose weights these are.

    Shapes do not tell `most` of a pyramid that nowhere reaches it, which changes nothing, the softmax's temperature,
    nor how pictures are sampled: these are the published configuration's.

    Raises:
        MeAugmentError: the shapes are those of no such model.
    """
    detector, generator = networks["kp_detector"], networks["generator"]
    adversary = networks.get("discriminator", {})
    try:
        scales = sorted({key.split(".")[1] for key in adversary if key.startswith("discs.")}, key=_scale, reverse=True)
        first = f"discs.{scales[0]}.down_blocks" if scales else ""
        jacobians = _width(detector, "jacobian.weight")
        return sensible(
            conventions=REFERENCE,
            size=_PUBLISHED.size,
            temperature=_PUBLISHED.temperature,
            detector=_hourglass(detector, "predictor", _PUBLISHED.detector),
            dense_motion=_hourglass(generator, "dense_motion_network.hourglass", _PUBLISHED.dense_motion),
            generator=_pyramid(
                _width(generator, "first.conv.weight"), _widths(generator, "down_blocks"), _PUBLISHED.generator
            ),
            bottleneck_blocks=_count(generator, "bottleneck.r"),
            discriminator=_pyramid(
                _width(adversary, f"{first}.0.conv.weight") // 2, _widths(adversary, first), _PUBLISHED.discriminator
            )
            if scales
            else _PUBLISHED.discriminator,
            discriminator_scales=tuple(map(_scale, scales)) or _PUBLISHED.discriminator_scales,
            single_jacobian_map=jacobians == 4 and KEY_POINTS != 1,
            scale=_shrunken(detector),
        )
    except (KeyError, ValueError, IndexError, ZeroDivisionError, MeAugmentError) as error:
        reason = f"it lacks {error.args[0]}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise MeAugmentError(f"{path} is no fpb-fomm checkpoint: {reason}.") from error


def sensible(
    *,
    conventions: Conventions,
    size: int,
    detector: Pyramid,
    dense_motion: Pyramid,
    generator: Pyramid,
    bottleneck_blocks: int,
    discriminator: Pyramid,
    discriminator_scales: tuple[float, ...],
    temperature: float,
    single_jacobian_map: bool,
    scale: float,
) -> Architecture:
    """The architecture of these values; ValueError, before anything is built, where no network can have them."""
    for pyramid in (detector, dense_motion, generator, discriminator):
        if not (1 <= pyramid.expansion <= _WIDEST and 1 <= pyramid.most <= _WIDEST and 1 <= pyramid.blocks <= _DEEPEST):
            raise ValueError(
                f"its networks have {pyramid.expansion} to {pyramid.most} channels in {pyramid.blocks} levels"
            )
    if not 0 <= bottleneck_blocks <= _MOST_BOTTLENECKS:
        raise ValueError(f"it has {bottleneck_blocks} residual blocks")
    if not 1 <= size <= _LARGEST:
        raise ValueError(f"its pictures are {size} pixels wide")
    if not (isfinite(temperature) and temperature > 0):
        raise ValueError(f"its softmax has the temperature {temperature}")
    for factor in (scale, *discriminator_scales):
        if factor not in _SCALES:
            raise ValueError(f"its pictures are scaled by {factor}")
    if not 1 <= len(set(discriminator_scales)) == len(discriminator_scales):
        raise ValueError("its discriminator has no scales, or one of them twice")
    return Architecture(
        conventions=conventions,
        size=size,
        detector=detector,
        dense_motion=dense_motion,
        generator=generator,
        bottleneck_blocks=bottleneck_blocks,
        discriminator=discriminator,
        discriminator_scales=discriminator_scales,
        temperature=temperature,
        single_jacobian_map=single_jacobian_map,
        scale=scale,
    )


def _hourglass(tensors: Mapping[str, Tensor], name: str, published: Pyramid) -> Pyramid:
    widths = _widths(tensors, f"{name}.encoder.down_blocks")
    return _pyramid(_width(tensors, f"{name}.decoder.up_blocks.{len(widths) - 1}.conv.weight"), widths, published)


def _pyramid(expansion: int, widths: list[int], published: Pyramid) -> Pyramid:
    """A pyramid with the channels `widths` after each halving."""
    most = max(expansion, *widths)
    pyramid = Pyramid(expansion=expansion, most=most, blocks=len(widths))
    if [pyramid.width(level + 1) for level in range(len(widths))] != widths:
        raise ValueError(f"channels that do not double from level to level: {expansion}, {widths}")
    if expansion * 2 ** len(widths) <= most and (expansion, len(widths)) == (published.expansion, published.blocks):
        return published
    return pyramid


def _widths(tensors: Mapping[str, Tensor], name: str) -> list[int]:
    return [_width(tensors, f"{name}.{level}.conv.weight") for level in range(_count(tensors, f"{name}."))]


def _width(tensors: Mapping[str, Tensor], key: str) -> int:
    value = tensors[key]
    if value.ndim != 4:
        raise ValueError(f"{key} is no convolution")
    return value.shape[0]


def _count(tensors: Mapping[str, Tensor], start: str) -> int:
    """How many blocks are called `start`0, `start`1, …; one missing among them shows when they are filled."""
    numbers = [int(found[1]) for key in tensors if (found := re.match(re.escape(start) + r"(\d{1,4})\.", key))]
    if not numbers and not start.startswith("bottleneck"):
        raise KeyError(f"{start}0")
    return max(numbers, default=-1) + 1


def _scale(text: str) -> float:
    return float(text.replace("-", "."))


def _shrunken(detector: Mapping[str, Tensor]) -> float:
    """Scale of the hourglasses' pictures, from the width of the blur, 4 (1/scale - 1) + 1."""
    blur = detector.get("down.weight")
    return 1.0 if blur is None else 1 / ((blur.shape[-1] - 1) // 4 + 1)
