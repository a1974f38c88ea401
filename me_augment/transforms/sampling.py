"""Frames for recognisers that want a fixed number: spread evenly, or interpolated along the clip's own course (TIM)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def uniform_positions(first: int, last: int, count: int) -> list[int]:
    """`count` positions spread evenly from `first` to `last`, both included; of short clips some come twice."""
    return [round(p) for p in np.linspace(first, last, count)]


@lru_cache(maxsize=256)
def tim_weights(n: int, count: int) -> NDArray[np.float64]:
    """What each of `n` frames contributes to each of `count` frames on the clip's temporal curve, (count, n).

    The Temporal Interpolation Model of Zhou, Zhao and Pietikäinen, CVPR 2011: the frames, as points of a path graph,
    lie on a curve of sines y_k(t) = sin(π k t + π (n - k) / 2n), k = 1 … n - 1, t in [1/n, 1], the eigenvectors of the
    graph's Laplacian; the curve is carried to the pictures by the linear map that takes its points i/n to the frames
    (their mean removed), and read at `count` even steps. All of that is linear in the frames, whence these weights;
    the singular value decomposition of the paper finds the same map where the frames are linearly independent. Each
    row sums to 1, the first and last frame are kept, and n to n is the identity.

    Args:
        n: frames of the clip, at least 1.
        count: frames wanted, at least 1; one is the first.
    """
    if n == 1:
        return np.ones((count, 1))
    k = np.arange(1, n)[:, None]

    def curve(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sin(np.pi * k * t + np.pi * (n - k) / (2 * n))

    at_frames = curve(np.arange(1, n + 1) / n)  # rows orthogonal to each other and to a constant
    basis = at_frames / (at_frames**2).sum(1, keepdims=True)
    weights = 1 / n + curve(np.linspace(1 / n, 1, count)).T @ basis
    weights.flags.writeable = False
    return weights


def tim(frames: NDArray[np.generic], count: int) -> NDArray[np.float32]:
    """`count` frames on the temporal curve of a clip, see `tim_weights`.

    Args:
        frames: (T, ...), any dtype.
        count: frames wanted, at least 1.

    Returns:
        (count, ...) float32, in the unit of `frames`, a little beyond its range where the curve overshoots.
    """
    weights = tim_weights(len(frames), count).astype(np.float32)
    return np.tensordot(weights, frames.astype(np.float32), 1)
