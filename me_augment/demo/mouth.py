"""How the demo's people part their lips: the lower lip leaves the teeth, and darkness shows between, known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from me_augment.demo.actions import OPENINGS, Units
from me_augment.generation.layers import blend, read
from me_augment.generation.resample import RefinedImage

# Where the lower lip meets the teeth, read off `skimage.data.astronaut()` by eye, pixels of that picture.
_EDGE = (
    (203.3, 206.3, 210.1, 213.1, 215.8, 218.8, 222.5, 226.3, 230.1, 233.1, 236.1, 239.9, 243.3, 244.9),
    (139.5, 143.0, 146.0, 147.8, 148.8, 149.3, 149.4, 149.0, 148.4, 147.5, 146.0, 144.0, 141.5, 140.6),
)
_DARK, _LIP = (74.0, 36.0, 32.0), (168.0, 92.0, 88.0)  # behind the teeth, and the inner side of the lip
_SOFT = 1.8  # pixels, width of the soft edges


@dataclass(frozen=True)
class Mouth:
    """The edge of the lower lip at rest, in pixels of a portrait.

    Attributes:
        x, edge: (N,) x increasing from corner to corner, and y of the edge.
        unit: interocular distance, pixels.
        brightness: of the face, relative to the picture's.
    """

    x: NDArray[np.float64]
    edge: NDArray[np.float64]
    unit: float
    brightness: float

    @classmethod
    def of(
        cls, corner: tuple[float, float], scale: float, mirrored_width: int | None, unit: float, brightness: float
    ) -> Mouth:
        """The mouth of the astronaut's picture in a cut-out of it.

        Args:
            corner: x, y of the cut-out's first pixel in the picture.
            scale: the cut-out was enlarged by this, pixel areas aligned.
            mirrored_width: width of the enlarged cut-out where it was flipped left to right.
            unit: interocular distance in the cut-out.
            brightness: as the attribute.
        """
        x, edge = ((np.array(v) - c + 0.5) * scale - 0.5 for v, c in zip(_EDGE, corner, strict=True))
        if mirrored_width is not None:
            x, edge = (mirrored_width - 1 - x)[::-1], edge[::-1]
        return cls(x, edge, unit, brightness)

    def moved(self, points: NDArray[np.floating], units: Units) -> NDArray[np.float64]:
        """Where what is at the portrait's `points` (..., 2) at rest goes: teeth and what is above them stay."""
        below = points[..., 1] - self._edge_at(points[..., 0])
        down = np.where(below >= 0, self._drop(below, points[..., 0], units), 0)
        return points + np.stack([np.zeros_like(down), down], axis=-1)

    def paint(
        self, portrait: RefinedImage, seen: NDArray[np.float32], place: NDArray[np.floating], units: Units
    ) -> NDArray[np.float32]:
        """The picture with its mouth opened.

        Args:
            portrait: what `seen` was read from.
            seen: (H, W, 3), the portrait at `place`.
            place: (H, W, 2), portrait position of every pixel.
            units: action units; those that open no mouth are ignored.
        """
        out = seen.copy()
        low = self.edge.max() + 1.5 * self.unit
        here = (place[..., 0] > self.x[0]) & (place[..., 0] < self.x[-1])
        rows, columns = np.nonzero(here & (place[..., 1] > self.edge.min() - 2) & (place[..., 1] < low))
        x, y = place[rows, columns].astype(np.float64).T
        edge = self._edge_at(x)
        gap = self._drop(np.zeros_like(x), x, units)
        source = self._source(x, y, edge, gap, units)
        skin = read(portrait, x, source)
        towards_lip = np.clip((y - edge) / np.maximum(gap, _SOFT), 0, 1)[:, None] ** 1.5
        inside = self.brightness * (np.array(_DARK) + towards_lip * (np.array(_LIP) - np.array(_DARK)))
        # It is dark as far as the gap is wide: a hair's breadth shows no darkness.
        share = np.clip((y - edge) / _SOFT, 0, 1) * np.clip(0.5 * gap / _SOFT, 0, 1)
        dark = blend(out[rows, columns], inside, share)
        out[rows, columns] = blend(dark, skin, np.clip((y - edge - gap) / _SOFT + 0.5, 0, 1))
        return out

    def _source(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        edge: NDArray[np.float64],
        gap: NDArray[np.float64],
        units: Units,
    ) -> NDArray[np.float64]:
        """y at rest of the skin that has come to (x, y); above the lip, as if the lip went on."""
        low, high = y - gap, y.copy()
        for _ in range(20):  # skin keeps its order, so that halving finds the one root
            middle = (low + high) / 2
            beyond = middle + self._drop(middle - edge, x, units) > y
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
        return (low + high) / 2

    def _edge_at(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """y of the edge at any x; beyond a corner the corner's."""
        return PchipInterpolator(self.x, self.edge)(np.clip(x, self.x[0], self.x[-1]))

    def _drop(self, below: NDArray[np.floating], x: NDArray[np.floating], units: Units) -> NDArray[np.float64]:
        """How far down, pixels, the skin at x goes that is so far `below` the edge; above it, as the edge."""
        across = np.clip((2 * x - self.x[0] - self.x[-1]) / (self.x[-1] - self.x[0]), -1, 1)
        total = np.zeros(np.shape(below))
        for number, opening in OPENINGS.items():
            near, far = (reach * self.unit for reach in opening.reach)
            ramp = np.clip((far - below) / (far - near), 0, 1)
            strength = dict(units).get(number, 0.0)
            total += strength * opening.drop * self.unit * ramp * ramp * (3 - 2 * ramp)
        return (1 - across**2) ** 1.5 * total


def opens(units: Units) -> bool:
    """Whether any of the action units parts the lips."""
    return any(number in units for number in OPENINGS)
