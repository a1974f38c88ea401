"""The two recognisers: they learn what is there, from the training clips alone, the same each time."""

import numpy as np
import pytest

from me_augment.errors import UsageError
from me_augment.evaluation.recognisers import Fold, recogniser


@pytest.fixture(scope="module")
def scene():
    """60 noisy maps of three patterns, two folds."""
    rng = np.random.default_rng(1)
    labels = np.array([0] * 36 + [1] * 14 + [2] * 10)
    patterns = rng.random((3, 3, 28, 28))
    maps = (0.35 * patterns[labels] + 0.65 * rng.random((60, 3, 28, 28))).astype(np.float32)
    everything = np.arange(60)
    folds = [Fold(str(i), everything[everything % 4 != i], everything[everything % 4 == i]) for i in range(2)]
    return maps, labels, folds


@pytest.mark.parametrize("name", ["ridge", "ststnet"])
def test_it_learns_and_repeats(scene, name):
    maps, labels, folds = scene
    first, again = (list(recogniser(name, epochs=120).predict(maps, labels, 3, folds)) for _ in range(2))
    for found, same, fold in zip(first, again, folds, strict=True):
        assert (found == same).all()
        assert (found == labels[fold.test]).mean() > 0.8


@pytest.mark.parametrize("name", ["ridge", "ststnet"])
def test_it_sees_the_training_clips_alone(scene, name):
    maps, labels, folds = scene
    other = np.array(labels)
    unseen = np.setdiff1d(np.arange(60), folds[0].train)
    other[unseen] = 2 - other[unseen]
    changed = np.array(maps)
    changed[np.setdiff1d(unseen, folds[0].test)] = 0
    first, second = (
        next(recogniser(name, epochs=3).predict(x, y, 3, folds[:1])) for x, y in ((maps, labels), (changed, other))
    )
    assert (first == second).all()


def primal(flat, labels, fold, alpha):
    """Minimise Σ wᵢ |yᵢ - b - B xᵢ|² + alpha |B|² over intercept and coefficients, class weights n / (C n_c)."""
    x, truth = flat[fold.train], labels[fold.train]
    weight = (len(truth) / (3 * np.bincount(truth, minlength=3)))[truth]
    design = np.hstack([np.ones((len(x), 1)), x])
    penalty = np.diag([0.0] + [alpha] * x.shape[1])
    coefficients = np.linalg.solve(
        design.T @ (weight[:, None] * design) + penalty, design.T @ (weight[:, None] * np.eye(3)[truth])
    )
    return np.argmax(np.hstack([np.ones((len(fold.test), 1)), flat[fold.test]]) @ coefficients, axis=1)


def test_ridge_is_the_weighted_regression_that_it_says(scene):
    """The dual on the Gram matrix against the primal on the features, written down afresh."""
    maps, labels, folds = scene
    fold = folds[0]
    flat = maps.reshape(60, -1)[:, :300].astype(np.float64)
    small = flat.reshape(60, 3, 10, 10).astype(np.float32)
    found = next(recogniser("ridge").predict(small, labels, 3, [fold]))
    assert (found == primal(flat, labels, fold, 100.0)).all()


def test_a_class_missing_from_the_training_clips_is_never_said(scene):
    maps, labels, _ = scene
    fold = Fold("x", np.flatnonzero(labels < 2), np.flatnonzero(labels == 2))
    for name in ("ridge", "ststnet"):
        assert 2 not in next(recogniser(name, epochs=25).predict(maps, labels, 3, [fold]))


def test_what_does_not_fit_is_one_sentence(scene):
    maps, labels, folds = scene
    with pytest.raises(UsageError, match="no recogniser 'svm': choose one of ridge, ststnet"):
        recogniser("svm")
    with pytest.raises(UsageError, match="reads maps of 3x28x28, and these are 3x14x14"):
        next(recogniser("ststnet").predict(maps[:, :, ::2, ::2], labels, 3, folds))
