"""The Temporal Interpolation Model against the paper's own way, by decompositions."""

import numpy as np
import pytest

from me_augment.transforms.sampling import tim, tim_weights, uniform_positions


def by_decomposition(frames, count):
    """Zhou et al.: embed the path graph, find the map from pictures to the embedding by SVD, read the curve."""
    x = frames.reshape(len(frames), -1).T.astype(float)
    n = x.shape[1]
    mean = x.mean(1, keepdims=True)
    u, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    u, q = u[:, : n - 1], (s[:, None] * vt)[: n - 1]
    laplacian = np.diag([1, *[2] * (n - 2), 1]) - np.eye(n, k=1) - np.eye(n, k=-1)
    eigenvectors = np.linalg.eigh(laplacian)[1][:, 1:]
    w = np.linalg.solve(q @ q.T, q @ eigenvectors)  # columns w_k with w_k^T q = the k-th eigenvector
    k = np.arange(1, n)
    curve = lambda t: np.sin(np.pi * k * t + np.pi * (n - k) / (2 * n))  # noqa: E731
    m = eigenvectors[0] / curve(1 / n)
    found = [u @ np.linalg.solve(w.T, m * curve(t)) for t in np.linspace(1 / n, 1, count)]
    return (np.stack(found, 1) + mean).T.reshape(count, *frames.shape[1:])


@pytest.mark.parametrize(("n", "count"), [(5, 9), (12, 10), (8, 8), (3, 2)])
def test_it_is_the_papers(n, count):
    frames = np.random.default_rng(n).random((n, 6, 7))
    np.testing.assert_allclose(tim(frames, count), by_decomposition(frames, count), atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_its_ends_are_the_clips_and_as_many_frames_are_the_frames(n):
    np.testing.assert_allclose(tim_weights(n, n), np.eye(n), atol=1e-9)
    weights = tim_weights(n, 10)
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_allclose(weights[[0, -1]], np.eye(n)[[0, -1]], atol=1e-9)


def test_even_positions():
    assert uniform_positions(2, 8, 3) == [2, 5, 8]
    assert uniform_positions(2, 3, 4) == [2, 2, 3, 3]
