"""Long videos of a run: planned, made, interrupted and finished like clips, every event where its row says."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from runs import StopsAfter, hashes

from me_augment.errors import UsageError
from me_augment.generation import GeneratorChoice
from me_augment.manifest import Issue, Manifest
from me_augment.manifest.folds import may_train
from me_augment.synthesis.clip_maker import ClipMaker
from me_augment.synthesis.events import DISTRACTORS, SpottingSettings
from me_augment.synthesis.prepare import prepare
from me_augment.synthesis.reproduce import reproduce
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.sources import open_sources
from me_augment.synthesis.spotting_plan import filmed_backgrounds
from me_augment.video.source import open_frames

BUSY = SpottingSettings(seconds=(5.0, 5.0), micro=1.5, macro=1.5, blinks=30, gazes=20, head_turns=10, gap=0.2)


def planned(manifest, spotting=BUSY, **options):
    options = {"fps": "12", **options}
    return prepare(open_sources(manifest.folder, None, None), spotting=spotting, **options)


@pytest.fixture(scope="module")
def run(tiny_manifest, tmp_path_factory):
    """Interrupted after the first of three videos, and finished."""
    folder = tmp_path_factory.mktemp("long") / "run"
    begin(planned(tiny_manifest), folder)
    with pytest.raises(KeyboardInterrupt):
        execute(folder, Session(executor=StopsAfter(1)))
    first = hashes(folder / "shards")
    status = execute(folder)
    assert (status.made, status.failed, status.finished) == (3, 0, True)
    assert first.items() <= hashes(folder / "shards").items()
    return Manifest.open(folder)


def test_rows(run, tiny_manifest):
    plan = {row.clip_id: row for row in planned(tiny_manifest).plan}
    videos = [clip for clip in run.clips if clip.clip_id in plan]
    assert len(videos) == len(plan) == 3
    for video in videos:
        row = plan[video.clip_id]
        events = [c for c in run.clips if c.recording_id == video.recording_id and c is not video]
        assert sorted((e.onset_index, e.apex_index, e.offset_index) for e in events) == sorted(
            (e.onset, e.apex, e.offset) for e in row.events
        )
        assert run.recording_of[video.recording_id].n_frames == row.n_frames == 60
        persons = {row.target_person_id, row.driver_person_id} - {None}
        for clip in (video, *events):
            assert set(clip.forbidden_subjects) == persons
            assert all(not may_train(clip, person) for person in persons)
        kinds = [event.kind for event in row.events]
        assert sum(e.expression == "neutral" for e in events) == sum(kind in DISTRACTORS for kind in kinds)
        for event in events:
            if event.expression == "neutral":
                assert [issue.code for issue in event.issues] == ["distractor"]
                assert event.aus[0].number in (45, 51, 52, 53, 54, 61, 62, 63, 64)
                assert event.emotion is None
            else:
                assert event.peak_displacement_px is None or event.peak_displacement_px > 0
                assert event.expression in kinds
    assert {"micro", "macro"} <= {clip.expression for clip in run.clips if clip.is_synthetic}
    assert all(c.emotion for c in run.clips if c.is_synthetic and c.expression == "micro")


def test_the_flag_of_who_must_never_be_shown_goes_into_their_videos(tiny_manifest, tmp_path):
    flag = Issue(code="never-show", detail="sub91 must never be shown")
    rows = [replace(c, issues=(flag,)) if c.person_id == "casme2:sub91" else c for c in tiny_manifest.clips]
    plan = planned(replace(tiny_manifest, clips=tuple(rows)).write(tmp_path / "m"))
    row = next(row for row in plan.plan if "casme2:sub91" in (row.target_person_id, row.driver_person_id))
    file = tmp_path / f"{row.clip_id}.mkv"
    made = ClipMaker(plan.real, plan.settings, plan.makers)(row, file, file.name)
    assert [issue.code for issue in made.clip.issues] == ["never-show", "long-video"]
    assert len(made.events) > 1
    assert all(clip.issues[0] == flag for clip in made.events)


def test_a_video_comes_out_the_same_again(run):
    video = next(clip for clip in run.clips if any(issue.code == "long-video" for issue in clip.issues))
    again = reproduce(run.folder, video.clip_id)
    assert again.same, again.differences


def test_statistics_and_card(run):
    stats = (run.folder / "stats.json").read_text()
    assert '"long videos": 3' in stats
    card = (run.folder / "README.md").read_text()
    assert "No such expression was ever made" in card
    assert "forbidden_subjects" in card


def test_more_videos_keep_the_first(tiny_manifest):
    few = [row.clip_id for row in planned(tiny_manifest).plan]
    many = [row.clip_id for row in planned(tiny_manifest, replace(BUSY, videos=2)).plan]
    assert len(many) == 2 * len(few)
    assert set(few) <= set(many)


def test_expressions_keep_apart_and_one_person_drives(tiny_manifest):
    crowded = replace(BUSY, micro=12, macro=8, seconds=(10, 10), videos=4)
    clip_of = {clip.clip_id: clip for clip in tiny_manifest.clips}
    counts = []
    for row in planned(tiny_manifest, crowded).plan:
        spans = sorted((e.onset, e.offset) for e in row.events if e.is_expression)
        counts.append(len(spans))
        assert all(later - earlier > 0.2 * 12 for (_, earlier), (later, _) in pairwise(spans))
        assert spans[0][0] >= 2
        assert spans[-1][1] < row.n_frames
        drivers = {clip_of[e.driver_clip_id].person_id for e in row.events if e.driver_clip_id}
        assert drivers == {row.driver_person_id}
        assert row.driver_person_id != row.target_person_id
        for kinds in (("blink", "gaze"), ("head-turn",)):
            marks = np.zeros(row.n_frames, int)
            for event in row.events:
                if event.kind in kinds:
                    marks[event.onset : event.offset + 1] += 1
            assert marks.max(initial=0) <= 1
    assert min(counts) >= 3


def test_densities_are_those_asked_for(tiny_manifest):
    usual = SpottingSettings(videos=60)
    rows = list(planned(tiny_manifest, usual).plan)
    kinds = [event.kind for row in rows for event in row.events]
    minutes = sum(row.n_frames / 12 for row in rows) / 60
    assert kinds.count("micro") / len(rows) == pytest.approx(0.9, abs=0.25)
    assert kinds.count("macro") / len(rows) == pytest.approx(2.6, abs=0.4)
    assert kinds.count("blink") / minutes == pytest.approx(12, abs=1.5)
    lengths = [e.offset - e.onset for row in rows for e in row.events if e.kind == "micro"]
    assert 1 <= min(lengths) <= max(lengths) <= 0.5 * 12  # the drivers last 0.02 s, and are slowed by 4 at most


def test_an_event_begins_and_ends_where_its_row_says(tiny_manifest, tmp_path):
    """No head motion and hardly any noise: before onset and after the release nothing moves, at the apex much does."""
    calm = SpottingSettings(
        seconds=(5, 5), micro=0, macro=2.5, blinks=0, gazes=0, head_turns=0, head_motion=0, noise=0, backgrounds="still"
    )
    plan = planned(tiny_manifest, calm, action_units=("12C",))
    row = next(row for row in plan.plan if row.events)
    file = tmp_path / f"{row.clip_id}.mkv"
    made = ClipMaker(plan.real, plan.settings, plan.makers)(row, file, file.name)
    assert made.clip.status == "ok"
    assert made.clip.forbidden_subjects == (row.target_person_id,)
    frames = open_frames(file).read(range(60)).astype(float)
    for clip in made.events:
        moved = np.abs(frames - frames[clip.onset_index]).mean((1, 2, 3))
        assert clip.expression == "macro"
        assert clip.driver_person_id is None
        assert moved[clip.apex_index] > 2 * moved[clip.onset_index - 1]
        if clip.offset_index + 3 < 60:
            assert moved[clip.offset_index + 3] == pytest.approx(moved[clip.onset_index - 1], rel=0.1)


def test_filmed_backgrounds_lie_outside_what_is_labelled(tiny_manifest):
    clip = next(iter(tiny_manifest.clips))
    recording = replace(tiny_manifest.recording_of[clip.recording_id], n_frames=900)
    labelled = replace(clip, onset_index=300, offset_index=310)
    other = replace(clip, clip_id="other", expression="macro", onset_index=800, offset_index=None, apex_index=810)
    manifest = replace(tiny_manifest, recordings=(recording,), clips=(labelled, other))
    found = filmed_backgrounds(manifest, [labelled], {labelled.clip_id: Fraction(100)})[labelled.clip_id]
    assert (found.start, found.start + found.count) == (341, 770)


def test_settings_come_back(tiny_manifest, tmp_path):
    settings = planned(tiny_manifest).settings
    file = tmp_path / "config.yaml"
    file.write_text(settings.to_yaml())
    assert Settings.read(file) == settings
    other = planned(tiny_manifest, replace(BUSY, blinks=3)).settings
    with pytest.raises(UsageError, match=r"--blinks = 30, now it is 3"):
        other.require_same(settings, tmp_path)
    with pytest.raises(UsageError, match="--task = spotting, now it is recognition"):
        replace(settings, spotting=None).require_same(settings, tmp_path)


@pytest.mark.parametrize(
    ("spotting", "options", "words"),
    [
        ({"seconds": (1, 5)}, {}, "--seconds is 1:5"),
        ({"videos": 0}, {}, "--videos is 0"),
        ({"head_turns": -1}, {}, "--head-turns is -1"),
        ({"macro_units": ("12+25",)}, {}, "parts the lips"),
        ({}, {"action_units": ("26",)}, "parts the lips"),
        ({}, {"per_driver": 2}, "--per-driver is about single clips"),
    ],
)
def test_mistakes(tiny_manifest, spotting, options, words):
    with pytest.raises(UsageError, match=words):
        planned(tiny_manifest, SpottingSettings(**spotting), **options)


def test_learned_generators_draw_no_videos():
    with pytest.raises(UsageError, match="made by --generator warp"):
        Settings(
            manifest="a",
            targets="a",
            generator=GeneratorChoice.__dataclass_fields__["name"].name,
            generator_version="1",
            spotting=SpottingSettings(),
        )
