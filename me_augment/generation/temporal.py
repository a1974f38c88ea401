"""Separates what a face did over time from the noise of measuring it, without smoothing over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Below this many frames the noise cannot be told from the motion.
_FEWEST_FRAMES = 8
# Variance that the onset's own noise adds to every measurement against it, relative to a frame's noise. One in
# theory; measured a half, since part of it cancels where the flow is matched against smooth skin.
_SHARED_NOISE = 0.5
# A time course is kept in full from this many times the noise's energy on, and dropped below the first value.
_DROP, _KEEP = 2.0, 4.0


def without_noise(field: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """A clip's displacement with the time courses removed that are no stronger than noise.

    An expression is a few spatial patterns, each with its time course; measuring noise is a new pattern in every
    frame, plus one that all frames share because all are measured against the same onset frame. The time courses
    are the principal components of the frames, taken relative to that noise covariance, sigma^2 (I + c 1 1^T); the
    noise level is the median of the weaker components. Nothing is assumed about how fast a time course is, so that
    an apex of a single frame stays.

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
    sampled = field[1:, ::3, ::3] * np.sqrt(weights[::3, ::3, None])
    sampled = sampled.reshape(frames, -1).astype(np.float64)
    whiten, colour = _square_roots(np.eye(frames) + _SHARED_NOISE)
    energy, courses = np.linalg.eigh(whiten @ (sampled @ sampled.T) @ whiten)
    noise = float(np.median(energy[: max(1, 2 * frames // 3)]))
    kept = np.clip((energy / max(noise, 1e-12) - _DROP) / (_KEEP - _DROP), 0, 1)
    project = colour @ (courses * kept) @ courses.T @ whiten
    result = np.zeros_like(field)
    result[1:] = np.tensordot(project.astype(np.float32), field[1:], axes=1)
    return result


def _square_roots(covariance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Symmetric inverse square root and square root of a positive definite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors / np.sqrt(values)) @ vectors.T, (vectors * np.sqrt(values)) @ vectors.T
