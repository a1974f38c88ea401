"""Runs without drivers: every face performs every specification, and the rows say what, whose and when."""

import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from runs import StopsAfter, hashes

from me_augment.dataset import MicroExpressionDataset
from me_augment.errors import UsageError
from me_augment.evaluation.regions import tracked_displacement
from me_augment.export import export
from me_augment.export.norm_uv_os import FOLDS
from me_augment.flow.choose import select
from me_augment.generation.action_units import VERSION, apex_fields, read_specification
from me_augment.generation.au_basis import Basis, UnitCount
from me_augment.generation.canonical_face import PIXELS
from me_augment.manifest import Manifest
from me_augment.manifest.au import format_aus
from me_augment.manifest.validate import findings
from me_augment.synthesis.estimate import estimate
from me_augment.synthesis.executor import InProcess
from me_augment.synthesis.overview import overview
from me_augment.synthesis.performances import generator_in_words, generator_version
from me_augment.synthesis.prepare import prepare as planned
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.sources import open_sources
from me_augment.video.recording import open_recording

SPECIFICATIONS = ("L12D+6B", "4C+7B", "1+2")


def prepare(manifest, specifications=SPECIFICATIONS, **choices):
    choices = {"fps": "30", "seed": 3, **choices}
    return planned(open_sources(manifest, None, None), action_units=specifications, **choices)


def make(prepared, folder, executor=None):
    begin(prepared, folder)
    execute(folder, Session(executor=executor or InProcess()))
    return Manifest.open(folder)


@pytest.fixture(scope="module")
def made(tiny_manifest, tmp_path_factory):
    return make(prepare(tiny_manifest.folder), tmp_path_factory.mktemp("au") / "run")


def synthetic(manifest):
    return [clip for clip in manifest.clips if clip.is_synthetic]


def test_everyone_performs_everything_equally_often(tiny_manifest):
    plan = prepare(tiny_manifest.folder, per_target=2).plan
    counts = Counter((row.target_person_id, row.action_units) for row in plan)
    assert len(counts) == 9
    assert set(counts.values()) == {2}
    # Two clips of a person: each lends its face once.
    assert len({(row.target_clip_id, row.action_units) for row in plan}) == 18
    assert len({row.clip_id for row in plan}) == len({row.seed for row in plan}) == 18
    assert all(row.driver_clip_id is None and row.driver_person_id is None for row in plan)
    smaller = {row.clip_id for row in prepare(tiny_manifest.folder, per_target=1).plan}
    assert smaller < {row.clip_id for row in plan}


def test_the_plan_depends_on_what_it_is_made_of(tiny_manifest):
    def ids(**choices):
        return [row.clip_id for row in prepare(tiny_manifest.folder, **choices).plan]

    assert ids() == ids()
    for change in ({"seed": 4}, {"fps": "60"}, {"strength": (0.5, 0.6)}, {"basis": a_basis()}):
        assert not set(ids()) & set(ids(**change))


def test_rows_say_what_is_performed(made):
    clips = synthetic(made)
    assert len(clips) == 9
    assert findings(made, check_files=True) == []
    for clip in clips:
        assert clip.status == "ok"
        assert (clip.driver_clip_id, clip.driver_person_id) == (None, None)
        assert clip.action_units in SPECIFICATIONS
        assert clip.au_verbatim == format_aus(clip.aus) == clip.action_units
        assert clip.aus == read_specification(clip.action_units)
        assert clip.forbidden_subjects == (clip.person_id,)
        assert clip.parents == (clip.target_clip_id,)
        assert (clip.generator, clip.generator_version.split()[1]) == ("warp", "action-units")
        assert 0 < clip.apex_index < clip.offset_index
        recording = made.recording_of[clip.recording_id]
        assert Fraction(recording.fps_num, recording.fps_den) == 30
        assert recording.n_frames == clip.n_frames <= 16
    meaning = {
        c.action_units: (c.emotion, c.objective_class, c.label_megc3, c.label_casme2_5, c.label_samm_5) for c in clips
    }
    assert meaning == {
        "L12D+6B": ("happiness", 1, "positive", "happiness", "happiness"),
        "4C+7B": ("anger", 3, "negative", None, "anger"),
        "1+2": ("surprise", 2, "surprise", "surprise", "surprise"),
    }
    stats = json.loads((made.folder / "stats.json").read_text())
    assert stats["by_driver"] == {}
    assert stats["by_action_units"] == dict.fromkeys(SPECIFICATIONS, 3)
    assert "L12D+6B" in (made.folder / "README.md").read_text()


def test_frames_show_what_rows_say(made):
    for clip in synthetic(made):
        if clip.action_units != "L12D+6B":
            continue
        source = open_recording(made, made.recording_of[clip.recording_id])
        first, apex, last = source.read([clip.onset_index, clip.apex_index, clip.offset_index])
        np.testing.assert_array_equal(first, last)
        landmarks = np.asarray(clip.landmarks, np.float32).reshape(68, 2)
        spots = landmarks[[48, 54], None] + np.array([[-4, 0], [0, -4], [0, 0], [0, 4], [4, 0]], np.float32)
        right, left = np.nanmean(tracked_displacement(first, apex, spots), axis=1)
        assert left[0] > 1.0
        assert left[1] < -0.8
        assert np.hypot(*right) < 0.35 * np.hypot(*left)


