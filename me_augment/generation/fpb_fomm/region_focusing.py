"""Module 1, region focusing: where on the face expressions happen, from landmarks (Zhang et al. 2021, section 3.1).

The 18 key points themselves are `me_augment.face.prior_points`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from me_augment.generation.fpb_fomm.architecture import KEY_POINTS, Architecture

# The maps fall off as exp(-sqrt(d) / (2 sigma^2)), d the city-block distance in cells of a picture 64 cells wide.
_SIGMA = 0.75
_CELLS = 64


def region_maps(points: Tensor, picture: tuple[int, int], cells: tuple[int, int], *, compat: bool) -> Tensor:
    """How near each cell is to each key point.

    Args:
        points: (B, 18, 2) pixels.
        picture: height and width of the picture that the points lie in.
        cells: height and width of the maps.
        compat: number the cells from 1 and divide both coordinates by the height, as the reference does.

    Returns:
        (B, 18, h, w) float64, each map with a maximum of 1 and 0 where it is below its own mean.
    """
    points = points.detach()
    height, width = cells
    if compat:
        # The quotient is taken in single precision; with any other a cell near the mean may fall on its other side.
        place = (points * height / picture[0]).double()
        rows = torch.arange(1, height + 1, dtype=torch.float64, device=points.device)
        columns = torch.arange(1, width + 1, dtype=torch.float64, device=points.device)
    else:
        last = torch.tensor([picture[1] - 1, picture[0] - 1], dtype=torch.float64, device=points.device)
        place = points.double() / last * (_CELLS - 1)
        rows = torch.linspace(0, _CELLS - 1, height, dtype=torch.float64, device=points.device)
        columns = torch.linspace(0, _CELLS - 1, width, dtype=torch.float64, device=points.device)
    down = (rows - place[..., 1:]).abs()
    across = (columns - place[..., :1]).abs()
    maps = torch.exp(-(down[..., :, None] + across[..., None, :]).sqrt() / (2 * _SIGMA**2))
    maps = maps / maps.amax((-2, -1), keepdim=True)
    return torch.where(maps >= maps.mean((-2, -1), keepdim=True), maps, 0.0)


def region_mask(maps: Tensor) -> Tensor:
    """(B, K, h, w) maps → their sum (B, 1, h, w), with a maximum of 1."""
    total = maps.sum(1, keepdim=True)
    return total / total.amax((-2, -1), keepdim=True)


class AdaptivePrior(nn.Module):
    """Weights of the 18 maps, from what the picture shows.

    An adaptively weighted prior is what the authors' later work proposes; this network is ours. It begins with equal
    weights, so that an untrained model has the fixed prior.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels + KEY_POINTS, 16, 3, stride=2, padding=1)
        self.second = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.weights = nn.Linear(32, KEY_POINTS)
        nn.init.zeros_(self.weights.weight)
        nn.init.zeros_(self.weights.bias)

    def forward(self, picture: Tensor, maps: Tensor) -> Tensor:
        """(B, C, h, w) and (B, 18, h, w) → the maps, weighted."""
        x = torch.cat([picture, maps], dim=1)
        x = functional.relu(self.second(functional.relu(self.first(x))))
        weights = torch.softmax(self.weights(x.mean((-2, -1))), dim=1) * KEY_POINTS
        return maps * weights[..., None, None]


def focus(points: Tensor, picture: Tensor, small: Tensor, shape: Architecture, prior: AdaptivePrior | None) -> Tensor:
    """The mask channel (B, 1, h, w) of a picture (B, C, H, W) for its shrunken copy `small` (B, C, h, w)."""
    maps = region_maps(
        points, (picture.shape[-2], picture.shape[-1]), (small.shape[-2], small.shape[-1]),
        compat=shape.conventions.compat,
    )  # fmt: skip
    if prior is not None:
        maps = prior(small, maps.to(small.dtype))
    # Rounded to single precision in any case, as the reference stores it.
    return region_mask(maps).float().to(small.dtype)
