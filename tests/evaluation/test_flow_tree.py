"""A norm_u_v_os tree made by anyone, as a recognition problem."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.flow_tree import read_flow_tree
from me_augment.evaluation.problem import predict
from me_augment.evaluation.recognisers import recogniser
from me_augment.evaluation.scores import scores

SUBJECTS = ("sub91", "sub92", "s91", "091")


@pytest.fixture
def tree(tmp_path):
    """Four subjects with three clips each; the picture's middle tells the class."""
    rng = np.random.default_rng(0)
    clips = []
    for subject in SUBJECTS:
        for label in range(3):
            picture = rng.integers(0, 60, (28, 28, 3), np.uint8)
            picture[8:20, 8:20, label] += 190
            clips.append((subject, label, cv2.imencode(".png", picture)[1].tobytes()))
    for held_out in SUBJECTS:
        for subject, label, data in clips:
            part = "u_test" if subject == held_out else "u_train"
            folder = tmp_path / "norm_u_v_os" / held_out / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{subject}_EP0{label} .png").write_bytes(data)
    return tmp_path


def test_pictures_are_read_once_and_folds_as_they_are(tree):
    problem = read_flow_tree(tree)
    assert problem.maps.shape == (12, 3, 28, 28)
    assert 0 <= problem.maps.min() < problem.maps.max() <= 1
    assert problem.classes == ("negative", "positive", "surprise")
    assert [fold.name for fold in problem.folds] == sorted(SUBJECTS)
    for fold in problem.folds:
        assert len(fold.train) == 9
        assert set(problem.persons[fold.test]) == {fold.name}
    assert set(zip(problem.persons, problem.corpora, strict=True)) == {
        ("sub91", "casme2"),
        ("sub92", "casme2"),
        ("s91", "smic"),
        ("091", "samm"),
    }
    assert scores(predict(problem, recogniser("ridge"))).uf1 == 1


def test_channels_are_u_v_and_strain(tree):
    """cv2.imread gives strain, v, u."""
    problem = read_flow_tree(tree / "norm_u_v_os")
    middle = problem.maps[:, :, 8:20, 8:20].mean((2, 3))
    assert (middle.argmax(1) == 2 - problem.labels).all()


def test_a_share_of_people_is_nested_and_keeps_the_test_clips(tree):
    problem = read_flow_tree(tree)
    people = []
    for share in (0.34, 0.67, 1.0):
        reduced = problem.with_share(share)
        assert [fold.test.tolist() for fold in reduced.folds] == [fold.test.tolist() for fold in problem.folds]
        people.append(set(problem.persons[reduced.folds[0].train]))
    assert [len(kept) for kept in people] == [1, 2, 3]
    assert people[0] < people[1] < people[2]
    with pytest.raises(UsageError, match="share of real people is 0"):
        problem.with_share(0)


def test_what_is_no_tree_is_one_sentence(tree, tmp_path):
    with pytest.raises(UsageError, match="is no norm_u_v_os tree"):
        read_flow_tree(tmp_path / "norm_u_v_os" / "sub91")
    with pytest.raises(UsageError, match="does not exist"):
        read_flow_tree(tmp_path / "nowhere")
    next((tree / "norm_u_v_os/sub91/u_train/0").iterdir()).write_bytes(b"x")
    with pytest.raises(MeAugmentError, match="is damaged or no picture"):
        read_flow_tree(tree)


def test_a_fold_with_nothing_to_tell_apart_is_refused(tree):
    problem = read_flow_tree(tree)
    fold = problem.folds[0]
    few = replace(fold, train=fold.train[problem.labels[fold.train] == 0])
    with pytest.raises(UsageError, match="holds out 091 has 3 training clips of fewer than two classes"):
        predict(replace(problem, folds=(few,)), recogniser("ridge"))
