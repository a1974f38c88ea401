"""Arms: sizes, comparison with real clips alone, the log of predictions."""

from dataclasses import replace

import numpy as np
import pytest

from me_augment.evaluation.problem import Problem
from me_augment.evaluation.recognisers import Fold, recogniser
from me_augment.evaluation.recognition import as_json, confusion_lines, explanation, log, run_arms, table

PEOPLE, EACH = 8, 3


def problem(noise, added, leaky=False):
    """A class is a pattern; `added` clean copies by nobody help, since the real clips are few and noisy."""
    rng = np.random.default_rng(0)
    patterns = rng.random((3, 3, 28, 28))
    labels = np.tile(np.arange(3), PEOPLE)
    maps = (1 - noise) * patterns[labels] + noise * rng.random((len(labels), 3, 28, 28))
    more = np.tile(np.arange(3), added)
    extra = patterns[more] if added else np.zeros((0, 3, 28, 28))
    persons = np.array([f"casme2:sub{90 + i}" for i in range(PEOPLE) for _ in range(EACH)] + ["x"] * len(more))
    count = len(labels)
    folds = []
    for person in sorted(set(persons[:count].tolist())):
        test = np.flatnonzero(persons[:count] == person)
        folds.append(Fold(person, np.setdiff1d(np.arange(count + len(more)), test), test))
    return Problem(
        classes=("negative", "positive", "surprise"),
        names=tuple(f"casme2/{p.partition(':')[2]}/EP{i:02d}" for i, p in enumerate(persons)),
        maps=np.concatenate([maps, extra]).astype(np.float32),
        labels=np.concatenate([labels, more]).astype(np.int64),
        persons=persons,
        corpora=np.array(["casme2"] * len(persons)),
        synthetic=np.arange(len(persons)) >= count,
        contributors=tuple((p,) for p in persons),
        folds=tuple(folds),
    )


@pytest.fixture(scope="module")
def arms():
    made = {"real": [problem(0.97, 0)], "+ clean": [problem(0.97, 4)]}
    return run_arms(made, recogniser("ridge"), shares=(0.3, 1.0))


def test_arms_are_compared_with_real_clips_of_the_same_share(arms):
    assert [(arm.name, arm.share) for arm in arms] == [("real", 0.3), ("+ clean", 0.3), ("real", 1), ("+ clean", 1)]
    for real, more in (arms[:2], arms[2:]):
        assert real.against_real is None
        assert more.against_real.uf1 == pytest.approx(more.scores.uf1 - real.scores.uf1)
        assert more.predictions.names == real.predictions.names
    assert arms[1].against_real.uf1 > 0.1
    assert arms[1].against_real.uf1_interval[0] > 0


def test_sizes_are_those_of_the_folds(arms):
    assert [(arm.training, arm.people) for arm in arms] == [
        ((6, 0), 2),
        ((6, 12), 2),
        ((21, 0), 7),
        ((21, 12), 7),
    ]


def test_table_and_data_say_the_same(arms):
    rows, data = table(arms), as_json(arms)
    assert len(rows) == 5
    shown = dict(zip(rows[0], rows[2], strict=True))
    assert shown["UF1"] == f"{data[1]['uf1']:.3f}"
    assert shown["UF1 gained [95 %]"].startswith(f"{data[1]['against_real']['uf1']:+.3f} [")
    assert sum(map(sum, data[0]["confusion"])) == PEOPLE * EACH
    assert len(confusion_lines(arms[0])) == 4


def test_a_confusion_too_wide_to_read_is_not_printed(arms):
    many = replace(arms[0].predictions, classes=tuple(map(str, range(1, 101))))
    assert confusion_lines(replace(arms[0], predictions=many)) == [
        "real, 30% of the people: the confusion of 100 classes is in --json and --out."
    ]


def test_the_explanation_says_when_nothing_can_be_gained(arms):
    assert any("McNemar" in line for line in explanation(arms))
    assert not any("nothing is left to gain" in line for line in explanation(arms))
    alone = arms[0]
    right = replace(alone, predictions=replace(alone.predictions, predicted=alone.predictions.truth))
    assert "nothing is left to gain" in explanation([right])[-1]
    assert not any("McNemar" in line for line in explanation([right]))


def test_the_log_has_a_block_for_every_person(arms):
    lines = list(log(arms[-1]))
    assert lines[0] == "casme2 sub90"
    assert sum(line.startswith("casme2 ") for line in lines) == PEOPLE
    name, truth, said = lines[1].split()
    assert name == "EP00"
    assert (int(truth), int(said)) == (arms[-1].predictions.truth[0], arms[-1].predictions.predicted[0])
