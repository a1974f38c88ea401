"""Dense flow of a clip whose head was held still: every frame against one picture made of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.generation.resample import grid

_STEPS = 5
# The first steps weigh all texture alike, so that a rim or a strand that stands still does not outvote the skin.
_EVEN_STEPS = 2
# Window of the least squares, interocular distances.
_WINDOW = 0.07
# A pixel counts less once its error exceeds this many times what noise and a small error of the flow explain.
_TOLERANCE = 3.0
# Error of the flow, pixels, that is no reason to mistrust a pixel.
_SLACK_PX = 0.03
_DERIVATIVE = np.array([[-1, 8, 0, -8, 1]], np.float32) / -12


def follow(
    frames: Sequence[NDArray[np.uint8]], unit: float, hidden: Mapping[int, NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Displacement of every pixel of the first frame in every frame, and how far each pixel can be trusted.

    DIS (Kroeger et al., ECCV 2016) finds the motion to within a few tenths of a pixel but stops 5-10 % short.
    Lucas-Kanade steps (inverse compositional: Baker & Matthews, IJCV 2004) correct it, against a template that is
    the mean of all frames brought back by their own flow: its noise is that of one frame over the root of their
    number, and noise in the gradients is what makes least squares short. Pixels that go on disagreeing with their
    surroundings over the clip, such as those of glasses, hair or compression blocks, lose weight (Geman-McClure).

    Args:
        frames: T frames (h, w), texture of equal contrast, head motion already removed but for a few pixels.
        unit: interocular distance in pixels.
        hidden: frame → mask (h, w) in [0, 1] of pixels that show something else there; they take the motion of their
            surroundings.

    Returns:
        (T, h, w, 2) float32 pixels, the first frame's all zero; (h, w) float32 in (0, 1].
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(1)
    flow = np.zeros((len(frames), *frames[0].shape, 2), np.float32)
    for t in range(1, len(frames)):
        flow[t] = search.calc(frames[0], frames[t], None)
    template = frames[0].astype(np.float32)
    trust = np.ones_like(template)
    x, y = grid(*template.shape)
    error = np.empty((len(frames), *template.shape), np.float32)
    for step in range(_STEPS):
        for t, frame in enumerate(frames):
            moved = cv2.remap(
                frame.astype(np.float32),
                x + flow[t, ..., 0],
                y + flow[t, ..., 1],
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            np.subtract(moved, template, out=error[t])
        template, noise = _improve(template, error)
        gx, gy = cv2.filter2D(template, -1, _DERIVATIVE), cv2.filter2D(template, -1, _DERIVATIVE.T)
        texture = cv2.GaussianBlur(gx * gx + gy * gy, (0, 0), 1.5)
        if step:
            misfit = cv2.GaussianBlur((error**2).mean(0), (0, 0), 1.0)
            trust = 1 / (1 + (misfit / (_TOLERANCE * (noise + _SLACK_PX**2 * texture))) ** 2)
        even = 1 / (texture + noise + 1e-3) if step < _EVEN_STEPS else 1.0
        _correct(flow, error, (gx, gy), trust * even, hidden, _WINDOW * unit)
    flow -= flow[0].copy()
    return flow, trust


def _improve(template: NDArray[np.float32], error: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """The template moved to the mean of the frames, `error` (T, h, w) made relative to it, and the noise variance.

    Differences are clipped, so that a blink or a hand in a few frames does not get into the template.
    """
    noise = float(np.median((error**2).mean(0))) + 1e-6
    shift = np.clip(error, -3 * np.sqrt(noise), 3 * np.sqrt(noise)).mean(0)
    error -= shift
    return template + shift, noise


def _correct(
    flow: NDArray[np.float32],
    error: NDArray[np.float32],
    gradient: tuple[NDArray[np.float32], NDArray[np.float32]],
    weight: NDArray[np.float32],
    hidden: Mapping[int, NDArray[np.float32]],
    sigma: float,
) -> None:
    """One Lucas-Kanade step for every frame, in place; the gradient is the template's, the same for all."""
    weight = weight / weight.mean()
    equations = _Equations.of(gradient, weight, sigma)
    for t in range(len(flow)):
        own = _Equations.of(gradient, weight * (1 - hidden[t]), sigma) if t in hidden else equations
        flow[t] += np.clip(own.step(error[t]), -0.5, 0.5)


@dataclass(frozen=True)
class _Equations:
    """Normal equations of the least squares in a Gaussian window about every pixel."""

    wx: NDArray[np.float32]
    wy: NDArray[np.float32]
    xx: NDArray[np.float32]
    xy: NDArray[np.float32]
    yy: NDArray[np.float32]
    sigma: float

    @classmethod
    def of(
        cls, gradient: tuple[NDArray[np.float32], NDArray[np.float32]], weight: NDArray[np.float32], sigma: float
    ) -> _Equations:
        gx, gy = gradient
        wx, wy = weight * gx, weight * gy
        xx, xy, yy = (cv2.GaussianBlur(product, (0, 0), sigma) for product in (wx * gx, wx * gy, wy * gy))
        # Keeps places without texture where they are; small enough not to shorten the others' steps.
        ridge = 0.02 * (xx + yy) + cv2.GaussianBlur(weight, (0, 0), sigma) + np.float32(1e-6)
        return cls(wx, wy, xx + ridge, xy, yy + ridge, sigma)

    def step(self, error: NDArray[np.float32]) -> NDArray[np.float32]:
        """Correction (h, w, 2) of the displacement that lowers the error (h, w) most."""
        xr, yr = (cv2.GaussianBlur(w * error, (0, 0), self.sigma) for w in (self.wx, self.wy))
        determinant = self.xx * self.yy - self.xy * self.xy
        x, y = self.xy * yr - self.yy * xr, self.xy * xr - self.xx * yr
        return np.stack([x / determinant, y / determinant], axis=-1).astype(np.float32, copy=False)
