"""UF1 and UAR of pooled predictions, and comparisons of two recognisers on the same clips."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from me_augment.evaluation.scores import Predictions, difference, mcnemar, pooled, scores


def predictions(truth, predicted, persons=None, corpora=None):
    count = len(truth)
    return Predictions(
        classes=("negative", "positive", "surprise"),
        names=tuple(f"c{i}" for i in range(count)),
        truth=np.array(truth, np.int64),
        predicted=np.array(predicted, np.int64),
        persons=np.array(persons or [f"p{i % 3}" for i in range(count)]),
        corpora=np.array(corpora or ["a"] * count),
    )


def test_scores_are_those_of_the_definition():
    found = scores(predictions([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 2]))
    # F1: 2·2/(3+3), 2·1/(2+2), 1; recalls 2/3, 1/2, 1
    assert found.uf1 == pytest.approx((4 / 6 + 2 / 4 + 1) / 3)
    assert found.uar == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert found.accuracy == pytest.approx(4 / 6)


def test_a_class_that_nobody_has_is_not_left_out():
    assert scores(predictions([0, 1], [0, 1])).uf1 == pytest.approx(2 / 3)


def test_uar_is_recall_and_not_precision():
    """The published UAR of STSTNet is macro precision."""
    found = scores(predictions([0] * 8 + [1, 2], [0] * 4 + [1] * 4 + [1, 2]))
    assert found.uar == pytest.approx((4 / 8 + 1 + 1) / 3)


def test_pooled_scores_are_no_mean_of_folds():
    folds = [predictions([0, 0], [0, 0]), predictions([1, 2], [1, 1])]
    assert scores(pooled(folds)).uf1 != pytest.approx(np.mean([scores(fold).uf1 for fold in folds]))


def test_a_corpus_is_the_same_predictions_filtered():
    both = predictions([0, 1, 2, 0], [0, 1, 1, 2], corpora=["a", "b", "a", "b"])
    assert both.of("b").names == ("c1", "c3")
    assert both.of("a").confusion.sum() + both.of("b").confusion.sum() == both.confusion.sum()


@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemar_is_the_exact_binomial_test(better, worse):
    expected = binomtest(better, better + worse).pvalue if better + worse else 1.0
    assert mcnemar(better, worse) == pytest.approx(expected, rel=1e-9)


def test_the_same_predictions_do_not_differ():
    one = predictions([0, 1, 2, 1], [0, 1, 1, 1])
    found = difference(one, one)
    assert (found.uf1, found.uf1_interval, found.better, found.worse, found.p) == (0, (0, 0), 0, 0, 1)


def test_a_better_recogniser_is_told_from_chance():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300).tolist()
    wrong = [(t + 1) % 3 if rng.random() < 0.5 else t for t in truth]
    better = [(t + 1) % 3 if rng.random() < 0.2 else t for t in truth]
    persons = [f"p{i // 10}" for i in range(300)]
    found = difference(predictions(truth, wrong, persons), predictions(truth, better, persons))
    assert found.uf1_interval[0] > 0.1
    assert found.uf1_interval[0] < found.uf1 < found.uf1_interval[1]
    assert found.p < 1e-6
    assert found == difference(predictions(truth, wrong, persons), predictions(truth, better, persons))


def test_other_clips_cannot_be_compared():
    with pytest.raises(ValueError, match="not of the same clips"):
        difference(predictions([0], [0]), predictions([1], [0]))