def test_a_mirrored_clip_is_labelled_for_its_side(tiny_manifest, tmp_path):
    mirrored = make(prepare(tiny_manifest.folder, ("L12D",), mirror=1.0), tmp_path / "run")
    for clip in synthetic(mirrored):
        assert clip.action_units == "L12D"
        assert format_aus(clip.aus) == clip.au_verbatim == "R12D"
        source = open_recording(mirrored, mirrored.recording_of[clip.recording_id])
        first, apex = source.read([0, clip.apex_index])
        landmarks = np.asarray(clip.landmarks, np.float32).reshape(68, 2)
        spots = landmarks[[48, 54], None] + np.array([[-4, 0], [0, -4], [0, 0], [0, 4], [4, 0]], np.float32)
        right, left = np.nanmean(tracked_displacement(first, apex, spots), axis=1)
        assert np.hypot(*right) > 3 * np.hypot(*left)


def test_an_interrupted_run_ends_as_an_undisturbed_one(tiny_manifest, made, tmp_path):
    def small_shards():
        return prepare(tiny_manifest.folder, clips_per_shard=3)

    with pytest.raises(KeyboardInterrupt):
        make(small_shards(), tmp_path / "run", StopsAfter(1))
    make(small_shards(), tmp_path / "run")
    videos = {name.split("/")[-1]: value for name, value in hashes(tmp_path / "run").items() if name.endswith(".mkv")}
    whole = {name.split("/")[-1]: value for name, value in hashes(made.folder).items() if name.endswith(".mkv")}
    assert videos == whole
    with pytest.raises(UsageError, match="action_units = L12D"):
        begin(prepare(tiny_manifest.folder, ("12",)), made.folder)


def a_basis():
    (field,) = apex_fields(read_specification("12E"))
    pattern = (1.3 * field / PIXELS).astype(np.float32)
    return Basis({12: pattern}, {12: UnitCount(3, 2)}, ("casme2:sub77", "casme2:sub91"), "abc", "Not for sale.")


def test_whoever_gave_a_basis_its_motion_is_forbidden(tiny_manifest, tmp_path):
    prepared = prepare(tiny_manifest.folder, ("12C",), basis=a_basis())
    clips = synthetic(make(prepared, tmp_path / "run"))
    assert len(clips) == 3
    for clip in clips:
        assert clip.generator_training_subjects == ("casme2:sub77", "casme2:sub91")
        assert set(clip.forbidden_subjects) == {"casme2:sub77", "casme2:sub91", clip.person_id}
        assert clip.action_units_basis == a_basis().fingerprint
        assert "Not for sale." in clip.licence
    with pytest.raises(UsageError, match="action_units_basis"):
        begin(prepare(tiny_manifest.folder, ("12C",)), tmp_path / "run")


def test_downstream_takes_such_clips(made, tmp_path):
    fold = "casme2:sub91"
    train = MicroExpressionDataset(made.folder, fold=fold, split="train", frames=4, size=64)
    performed = [clip for clip in train.clips if clip.action_units]
    assert {clip.person_id for clip in performed} == {"casme2:sub92", "casme2:sub93"}
    assert train[train.clips.index(performed[0])].video.shape == (4, 3, 64, 64)
    export(made, "norm-uv-os", tmp_path / "tree")
    for person in ("sub91", "sub92", "sub93"):
        ids = {path.name for path in (tmp_path / "tree" / FOLDS / person / "u_train").rglob("syn_*.png")}
        expected = [c for c in synthetic(made) if c.label_megc3 and c.subject != person]
        assert ids == {f"syn_{clip.clip_id.removeprefix('syn-')} .png" for clip in expected}
        assert len(expected) == 6


def test_a_protocol_leaves_clips_without_driver_out(made):
    named = replace(made, clips=tuple(replace(c, protocols=() if c.is_synthetic else ("p",)) for c in made.clips))
    selection = select(named, "megc3", "p")
    assert not any(labelled.clip.is_synthetic for labelled in selection.chosen)
    reasons = {skipped.reason for skipped in selection.skipped if skipped.clip_id.startswith("syn-")}
    assert len(reasons) == 1
    assert "no driver" in reasons.pop()


@pytest.mark.parametrize(
    ("choices", "word"),
    [
        ({"per_target": 0}, "--per-target"),
        ({"per_driver": 2}, "--per-driver"),
        ({"balance": True}, "--balance"),
        ({"eyes": 0.5}, "--eyes"),
        ({"shading": 0.5}, "--shading"),
        ({"specifications": ("smile",)}, "smile"),
        ({"specifications": ("12", "12")}, "twice"),
        ({"fps": "5"}, "frames per second"),
        ({"specifications": (), "per_target": 2}, "go with --action-units"),
    ],
)
def test_settings_that_make_no_sense(tiny_manifest, choices, word):
    with pytest.raises(UsageError, match=word):
        prepare(tiny_manifest.folder, **choices)


def test_the_cost_is_judged_without_a_driver(tiny_manifest):
    prepared = prepare(tiny_manifest.folder)
    cost = estimate(prepared, overview(prepared.plan))
    assert cost.bytes > 10_000
    assert cost.seconds > 0


def test_the_generator_is_said_in_words():
    assert generator_in_words("warp", "2") == "warp, version 2"
    assert generator_in_words("warp", generator_version("2")) == f"warp, version 2, and action-units, version {VERSION}"
    assert generator_in_words("warp", None) == "warp"
    assert generator_in_words(None, None) == ""
