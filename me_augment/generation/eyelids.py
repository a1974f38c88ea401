"""How the eyes of a picture blink and look about: lids that slide over an eyeball.

A blink is an occlusion: the skin above the upper lid's edge unfolds over the iris. A shift of gaze moves the eyeball
behind the lids, which stay. Everything happens in the still picture, before anything moves the face in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from me_augment.generation.layers import blend, read
from me_augment.generation.resample import RefinedImage

LID, EYEBALL = 1, 2
# In units of the opening's width: the skin between lid and brow that unfolds, the lashes that move as one, and the
# width of the soft edge between layers.
_REACH, _LASHES, _SOFT = 0.34, 0.08, 0.02
_CORNERS = 0.2  # parts of the opening, beside its corners, that do not fully turn with the eyeball
# Radius of an iris as a share of the opening's width: 11.7 mm across in an opening of some 30 mm (Farkas 1994).
_IRIS = 0.2
_NARROWEST = 6.0  # pixels
# Landmarks of either eye from corner to corner, along the upper and the lower lid; image-left eye first.
_LIDS = (((36, 37, 38, 39), (36, 41, 40, 39)), ((42, 43, 44, 45), (42, 47, 46, 45)))


@dataclass(frozen=True)
class EyeOpening:
    """One eye at rest, in pixels of a portrait.

    Attributes:
        x: (N,) increasing, from corner to corner.
        upper, lower: (N,) y of the lids' edges there; equal at the corners.
        iris: x, y, radius.
    """

    x: NDArray[np.float64]
    upper: NDArray[np.float64]
    lower: NDArray[np.float64]
    iris: tuple[float, float, float]

    @property
    def width(self) -> float:
        """From corner to corner."""
        return float(self.x[-1] - self.x[0])

    def edges(self, x: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """y of the upper and the lower edge at any x; beyond a corner both are the corner's."""
        inside = np.clip(x, self.x[0], self.x[-1])
        return PchipInterpolator(self.x, self.upper)(inside), PchipInterpolator(self.x, self.lower)(inside)

    def near(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Mask (...) of the points (..., 2) that a blink or a gaze can change."""
        margin, x, y = 0.06 * self.width, points[..., 0], points[..., 1]
        top = self.upper.min() - _REACH * self.width
        return (
            (x > self.x[0] - margin) & (x < self.x[-1] + margin) & (y > top - margin) & (y < self.lower.max() + margin)
        )

    def disc(self, x: NDArray[np.floating], y: NDArray[np.floating], size: float = 1.0) -> NDArray[np.float64]:
        """Share of the iris, enlarged by `size`, at each position; its edge is soft."""
        radius = np.hypot(x - self.iris[0], y - self.iris[1]) / (size * self.iris[2])
        return np.clip((1 - radius) / 0.15 + 0.5, 0, 1)

    def turning(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Share of a shift of gaze that the eyeball at x takes part in: all of it but for the corners, which stay."""
        ramp = np.clip(np.minimum(x - self.x[0], self.x[-1] - x) / (_CORNERS * self.width), 0, 1)
        return ramp * ramp * (3 - 2 * ramp)

    def lid_motion(self, points: NDArray[np.floating], closure: float) -> NDArray[np.float64]:
        """How far down (N,) the skin at `points` (N, 2) of the upper lid goes; below the lid's edge, as its edge."""
        upper, lower = self.edges(points[:, 0])
        return closure * (lower - upper) * _unfolding((upper - points[:, 1]) / self.width)

    def lid_source(self, points: NDArray[np.floating], closure: float) -> NDArray[np.float64]:
        """y (N,) at rest of the lid skin that is at `points` (N, 2); where the lid does not reach, as if it did."""
        upper, lower = self.edges(points[:, 0])
        shift, y = closure * (lower - upper), points[:, 1]
        low, high = y - shift, y.astype(np.float64)
        for _ in range(16):  # the motion only grows downwards, so that halving finds the one root
            middle = (low + high) / 2
            beyond = middle + shift * _unfolding((upper - middle) / self.width) > y
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
        return (low + high) / 2


def _unfolding(height: NDArray[np.floating]) -> NDArray[np.float64]:
    """Share of the edge's motion that skin takes part in, by its height above the edge in widths of the opening."""
    ramp = np.clip((_REACH - height) / (_REACH - _LASHES), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def openings_of(image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> tuple[EyeOpening, ...]:
    """The eyes of a face at rest, from its landmarks; the iris is looked for where the opening is darkest.

    Args:
        image: (H, W, 3).
        landmarks: (68, 2), pixels of the image.
    """
    gray = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.0)
    eyes = []
    for above, below in _LIDS:
        upper, lower = (landmarks[list(side)].astype(np.float64) for side in (above, below))
        width = upper[-1, 0] - upper[0, 0]
        if width < _NARROWEST or (np.diff(upper[:, 0]) <= 0).any() or (np.diff(lower[:, 0]) <= 0).any():
            continue  # an eye seen from the side has no opening to close
        x = np.linspace(upper[0, 0], upper[-1, 0], 11)
        low = PchipInterpolator(lower[:, 0], lower[:, 1])(x)
        high = np.minimum(PchipInterpolator(upper[:, 0], upper[:, 1])(x), low)
        eyes.append(EyeOpening(x, high, low, _iris(gray, x, high, low)))
    return tuple(eyes)


def _iris(
    gray: NDArray[np.float32], x: NDArray[np.float64], upper: NDArray[np.float64], lower: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Centre and radius of the iris: the disc, within the middle of the opening, that is darkest."""
    width = x[-1] - x[0]
    radius = _IRIS * width
    places = np.linspace(x[0] + 1.5 * radius, x[-1] - 1.5 * radius, 15)
    middles = np.interp(places, x, (upper + lower) / 2)
    offsets = radius * np.linspace(-0.6, 0.6, 7)
    across, down = np.meshgrid(offsets, offsets)
    darkness = [
        cv2.remap(gray, (at + across).astype(np.float32), (y + down).astype(np.float32), cv2.INTER_LINEAR).mean()
        for at, y in zip(places, middles, strict=True)
    ]
    best = int(np.argmin(darkness))
    return float(places[best]), float(middles[best]), float(radius)


@dataclass(frozen=True)
class Eyes:
    """Both eyes of one picture.

    Attributes:
        openings: the two eyes.
        eyeballs: the portrait with the eyeballs continued behind the lids.
    """

    openings: tuple[EyeOpening, ...]
    eyeballs: RefinedImage

    @classmethod
    def of(cls, portrait: NDArray[np.uint8], openings: tuple[EyeOpening, ...]) -> Eyes:
        """Continue the eyeballs of a portrait (H, W, 3): the iris as a disc, the white as it is beside the lid."""
        image, source = portrait.astype(np.float32), RefinedImage.of(portrait)
        y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float64)
        for eye in openings:
            box = eye.near(np.stack([x, y], -1))
            at_x, at_y = x[box], y[box]
            upper, lower = eye.edges(at_x)
            inset = np.minimum(2 * _SOFT * eye.width, (lower - upper) / 2)
            nearest_x = np.clip(at_x, eye.x[0] + 2, eye.x[-1] - 2)
            nearest_y = np.clip(at_y, upper + inset, lower - inset)
            beside = read(source, nearest_x, nearest_y)
            white, dark = _colours(image, eye)
            # Lids shade the ball and lend it their colour.
            shaded = (white + image[box]) / 2
            hidden = blend(beside, shaded, eye.disc(nearest_x, nearest_y, 1.15))
            hidden = blend(hidden, dark, eye.disc(at_x, at_y))
            depth = np.minimum(at_y - upper, lower - at_y) * ((at_x > eye.x[0]) & (at_x < eye.x[-1]))
            shown = np.clip(depth / (_SOFT * eye.width) + 1, 0, 1)
            image[box] = blend(hidden, image[box], shown)
        return cls(openings, RefinedImage.of(np.clip(np.rint(image), 0, 255).astype(np.uint8)))

    def part(self, points: NDArray[np.floating]) -> NDArray[np.int8]:
        """What is at the portrait's `points` (..., 2) at rest: `LID` (skin that a blink moves), `EYEBALL`, or 0."""
        parts = np.zeros(points.shape[:-1], np.int8)
        for eye in self.openings:
            upper, lower = eye.edges(points[..., 0])
            y = points[..., 1]
            between = (points[..., 0] > eye.x[0]) & (points[..., 0] < eye.x[-1])
            parts[between & (y > upper) & (y < lower)] = EYEBALL
            parts[between & (y <= upper) & (y > upper - _REACH * eye.width)] = LID
        return parts

    def paint(
        self,
        portrait: RefinedImage,
        seen: NDArray[np.float32],
        place: NDArray[np.floating],
        blink: float,
        gaze: tuple[float, float],
    ) -> NDArray[np.float32]:
        """The picture with its eyes blinking and looking elsewhere.

        Args:
            portrait: what `seen` was read from.
            seen: (H, W, 3), the portrait at `place`.
            place: (H, W, 2), portrait position of every pixel.
            blink: 0 open, 1 closed.
            gaze: shift of the eyeballs, portrait pixels, x to the image right, y down.
        """
        out = seen.copy()
        for eye in self.openings:
            rows, columns = np.nonzero(eye.near(place))
            points = place[rows, columns].astype(np.float64)
            x, y = points.T
            upper, lower = eye.edges(x)
            edge = upper + blink * (lower - upper)
            soft, turn = _SOFT * eye.width, eye.turning(x)
            ball = np.clip((lower - y) / soft + 0.5, 0, 1) * np.clip((lower - upper) / soft, 0, 1)
            lid = np.clip((edge - y) / soft + 0.5, 0, 1)
            below = blend(out[rows, columns], read(self.eyeballs, x - turn * gaze[0], y - turn * gaze[1]), ball)
            out[rows, columns] = blend(below, read(portrait, x, eye.lid_source(points, blink)), lid)
        return out


def _colours(image: NDArray[np.float32], eye: EyeOpening) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of the white beside the iris and of the iris."""
    ys, xs = (np.arange(int(v.min()), int(v.max()) + 2) for v in (np.append(eye.upper, eye.lower), eye.x))
    y, x = (v.ravel().astype(np.float64) for v in np.meshgrid(ys, xs, indexing="ij"))
    upper, lower = eye.edges(x)
    open_ = np.minimum(y - upper, lower - y) > 2 * _SOFT * eye.width
    radius = np.hypot(x - eye.iris[0], y - eye.iris[1]) / eye.iris[2]
    pixels = image[y.astype(int), x.astype(int)]
    white = pixels[open_ & (radius > 1.2) & (radius < 1.8)]
    iris = pixels[open_ & (radius > 0.6) & (radius < 0.9)]
    return np.percentile(white, 60, axis=0).astype(np.float32), np.median(iris, axis=0).astype(np.float32)
