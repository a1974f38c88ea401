"""Recognition problems from manifests: who may be learnt from, and what the trivial additions are."""

from dataclasses import replace

import numpy as np
import pytest

from me_augment.errors import UsageError
from me_augment.evaluation.arms import mirrored, photometric, problems, real_clips, synthetic_clips
from me_augment.flow.clip import CROP, crops
from me_augment.flow.field import apex_flow, stretched, uv_strain


@pytest.fixture(scope="module")
def real(tiny_manifest):
    return real_clips(tiny_manifest, "megc3", "loso")


def test_the_real_clips_are_measured(real):
    assert len(real.items) == 6
    assert real.classes == ("negative", "positive", "surprise")
    for item in real.items:
        assert item.maps.shape == (3, 28, 28)
        assert np.allclose([item.maps.min((1, 2)), item.maps.max((1, 2))], [[0] * 3, [1] * 3])
        assert item.contributors == (item.person,)


def test_every_person_is_held_out_once_and_never_learnt_from(real):
    (problem,) = problems(real, mirrored(real), "loso")
    assert sorted(np.concatenate([fold.test for fold in problem.folds])) == list(range(6))
    for fold in problem.folds:
        assert set(problem.persons[fold.test]) == {fold.name}
        assert fold.name not in problem.persons[fold.train]
        assert len(fold.train) == 8
        assert not problem.synthetic[fold.test].any()


def test_an_addition_trains_the_folds_of_those_who_had_no_part_in_it(real):
    first, second, third = sorted({item.person for item in real.items})
    added = [
        replace(real.items[0], name="a", real=False, contributors=(first, second)),
        replace(real.items[0], name="b", real=False, contributors=("casme2:*",)),
        replace(real.items[0], name="c", real=False, contributors=("elsewhere:1",)),
    ]
    (problem,) = problems(real, added, "loso")
    trained = {fold.name: {problem.names[i] for i in fold.train} & {"a", "b", "c"} for fold in problem.folds}
    assert trained == {first: {"c"}, second: {"c"}, third: {"a", "c"}}


def test_within_corpora_nothing_crosses(real):
    half = [replace(item, corpus="other") if i % 2 else item for i, item in enumerate(real.items)]
    split = replace(real, items=tuple(half))
    made = problems(split, [replace(half[0], name="x", real=False, contributors=())], "sde")
    assert [set(problem.corpora) for problem in made] == [{"casme2"}, {"other"}]
    assert ["x" in problem.names for problem in made] == [True, False]
    alone = replace(real, items=tuple(item for item in real.items if item.person == real.items[0].person))
    with pytest.raises(UsageError, match="the clips of casme2 are all of one person"):
        problems(alone, [], "sde")


def test_a_mirrored_map_is_that_of_the_mirrored_face(real):
    for item, one, copy in zip(real.items, real.chosen, mirrored(real), strict=True):
        frames = crops(real.manifest, one.clip, [one.clip.onset_index, one.clip.apex_index], CROP)
        turned = [np.ascontiguousarray(frame[:, ::-1]) for frame in frames]
        truth = stretched(uv_strain(apex_flow(*turned))).transpose(2, 0, 1) / 255
        for mine, others in zip(copy.maps, truth, strict=True):
            assert np.corrcoef(mine.ravel(), others.ravel())[0, 1] > 0.9
        assert copy.contributors == item.contributors
        assert not copy.real


def test_photometric_copies_repeat_and_keep_the_motion(real):
    copies = photometric(real, copies=2, seed=3)
    assert len(copies) == 12
    assert len({copy.name for copy in copies}) == 12
    again = photometric(real, copies=2, seed=3)
    assert all((a.maps == b.maps).all() for a, b in zip(copies, again, strict=True))
    assert any((a.maps != b.maps).any() for a, b in zip(copies, photometric(real, copies=2, seed=4), strict=True))
    same = [
        np.corrcoef(c.maps[1].ravel(), i.maps[1].ravel())[0, 1] for c, i in zip(copies[::2], real.items, strict=True)
    ]
    assert np.median(same) > 0.8


def test_a_manifest_without_synthetic_clips_is_no_arm(real, tiny_manifest):
    with pytest.raises(UsageError, match="has no synthetic clip that can be used"):
        synthetic_clips(tiny_manifest, real.classes, "megc3", "loso")


def test_the_composite_takes_its_own_clips_only(tiny_manifest):
    outside = replace(
        tiny_manifest,
        clips=tuple(replace(clip, protocols=()) if i == 0 else clip for i, clip in enumerate(tiny_manifest.clips)),
    )
    assert len(real_clips(outside, "megc3", "cde").items) == 5
