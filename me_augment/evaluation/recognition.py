"""What additions to a training set are worth to a recogniser: every arm against real clips alone, in pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np

from me_augment.evaluation.problem import Problem, predict
from me_augment.evaluation.recognisers import Recogniser
from me_augment.evaluation.scores import Difference, Predictions, Scores, difference, pooled, scores

REAL = "real"
"""Name of the arm without additions."""
_MOST_CLASSES = 20  # whose confusion is printed; sets of action units have hundreds


@dataclass(frozen=True)
class Arm:
    """A way to train, and what came of it.

    Attributes:
        name: `real`, or what was added.
        share: of the real people that were learnt from.
        training: clips that a fold learnt from, mean over folds: real ones and additions.
        people: real people that a fold learnt from, mean over folds.
        predictions: of every test clip.
        against_real: difference from the arm `real` of the same share; None for that arm itself.
    """

    name: str
    share: float
    training: tuple[float, float]
    people: float
    predictions: Predictions
    against_real: Difference | None = None

    @property
    def scores(self) -> Scores:
        """Of all clips together."""
        return scores(self.predictions)

    @property
    def by_corpus(self) -> dict[str, Scores]:
        """The same predictions, filtered by corpus."""
        corpora = sorted(set(self.predictions.corpora.tolist()))
        return {corpus: scores(self.predictions.of(corpus)) for corpus in corpora}


def run_arms(
    arms: Mapping[str, Sequence[Problem]],
    recogniser: Recogniser,
    shares: Sequence[float] = (1.0,),
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Arm]:
    """Train and test every arm at every share of the real people.

    Args:
        arms: name → problems of the protocol, with the same test clips in the same order; `real` is the first.
        recogniser: the same for all.
        shares: of the real people to learn from, see `Problem.with_share`.
        seed: of the choice of people.
        progress: called with folds done and in all.

    Raises:
        UsageError: a fold has nothing to tell apart.
    """
    total = len(shares) * sum(len(problem.folds) for those in arms.values() for problem in those)
    done = 0

    def advance(*_: int) -> None:
        nonlocal done
        done += 1
        progress(done, total)

    found: list[Arm] = []
    for share in shares:
        real: Arm | None = None
        for name, those in arms.items():
            reduced = [problem if share == 1 else problem.with_share(share, seed) for problem in those]
            predictions = pooled([predict(problem, recogniser, advance) for problem in reduced])
            against = None if real is None else difference(real.predictions, predictions)
            arm = Arm(name, share, *_sizes(reduced), predictions, against)
            real = real or arm
            found.append(arm)
    return found


def _sizes(those: Sequence[Problem]) -> tuple[tuple[float, float], float]:
    """Mean over folds of real clips, additions and real people that are learnt from."""
    real, added, people = [], [], []
    for problem in those:
        for fold in problem.folds:
            made = problem.synthetic[fold.train]
            real.append(int((~made).sum()))
            added.append(int(made.sum()))
            people.append(len(set(problem.persons[fold.train[~made]].tolist())))
    return (float(np.mean(real)), float(np.mean(added))), float(np.mean(people))


def table(arms: Sequence[Arm]) -> list[list[str]]:
    """Rows for people, titles first: scores of every arm, then how it differs from real clips alone."""
    corpora = sorted({corpus for arm in arms for corpus in arm.by_corpus})
    shown = corpora if len(corpora) > 1 else []
    several = len({arm.share for arm in arms}) > 1
    head = ["trained on", *(["share"] if several else []), "real", "added", "people", "UF1", "UAR"]
    head += [f"{corpus} UF1/UAR" for corpus in shown] + ["UF1 gained [95 %]", "mended/spoilt", "p"]
    rows = [head]
    for arm in arms:
        total = arm.scores
        row = [arm.name, *([f"{arm.share:.0%}"] if several else [])]
        row += [f"{arm.training[0]:.0f}", f"{arm.training[1]:.0f}", f"{arm.people:.0f}"]
        row += [f"{total.uf1:.3f}", f"{total.uar:.3f}"]
        for corpus in shown:
            part = arm.by_corpus.get(corpus)
            row.append("" if part is None else f"{part.uf1:.3f}/{part.uar:.3f}")
        if (against := arm.against_real) is not None:
            low, high = against.uf1_interval
            row += [
                f"{against.uf1:+.3f} [{low:+.3f}, {high:+.3f}]",
                f"{against.better}/{against.worse}",
                f"{against.p:.3f}",
            ]
        else:
            row += ["", "", ""]
        rows.append(row)
    return rows


def explanation(arms: Sequence[Arm]) -> list[str]:
    """What the columns of the table are, in lines for people, and whether the comparison can show anything."""
    out = [
        "real, added, people: clips and real people that a fold learns from, on average.",
        "UF1, UAR: F1 and recall, each the mean over the classes, of all test clips pooled; 1 is perfect.",
    ]
    if any(arm.against_real for arm in arms):
        out += [
            "UF1 gained: against real clips alone, with a 95 % interval (bootstrap over people, paired); where it "
            "holds 0, nothing is shown.",
            "mended/spoilt: test clips that only this training, or only real clips alone, gets right; p: McNemar's "
            "exact test of the two.",
        ]
    if all(arm.scores.uf1 == 1 for arm in arms if arm.against_real is None):
        out.append(
            "Real clips alone get every test clip right: nothing is left to gain. This corpus is too easy, or too "
            "small, to compare on."
        )
    return out


def confusion_lines(arm: Arm) -> list[str]:
    """The confusion of an arm for a person: rows are true classes, columns predicted ones."""
    counts, classes = arm.predictions.confusion, arm.predictions.classes
    whose = f"{arm.name}, {arm.share:.0%} of the people"
    if len(classes) > _MOST_CLASSES:
        return [f"{whose}: the confusion of {len(classes)} classes is in --json and --out."]
    width = max(map(len, (*classes, *map(str, counts.flat))))
    lines = [f"{whose}: true class by predicted {', '.join(classes)}"]
    for name, row in zip(classes, counts, strict=True):
        lines.append(f"  {name.ljust(width)}  " + "  ".join(str(count).rjust(width) for count in row))
    return lines


def log(arm: Arm) -> Iterator[str]:
    """The predictions as MEGC2019 has them handed in: `casme2 sub01`, then `EP02_01f <truth> <prediction>` a clip."""
    found = arm.predictions
    order = sorted(range(len(found.names)), key=lambda i: (found.corpora[i], found.persons[i], found.names[i]))
    for (corpus, person), places in groupby(order, key=lambda i: (found.corpora[i], found.persons[i])):
        yield f"{corpus} {str(person).rpartition(':')[2]}"
        for i in places:
            yield f"{found.names[i].rpartition('/')[2]} {found.truth[i]} {found.predicted[i]}"


def as_json(arms: Sequence[Arm]) -> list[dict[str, object]]:
    """The arms as data: scores, intervals, confusion, sizes."""
    return [
        {
            "trained_on": arm.name,
            "share_of_people": arm.share,
            "real_clips": arm.training[0],
            "added_clips": arm.training[1],
            "people": arm.people,
            **asdict(arm.scores),
            "by_corpus": {corpus: asdict(part) for corpus, part in arm.by_corpus.items()},
            "classes": list(arm.predictions.classes),
            "confusion": arm.predictions.confusion.tolist(),
            "against_real": None if arm.against_real is None else asdict(arm.against_real),
        }
        for arm in arms
    ]
