"""How alike two pictures look: by a VGG-19 that the user supplies, or by structure where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from me_augment.errors import UsageError

# Of torchvision's VGG-19 `features` (Simonyan & Zisserman, ICLR 2015): where its convolutions and poolings stand; every
# convolution has a ReLU behind it. The five layers are relu1_1, 2_1, 3_1, 4_1, 5_1.
_CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)
_POOLINGS = (4, 9, 18, 27)
_LAYERS = (1, 6, 11, 20, 29)
# Mean and deviation of ImageNet's pictures, which the network expects to be taken out.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Sides of the squares whose mean is taken away, pixels, and what a detail counts beside a colour.
_WIDTHS, _SHARE = (3, 7), 0.1
# Contrast below this, of a range of 1, is noise: it is not blown up to full contrast.
_NOISE = 0.02


class Likeness(Protocol):
    """Compares pictures of one scale."""

    def __call__(self, found: Tensor, wanted: Tensor) -> list[Tensor]:
        """Mean absolute differences of pictures (B, 3, H, W) in [0, 1], one for each of at most five layers."""
        ...


class Vgg19(nn.Module):
    """The features of a VGG-19, as a measure of likeness; `wanted` gets no gradient.

    Args:
        weights: `N.weight` (out, in, 3, 3) and `N.bias` of the convolutions; their widths are taken as they come.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleDict()
        for index in _CONVOLUTIONS:
            kernel = weights[f"{index}.weight"]
            layer = nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1)
            layer.load_state_dict({"weight": kernel, "bias": weights[f"{index}.bias"]})
            self.layers[str(index)] = layer
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.register_buffer("std", torch.tensor(_STD)[:, None, None])
        self.requires_grad_(False)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Activations of the five layers for pictures (B, 3, H, W) in [0, 1]."""
        x = (pictures - self.mean) / self.std
        found = []
        for index in range(_LAYERS[-1] + 1):
            if index in _CONVOLUTIONS:
                x = self.layers[str(index)](x)
            elif index in _POOLINGS:
                x = functional.max_pool2d(x, 2)
            else:
                x = functional.relu(x)
            if index in _LAYERS:
                found.append(x)
        return found

    def forward(self, found: Tensor, wanted: Tensor) -> list[Tensor]:
        """See `Likeness`."""
        with torch.no_grad():
            goal = self.features(wanted)
        return [(a - b).abs().mean() for a, b in zip(self.features(found), goal, strict=True)]


def read_vgg19(path: Path) -> Vgg19:
    """The network from a file that the user has: torchvision's `vgg19-….pth`, or the same as safetensors.

    Raises:
        UsageError: not such a file; keys are `features.N.weight` or `N.weight`, N as torchvision numbers the layers.
    """
    if not path.is_file():
        raise UsageError(f"{path} does not exist: --vgg takes the file of VGG-19's weights.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            stored = load_file(path)
        else:
            stored = torch.load(path, weights_only=True, map_location="cpu")
        named = {str(key).removeprefix("features."): value for key, value in stored.items()}
    except Exception as error:  # of many kinds, by what is wrong with the file
        raise UsageError(
            f"{path} cannot be read as weights ({type(error).__name__}): give a .pth of VGG-19."
        ) from error
    wanted = [f"{index}.{kind}" for index in _CONVOLUTIONS for kind in ("weight", "bias")]
    missing = [key for key in wanted if not isinstance(named.get(key), Tensor)]
    if missing:
        raise UsageError(f"{path} holds no VGG-19: features.{missing[0]} is missing.")
    channels = 3
    for index in _CONVOLUTIONS:
        kernel, bias = named[f"{index}.weight"], named[f"{index}.bias"]
        if kernel.ndim != 4 or kernel.shape[1:] != (channels, 3, 3) or bias.shape != kernel.shape[:1]:
            raise UsageError(f"{path} holds no VGG-19: features.{index}.weight has the shape {tuple(kernel.shape)}.")
        if not (kernel.isfinite().all() and bias.isfinite().all()):
            raise UsageError(f"{path} is damaged: features.{index} holds values that are not finite.")
        channels = kernel.shape[0]
    return Vgg19({key: named[key].float() for key in wanted})


class Structure(nn.Module):
    """Likeness without training: colours, and details of two widths with local contrast made equal.

    Details are what differs from the mean of the surroundings. They are divided by the contrast that `wanted` has
    there, so that a faint line on smooth skin counts as much as the edge of a brow. The pyramid of the loss adds the
    coarser widths.
    """

    def forward(self, found: Tensor, wanted: Tensor) -> list[Tensor]:
        """See `Likeness`."""
        terms = [(found - wanted).abs().mean()]
        for width in _WIDTHS:
            detail, goal = found - _mean(found, width), wanted - _mean(wanted, width)
            contrast = _mean(goal**2, width).sqrt() + _NOISE
            terms.append(_SHARE * ((detail - goal) / contrast).abs().mean())
        return terms


def _mean(x: Tensor, width: int) -> Tensor:
    return functional.avg_pool2d(x, width, 1, width // 2, count_include_pad=False)
