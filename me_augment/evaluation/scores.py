"""What predictions are worth by the rules of the Micro-Expression Grand Challenges, and whether two sets differ.

Scores are taken of the pooled predictions of all folds over a fixed list of classes (MEGC2019 call for papers; See et
al., FG 2019): averaging scores of folds, or leaving out a class that nobody has, gives other and mostly higher numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Predictions:
    """What was predicted for N test clips, each by the fold that had not seen its person.

    Attributes:
        classes: names, in index order.
        names: of the clips, unique.
        truth, predicted: (N,) int64 indices of classes.
        persons, corpora: (N,) of each clip, strings.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    persons: NDArray[np.str_]
    corpora: NDArray[np.str_]

    def of(self, corpus: str) -> Predictions:
        """Those of one corpus: the same predictions, filtered."""
        chosen = np.flatnonzero(self.corpora == corpus)
        return replace(
            self,
            names=tuple(self.names[i] for i in chosen),
            **{name: getattr(self, name)[chosen] for name in ("truth", "predicted", "persons", "corpora")},
        )

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(C, C) counts: row the true class, column the predicted one."""
        return confusion(self.truth, self.predicted, len(self.classes))


@dataclass(frozen=True)
class Scores:
    """Scores of pooled predictions, each 0 to 1.

    Attributes:
        uf1: unweighted mean over classes of F1 = 2 TP / (2 TP + FP + FN).
        uar: unweighted mean over classes of recall TP / n.
        accuracy: share of clips predicted rightly.
        clips: how many.
    """

    uf1: float
    uar: float
    accuracy: float
    clips: int


@dataclass(frozen=True)
class Difference:
    """How much better a second set of predictions of the same clips is than a first.

    Attributes:
        uf1, uar: second minus first.
        uf1_interval, uar_interval: 95 % intervals of these, by paired bootstrap over persons.
        better, worse: clips that only the second, or only the first, has right.
        p: two-sided exact McNemar test of the clips (McNemar, Psychometrika 1947): chance of a split as uneven as that
            of `better` and `worse`, were both equally good. It takes the clips for independent, which those of one
            person are not.
    """

    uf1: float
    uar: float
    uf1_interval: tuple[float, float]
    uar_interval: tuple[float, float]
    better: int
    worse: int
    p: float


def confusion(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """(C, C) counts of (N,) indices: row the true class, column the predicted one."""
    return np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def scores(predictions: Predictions) -> Scores:
    """Scores over the classes of `predictions`, also those that no clip has.

    A class that neither occurs nor is predicted scores 0, as it does in the challenge's sums.
    """
    counts = predictions.confusion
    uf1, uar = _uf1_uar(counts)
    total = int(counts.sum())
    return Scores(float(uf1), float(uar), float(np.trace(counts) / max(total, 1)), total)


def _uf1_uar(counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of confusion counts (..., C, C)."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    true, said = counts.sum(-1), counts.sum(-2)
    f1 = 2 * hits / np.maximum(true + said, 1)
    recall = hits / np.maximum(true, 1)
    return f1.mean(-1), recall.mean(-1)


def difference(first: Predictions, second: Predictions, *, draws: int = 2000, seed: int = 0) -> Difference:
    """Compare two predictions of the same clips.

    Persons are drawn with replacement, the same for both (paired bootstrap, percentile intervals; Efron & Tibshirani,
    1993): the clips of one person are alike, so that drawing clips would give intervals that are too narrow.

    Args:
        first, second: with the same clips in the same order.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        ValueError: other clips, or other truth.
    """
    if first.names != second.names or not np.array_equal(first.truth, second.truth):
        raise ValueError("the two predictions are not of the same clips")
    size = len(first.classes)
    persons = np.unique(first.persons)
    counts = np.stack(
        [
            [
                confusion(one.truth[one.persons == person], one.predicted[one.persons == person], size)
                for person in persons
            ]
            for one in (first, second)
        ]
    )  # (2, P, C, C)
    # How often each person is drawn; sums of their counts are the confusion of the drawn corpus.
    times = np.random.default_rng(seed).multinomial(len(persons), np.full(len(persons), 1 / len(persons)), draws)
    drawn = np.einsum("dp,kpij->kdij", times, counts)
    uf1, uar = _uf1_uar(drawn)
    right = [one.predicted == one.truth for one in (first, second)]
    better, worse = int((right[1] & ~right[0]).sum()), int((right[0] & ~right[1]).sum())
    before, after = scores(first), scores(second)
    return Difference(
        uf1=after.uf1 - before.uf1,
        uar=after.uar - before.uar,
        uf1_interval=_interval(uf1[1] - uf1[0]),
        uar_interval=_interval(uar[1] - uar[0]),
        better=better,
        worse=worse,
        p=mcnemar(better, worse),
    )


def mcnemar(better: int, worse: int) -> float:
    """Two-sided exact p of `better` against `worse` discordant pairs; 1 where there are none."""
    total = better + worse
    tail = sum(comb(total, k) for k in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**total)


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def pooled(parts: Sequence[Predictions]) -> Predictions:
    """Predictions of several folds or corpora as one."""
    return Predictions(
        parts[0].classes,
        tuple(name for part in parts for name in part.names),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("truth", "predicted", "persons", "corpora")
        ),
    )
