"""Who trains, who judges, who is held out."""

from dataclasses import replace

import pytest

from me_augment.errors import UsageError
from me_augment.training.subjects import split


def test_some_judge_and_nobody_does_both(tiny_manifest):
    chosen = split(tiny_manifest)
    train, judges = ({clip.person_id for clip in part} for part in (chosen.train, chosen.validation))
    assert len(judges) == 1
    assert not train & judges
    assert set(chosen.persons) == train | judges
    assert chosen == split(tiny_manifest)


def test_the_fold_is_nowhere(tiny_manifest):
    chosen = split(tiny_manifest, fold="sub92")
    assert chosen.fold == "casme2:sub92"
    assert "casme2:sub92" not in chosen.persons
    assert not chosen.validation  # of two nobody is spared
    assert chosen.fingerprint != split(tiny_manifest).fingerprint


def test_named_judges(tiny_manifest):
    chosen = split(tiny_manifest, validation=["sub91"])
    assert {clip.person_id for clip in chosen.validation} == {"casme2:sub91"}
    assert split(tiny_manifest, validation=()).validation == ()
    with pytest.raises(UsageError, match="excluded and cannot validate"):
        split(tiny_manifest, fold="sub91", validation=["sub91"])
    with pytest.raises(UsageError, match="nobody is left to train from"):
        split(tiny_manifest, validation=["sub91", "sub92", "sub93"])
    with pytest.raises(UsageError, match="no subject 'bob'"):
        split(tiny_manifest, exclude=["bob"])


def test_synthetic_clips_never_train(tiny_manifest):
    made = replace(tiny_manifest.clips[0], clip_id="syn-0", is_synthetic=True)
    with_made = replace(tiny_manifest, clips=(*tiny_manifest.clips, made))
    chosen = split(with_made)
    assert made.clip_id not in {clip.clip_id for clip in (*chosen.train, *chosen.validation)}


def test_nothing_to_train_from(tiny_manifest):
    faces = replace(tiny_manifest, clips=tuple(replace(clip, expression="neutral") for clip in tiny_manifest.clips))
    with pytest.raises(UsageError, match="faces only"):
        split(faces)
    with pytest.raises(UsageError, match="none has frames and a face"):
        split(replace(tiny_manifest, clips=()))
    with pytest.raises(UsageError, match="exclude fewer"):
        split(tiny_manifest, exclude=["sub91", "sub92", "sub93"])


def test_whoever_is_behind_a_real_clip_is_named_too(tiny_manifest):
    twin = [replace(clip, forbidden_subjects=(*clip.forbidden_subjects, "casme:7")) for clip in tiny_manifest.clips]
    chosen = split(replace(tiny_manifest, clips=tuple(twin)))
    assert "casme:7" in chosen.persons
