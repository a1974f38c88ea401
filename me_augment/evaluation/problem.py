"""A recognition problem: flow maps of labelled clips, and folds that say who may be learnt from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.evaluation.recognisers import Fold, Recogniser
from me_augment.evaluation.scores import Predictions
from me_augment.manifest.folds import covers
from me_augment.manifest.ids import digest


@dataclass(frozen=True)
class Problem:
    """N clips, real and synthetic, and the folds of a protocol.

    Attributes:
        classes: names, in index order.
        names: of the clips, unique.
        maps: (N, 3, H, W) float32, u, v and strain, each stretched to 0..1 per clip.
        labels: (N,) int64 indices of classes.
        persons, corpora: (N,) strings; of a synthetic clip whose face is seen, and `synthetic`.
        synthetic: (N,) bool.
        contributors: of each clip, everyone who had a part in it (`forbidden_subjects`).
        folds: real test clips, and the clips, real and synthetic, that may be learnt from.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    maps: NDArray[np.float32]
    labels: NDArray[np.int64]
    persons: NDArray[np.str_]
    corpora: NDArray[np.str_]
    synthetic: NDArray[np.bool_]
    contributors: tuple[tuple[str, ...], ...]
    folds: tuple[Fold, ...]

    def without_synthetic(self) -> Problem:
        """The same test clips, learnt from real clips alone."""
        return self._training_on(lambda indices: ~self.synthetic[indices])

    def with_share(self, share: float, seed: int = 0) -> Problem:
        """The same test clips, learnt from fewer people.

        In every fold this share of the real people (at least one) is kept, by an order that hangs on their ids and
        the seed alone: a smaller share is part of a larger. A synthetic clip stays only where nobody of those left out
        had a part in it, since it would bring their data back.

        Args:
            share: 0 to 1.
            seed: of the order.

        Raises:
            UsageError: not a share.
        """
        if not 0 < share <= 1:
            raise UsageError(f"the share of real people is {share:g}; it lies above 0 and at most at 1.")
        everybody = sorted(set(self.persons[~self.synthetic].tolist()), key=lambda person: digest(seed, person))
        folds = []
        for fold in self.folds:
            there = set(self.persons[fold.train[~self.synthetic[fold.train]]].tolist())
            order = [person for person in everybody if person in there]
            kept = set(order[: max(1, round(share * len(order)))])
            left_out = there - kept
            allowed = [
                not any(covers(self.contributors[index], person) for person in left_out)
                if self.synthetic[index]
                else self.persons[index] in kept
                for index in fold.train.tolist()
            ]
            folds.append(replace(fold, train=fold.train[np.array(allowed, bool)]))
        return replace(self, folds=tuple(folds))

    def _training_on(self, wanted: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> Problem:
        return replace(self, folds=tuple(replace(fold, train=fold.train[wanted(fold.train)]) for fold in self.folds))


def predict(
    problem: Problem, recogniser: Recogniser, progress: Callable[[int, int], None] = lambda *_: None
) -> Predictions:
    """Predict every test clip by the fold that holds out its person.

    Args:
        problem: with at least one fold.
        recogniser: is trained anew for each fold.
        progress: called with folds done and in all.

    Raises:
        UsageError: a fold has no clip to learn from, or none of a second class.
    """
    for fold in problem.folds:
        if len(set(problem.labels[fold.train].tolist())) < 2:
            raise UsageError(
                f"the fold that holds out {fold.name} has {len(fold.train)} training clips of fewer than two classes: "
                "there is nothing to tell apart."
            )
    found = []
    folds = list(problem.folds)
    for done, one in enumerate(recogniser.predict(problem.maps, problem.labels, len(problem.classes), folds), 1):
        found.append(one)
        progress(done, len(folds))
    tested = np.concatenate([fold.test for fold in folds])
    return Predictions(
        classes=problem.classes,
        names=tuple(problem.names[i] for i in tested),
        truth=problem.labels[tested],
        predicted=np.concatenate(found),
        persons=problem.persons[tested],
        corpora=problem.corpora[tested],
    )
