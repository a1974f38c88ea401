"""Separates what a face did over time from the noise of measuring it, without smoothing over time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# Below this many frames the noise cannot be told from the motion.
_FEWEST_FRAMES = 8
# Variance that the onset's own noise adds to every measurement against it, relative to a frame's noise. One in
# theory; measured a half, since part of it cancels where the flow is matched against smooth skin.
_SHARED_NOISE = 0.5
# A time course is kept in full from this many times the noise's energy on, and dropped below the first value: of the
# whole face, and of a part of it, where fewer samples let noise rise further above its mean by chance.
_DROP, _KEEP = 2.0, 4.0
_LOCAL_DROP, _LOCAL_KEEP = 6.0, 9.0
# The face is about four such parts wide and high; they overlap by half.
_PARTS = 4


def without_noise(field: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """A clip's displacement with the time courses removed that are no stronger than noise.

    An expression is a few spatial patterns, each with its time course; measuring noise is a new pattern in every
    frame, plus one that all frames share because all are measured against the same onset frame. The time courses
    are the principal components of the frames, taken relative to that noise covariance, sigma^2 (I + c 1 1^T); the
    noise level is the median of the weaker components. Nothing is assumed about how fast a time course is, so that
    an apex of a single frame stays. What is left over is searched again part by part: a faint action unit beside a
    strong one is little in the whole face, but stands out where it happens.

    Args:
        field: (T, h, w, 2), displacement from frame 0; `field[0]` is zero.
        weights: (h, w), how much each sample counts, 0 outside the face.

    Returns:
        The same shape; the field itself where T is too small to tell.
    """
    frames = len(field) - 1
    if frames + 1 < _FEWEST_FRAMES:
        return field
    # The field is smooth: a third of the samples in each direction says the same in a ninth of the time.
    sampled, counts = field[1:, ::3, ::3].astype(np.float64), weights[::3, ::3].astype(np.float64)
    whiten, colour = _square_roots(np.eye(frames) + _SHARED_NOISE)
    white = np.tensordot(whiten, sampled, axes=1)
    energy, courses = _courses(white, counts)
    noise = max(float(np.median(energy[: max(1, 2 * frames // 3)])), 1e-12)
    kept = (courses * _ramp(energy / noise, _DROP, _KEEP)) @ courses.T
    white -= np.tensordot(kept, white, axes=1)
    result = np.zeros_like(field)
    result[1:] = np.tensordot((colour @ kept @ whiten).astype(np.float32), field[1:], axes=1)
    left = field[1:] - result[1:]
    for part, window, extra in _found_in_parts(white, counts, noise, weights.shape):
        project = (colour @ extra @ whiten).astype(np.float32)
        result[(slice(1, None), *part)] += window[..., None] * np.tensordot(project, left[(slice(None), *part)], axes=1)
    return result


def _found_in_parts(
    white: NDArray[np.float64], weights: NDArray[np.float64], noise: float, shape: tuple[int, ...]
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.float32], NDArray[np.float64]]]:
    """Where in a field of `shape` a time course stands out that the whole face does not show.

    Yields the part's cells, its window (the windows of all parts add up to one) and the matrix (F, F) that keeps the
    courses. What a part shows is kept in the parts beside it too, where it may fade into the noise.
    """
    found = np.zeros((2 * _PARTS - 1, 2 * _PARTS - 1, len(white), len(white)))
    for place, part, window in _parts(weights.shape):
        local = weights[part] * window
        energy, courses = _courses(white[(slice(None), *part)], local)
        # The parts differ in texture, and so in noise; the strongest courses may be none.
        level = max(noise * local.sum() / max(weights.sum(), 1e-12), float(energy[:-2].mean()), 1e-12)
        found[place] = (courses * _ramp(energy / level, _LOCAL_DROP, _LOCAL_KEEP)) @ courses.T
    for (row, column), part, window in _parts(shape):
        beside = found[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].sum((0, 1))
        if beside.any():
            values, courses = np.linalg.eigh(beside)
            yield part, window.astype(np.float32), (courses * np.clip(values, 0, 1)) @ courses.T


def _courses(
    frames: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Energies (F,), ascending, and time courses (F, F), in columns, of frames (F, h, w, 2) with white noise."""
    flat = (frames * np.sqrt(weights)[..., None]).reshape(len(frames), -1)
    energy, courses = np.linalg.eigh(flat @ flat.T)
    return energy, courses


def _ramp(ratio: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return np.clip((ratio - low) / (high - low), 0, 1)


def _parts(
    shape: tuple[int, ...],
) -> Iterator[tuple[tuple[int, int], tuple[slice, slice], NDArray[np.float64]]]:
    """Overlapping parts of a field (h, w): row and column, cells, and windows that add up to one."""
    along = []
    for size in shape:
        centres = np.linspace(0, size - 1, 2 * _PARTS - 1)
        ramps = [np.clip(1 - np.abs(np.arange(size) - centre) / centres[1], 0, None) for centre in centres]
        spans = [slice(int(np.argmax(r > 0)), size - int(np.argmax(r[::-1] > 0))) for r in ramps]
        along.append([(span, ramp[span]) for span, ramp in zip(spans, ramps, strict=True)])
    for row, (rows, down) in enumerate(along[0]):
        for column, (columns, across) in enumerate(along[1]):
            yield (row, column), (rows, columns), down[:, None] * across


def _square_roots(covariance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Symmetric inverse square root and square root of a positive definite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors / np.sqrt(values)) @ vectors.T, (vectors * np.sqrt(values)) @ vectors.T
