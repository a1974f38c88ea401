"""What spotted intervals are worth by the rules of the Micro-Expression Grand Challenges.

A prediction is right if it overlaps a true interval of its kind by an intersection over union of at least one half,
counted in whole frames with both ends included. A true interval counts once however many predictions hit it. All videos
of a corpus are taken as one (MEGC2019 spotting guidelines; Li et al., FG 2019): F1 = 2 TP / (predictions + truths).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

KINDS = ("micro", "macro")
IOU = 0.5
"""Least intersection over union of a hit, inclusive."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An expression in a video.

    Attributes:
        video: name of the video, unique in the corpus.
        onset, offset: first and last frame, offset included.
        kind: `micro` or `macro`.
        emotion: class, for recognition after spotting; None where there is none.
    """

    video: str
    onset: int
    offset: int
    kind: str = "micro"
    emotion: str | None = None


@dataclass(frozen=True)
class SpottingScores:
    """Counts and scores of one kind of interval, or of all.

    Attributes:
        hits: true intervals that were found.
        predicted, true: intervals of either sort.
    """

    hits: int
    predicted: int
    true: int

    @property
    def precision(self) -> float:
        """Hits over predictions; 0 without any."""
        return self.hits / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Hits over true intervals; 0 without any."""
        return self.hits / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """2 TP / (predictions + truths), 0 without any."""
        both = self.predicted + self.true
        return 2 * self.hits / both if both else 0.0


@dataclass(frozen=True)
class Spotted:
    """Result of a comparison.

    Attributes:
        scores: by kind, and `overall`, whose hits are those of the kinds together.
        pairs: (truth, prediction) of every hit.
        missed, wrong: true intervals that nobody found, predictions that hit nothing.
    """

    scores: dict[str, SpottingScores]
    pairs: tuple[tuple[Interval, Interval], ...]
    missed: tuple[Interval, ...]
    wrong: tuple[Interval, ...]


def iou(first: Interval, second: Interval) -> float:
    """Intersection over union of two spans in whole frames, ends included; 0 for other videos and disjoint spans."""
    if first.video != second.video:
        return 0.0
    shared = min(first.offset, second.offset) - max(first.onset, second.onset) + 1
    if shared <= 0:
        return 0.0
    return shared / (first.offset - first.onset + second.offset - second.onset + 2 - shared)


def compare(truth: Iterable[Interval], predicted: Iterable[Interval]) -> Spotted:
    """Match predictions with true intervals of the same video and kind, each at most once, for the most hits.

    Args:
        truth, predicted: spans with onset <= offset.

    Raises:
        ValueError: a span ends before it begins, or is of no known kind.
    """
    groups: dict[tuple[str, str], tuple[list[Interval], list[Interval]]] = defaultdict(lambda: ([], []))
    for place, intervals in enumerate((truth, predicted)):
        for one in intervals:
            if one.onset > one.offset or one.kind not in KINDS:
                raise ValueError(f"{one} is no span of a known kind")
            groups[one.video, one.kind][place].append(one)
    pairs: list[tuple[Interval, Interval]] = []
    missed: list[Interval] = []
    wrong: list[Interval] = []
    for key in sorted(groups):
        true, said = (sorted(part, key=lambda one: (one.onset, one.offset)) for part in groups[key])
        found = _matched(true, said)
        pairs += [(true[i], said[j]) for i, j in found]
        missed += [one for i, one in enumerate(true) if i not in {i for i, _ in found}]
        wrong += [one for j, one in enumerate(said) if j not in {j for _, j in found}]
    by_kind = {kind: _scores(kind, pairs, missed, wrong) for kind in KINDS}
    overall = SpottingScores(*(sum(getattr(one, name) for one in by_kind.values()) for name in _COUNTS))
    return Spotted({**by_kind, "overall": overall}, tuple(pairs), tuple(missed), tuple(wrong))


_COUNTS = ("hits", "predicted", "true")


def _matched(true: Sequence[Interval], said: Sequence[Interval]) -> list[tuple[int, int]]:
    """Indices of matched pairs: as many as possible, of those the ones that overlap most."""
    if not true or not said:
        return []
    overlap: NDArray[np.float64] = np.array([[iou(t, s) for s in said] for t in true])
    # One hit more outweighs any overlap.
    rows, columns = linear_sum_assignment(np.where(overlap >= IOU, 1 + overlap / (1 + len(true)), 0), maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if overlap[i, j] >= IOU]


def _scores(
    kind: str,
    pairs: Iterable[tuple[Interval, Interval]],
    missed: Iterable[Interval],
    wrong: Iterable[Interval],
) -> SpottingScores:
    hits = sum(truth.kind == kind for truth, _ in pairs)
    return SpottingScores(
        hits, hits + sum(one.kind == kind for one in wrong), hits + sum(one.kind == kind for one in missed)
    )


@dataclass(frozen=True)
class Strs:
    """Spot-then-recognise score of the micro-expressions (MEGC2022; Liong et al., 2022).

    Attributes:
        spotting: F1 of the spotting.
        analysis: 2 P R / (P + R) of mean precision and mean recall over the classes of the spotted truths.
        strs: their product.
    """

    spotting: float
    analysis: float
    strs: float


def strs(spotted: Spotted, classes: Sequence[str]) -> Strs:
    """Spot-then-recognise score; subjects and videos without a prediction count with all that was missed there.

    Args:
        spotted: of intervals with emotions.
        classes: fixed list of emotions.
    """
    micro = [(truth.emotion, said.emotion) for truth, said in spotted.pairs if truth.kind == "micro"]
    precisions, recalls = [], []
    for name in classes:
        hits = sum(truth == said == name for truth, said in micro)
        precisions.append(hits / max(1, sum(said == name for _, said in micro)))
        recalls.append(hits / max(1, sum(truth == name for truth, _ in micro)))
    p, r = float(np.mean(precisions)), float(np.mean(recalls))
    analysis = 2 * p * r / (p + r) if p + r else 0.0
    found = spotted.scores["micro"].f1
    return Strs(found, analysis, found * analysis)
