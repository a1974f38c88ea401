"""A run with its controls turned: what the rows claim is what the frames show."""

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import picture
from rows import clip, recording
from runs import StopsAfter, hashes

from me_augment.dataset import MicroExpressionDataset
from me_augment.demo.faces import Performance
from me_augment.errors import UsageError
from me_augment.evaluation.regions import region_samples, tracked_displacement
from me_augment.export import export
from me_augment.face.geometry import interocular
from me_augment.generation.resample import RefinedImage, grid
from me_augment.manifest import Manifest
from me_augment.manifest.au import format_aus, parse_aus
from me_augment.manifest.validate import findings
from me_augment.synthesis.estimate import estimate
from me_augment.synthesis.overview import overview
from me_augment.synthesis.prepare import prepare as planned
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.sources import open_sources
from me_augment.video.recording import open_recording

COURSE = (0.0, 0.3, 0.7, 1.0, 0.8, 0.6, 0.4, 0.2, 0.1)
APEX, FPS = 3, 100
LIP_CORNERS = {"R": 7, "L": 8}  # points of the prior; the subject's left is in the picture's right


@pytest.fixture(scope="module")
def corpus(people, tmp_path_factory):
    """One clip each of three people: one lip corner is pulled, the left of the first two, the right of the third."""
    folder = tmp_path_factory.mktemp("one-sided")
    recordings, clips = [], []
    for person, side in zip(people[:3], "LLR", strict=True):
        path = folder / "frames" / person.name
        path.mkdir(parents=True)
        for t, amplitude in enumerate(COURSE):
            frame = pulled(person, 54 if side == "L" else 48, amplitude)
            cv2.imwrite(str(path / f"img{t + 1}.png"), frame[..., ::-1])
        who = {"subject": person.name, "person_id": f"casme2:{person.name}"}
        recordings.append(
            recording(
                recording_id=f"rec-{person.name}", path=f"frames/{person.name}", frame_pattern="img{n}.png",
                first_number=1, last_number=len(COURSE), n_frames=len(COURSE), fps_num=FPS, height=340, width=280,
                **who,
            )
        )  # fmt: skip
        clips.append(
            clip(
                clip_id=f"clip-{person.name}", name=f"{person.name}/EP01", recording_id=f"rec-{person.name}",
                onset=1, apex=APEX + 1, offset=len(COURSE), onset_index=0, apex_index=APEX,
                offset_index=len(COURSE) - 1, au_verbatim=f"{side}12 + 6", aus=parse_aus(f"{side}12 + 6").units,
                landmarks=tuple(map(float, person.landmarks.ravel())), content_sha256=person.name * 8, **who,
            )
        )  # fmt: skip
    whole = Manifest(
        corpus="casme2", roots={"": Path(), "casme2": folder}, licence="none",
        recordings=tuple(recordings), clips=tuple(clips),
    )  # fmt: skip
    return whole.write(folder / "manifest")


def pulled(person, landmark, amplitude):
    """The face with what lies about a landmark moved outwards and up, some 3 px at amplitude 1."""
    still = picture(Performance(person, {}).frame(0))
    x, y = grid(*still.shape[:2])
    unit = interocular(person.landmarks)
    centre = person.landmarks[landmark]
    bump = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * (0.2 * unit) ** 2))
    bump = (amplitude * bump).astype(np.float32)
    outwards = 1 if landmark == 54 else -1
    return RefinedImage.of(still).sample(x - 2 * outwards * bump, y + 2.5 * bump)


def prepared(manifest, **options):
    options = {"per_driver": 2, "clips_per_shard": 3, **options}
    return planned(open_sources(manifest.folder, None, None), **options)


def made(manifest, folder, **options):
    """The manifest of a finished run, found sound, and its synthetic rows."""
    plan = prepared(manifest, **options)
    begin(plan, folder)
    execute(folder)
    whole = Manifest.open(folder)
    assert findings(whole, check_files=True) == []
    rows = [row for row in whole.clips if row.is_synthetic]
    assert len(rows) == 6
    assert all(row.status == "ok" for row in rows)
    return whole, rows


def frames_of(whole, row):
    source = open_recording(whole, whole.recording_of[row.recording_id])
    return source.read(range(len(source)))


def strongest(frames, landmarks):
    """(T, 18) displacement of the regions in each frame, pixels."""
    points = region_samples(np.asarray(landmarks).reshape(68, 2))
    moved = [np.nanmean(tracked_displacement(frames[0], frame, points), axis=1) for frame in frames]
    return np.linalg.norm(moved, axis=-1)


EVERYTHING = {
    "strength": (0.9, 1.3), "tempo": (0.6, 1.6), "fps": "150", "mirror": 0.5, "asymmetry": (-0.3, 0.3),
    "eyes": 0.5, "shading": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def everything(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "everything"
    return folder, *made(corpus, folder, **EVERYTHING)


def test_a_mirrored_clip_moves_and_is_labelled_on_the_other_side(corpus, tmp_path):
    whole, rows = made(corpus, tmp_path / "r", mirror=1.0)
    sides = {c.clip_id: c.aus[0].side for c in corpus.clips}
    for row in rows:
        was = sides[row.driver_clip_id]
        now, other = ("R", "L") if was == "L" else ("L", "R")
        assert row.mirror
        assert (row.au_verbatim, format_aus(row.aus)) == (f"{now}12+6", f"{now}12+6")
        at_apex = strongest(frames_of(whole, row), row.landmarks)[row.apex_index]
        assert at_apex[LIP_CORNERS[now]] > 1.0
        assert at_apex[LIP_CORNERS[other]] < 0.3
    real = {c.clip_id: c for c in whole.clips if not c.is_synthetic}
    assert {real[row.driver_clip_id].au_verbatim for row in rows} == {"L12 + 6", "R12 + 6"}


def test_without_mirror_sides_and_text_stay(corpus, tmp_path):
    whole, rows = made(corpus, tmp_path / "r")
    for row in rows:
        driver = next(c for c in corpus.clips if c.clip_id == row.driver_clip_id)
        assert (row.au_verbatim, row.aus, row.mirror) == (driver.au_verbatim, driver.aus, False)
        assert (row.time_scale, row.tempo_onset, row.tempo_offset) == (1, 1, 1)
        assert (row.asymmetry, row.eyes, row.shading) == (0, 0, 0)
        at_apex = strongest(frames_of(whole, row), row.landmarks)[row.apex_index]
        assert at_apex[LIP_CORNERS[driver.aus[0].side]] > 1.0


def test_a_warped_clip_has_its_apex_where_the_row_says(corpus, tmp_path):
    whole, rows = made(corpus, tmp_path / "r", tempo=(0.5, 2.0))
    assert len({row.n_frames for row in rows}) > 2
    for row in rows:
        frames = frames_of(whole, row)
        assert len(frames) == row.n_frames == row.offset + 1 == whole.recording_of[row.recording_id].n_frames
        assert row.apex == row.apex_index == pytest.approx(APEX * row.tempo_onset)
        assert row.n_frames - 1 == pytest.approx(row.time_scale * (len(COURSE) - 1))
        course = strongest(frames, row.landmarks).max(1)
        assert abs(int(np.argmax(course)) - row.apex_index) <= 1


@pytest.mark.parametrize(("fps", "frames", "apex"), [("50", 5, 2), ("200", 17, 6), ("25", 3, 1)])
def test_a_new_frame_rate_gives_exact_counts(corpus, tmp_path, fps, frames, apex):
    """80 ms at 100 frames a second are 8 intervals."""
    whole, rows = made(corpus, tmp_path / "r", fps=fps, per_driver=2)
    for row in rows:
        recorded = whole.recording_of[row.recording_id]
        assert (recorded.fps_num, recorded.fps_den) == (int(fps), 1)
        assert open_recording(whole, recorded).fps == Fraction(fps)
        assert (row.n_frames, row.apex_index, recorded.n_frames) == (frames, apex, frames)
        assert len(frames_of(whole, row)) == frames
        assert row.time_scale == pytest.approx(1)


def test_a_clip_of_unknown_rate_cannot_be_brought_to_another(corpus, tmp_path):
    first, *rest = corpus.recordings
    recordings = (replace(first, fps_num=None, fps_den=None), *rest)
    partly = replace(corpus, recordings=recordings).write(tmp_path / "m")
    plan = planned(open_sources(partly.folder, None, None), fps="50")
    assert first.person_id not in {row.driver_person_id for row in plan.plan}
    assert [(row.name, row.reason) for row in plan.unusable] == [
        (f"{first.subject}/EP01", "its frame rate is not known, so that it cannot be brought to --fps")
    ]
    kept = planned(open_sources(partly.folder, None, None), tempo=(1.5, 1.5))
    assert {row.fps_num for row in kept.plan} == {None, FPS}


def test_everything_at_once_is_one_sound_run(everything, corpus):
    _, whole, rows = everything
    assert 0 < sum(row.mirror for row in rows) < 6
    for row in rows:
        frames = frames_of(whole, row)
        target = next(c for c in corpus.clips if c.clip_id == row.target_clip_id)
        np.testing.assert_array_equal(frames[0], frames_of(whole, target)[0])
        assert len(frames) == row.n_frames
        assert (row.eyes, row.shading) == (0.5, 0.5)
        assert -0.3 <= row.asymmetry <= 0.3
        # 80 ms, 30 of them to the apex; a frame of 1/150 s is the grid.
        assert 0.6 * 0.08 - 1 / 150 <= (row.n_frames - 1) / 150 <= 1.6 * 0.08 + 1 / 150


def test_the_card_names_the_controls(everything):
    card = (everything[0] / "README.md").read_text()
    for words in ("0.9 to 1.3", "times 0.6 to 1.6", "150 frames a second", "50% mirrored", "-0.3 to 0.3", "eyes 0.5"):
        assert words in card


def test_clips_of_another_length_are_loaded_and_exported(everything, tmp_path):
    _, whole, _ = everything
    data = MicroExpressionDataset(whole, labels="verbatim", frames=4, size=64)
    assert len(data) == 9
    assert all(item.video.shape == (4, 3, 64, 64) for item in (data[i] for i in range(9)))
    full = MicroExpressionDataset(whole, labels="verbatim")
    assert [full[i].video.shape[0] for i in range(9)] == [c.n_frames for c in full.clips]
    export(whole, "norm-uv-os", tmp_path / "x")
    pictures = {file.name for file in (tmp_path / "x").rglob("*.png")}
    assert len(pictures) == 9


def test_an_interrupted_run_with_controls_ends_with_the_same_bytes(everything, corpus, tmp_path):
    plan = prepared(corpus, **EVERYTHING)
    begin(plan, tmp_path / "r")
    with pytest.raises(KeyboardInterrupt):
        execute(tmp_path / "r", Session(executor=StopsAfter(1)))
    begin(plan, tmp_path / "r")
    execute(tmp_path / "r")
    assert hashes(tmp_path / "r") == hashes(everything[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tempo": (0.6, 1.5)}, "tempo = 0.6:1.6, now it is 0.6:1.5"),
        ({"fps": None}, "fps = 150, now it is none"),
        ({"mirror": 0.25}, "mirror = 0.5, now it is 0.25"),
        ({"asymmetry": (0.0, 0.3)}, "asymmetry = -0.3:0.3, now it is 0:0.3"),
        ({"eyes": 1.0}, "eyes = 0.5, now it is 1.0"),
        ({"shading": 0.0}, "shading = 0.5, now it is 0.0"),
    ],
)
def test_another_control_is_refused_on_resume(everything, corpus, change, words):
    with pytest.raises(UsageError, match=words):
        begin(prepared(corpus, **{**EVERYTHING, **change}), everything[0])


def test_a_cost_is_told_for_clips_of_another_length(corpus):
    def cost(**wishes):
        asked = prepared(corpus, **wishes)
        return estimate(asked, overview(asked.plan))

    slow = cost(fps="200")
    plain = cost()
    assert 1.2 < slow.bytes / plain.bytes < 3.0
    assert slow.seconds > 0
    assert cost(fps="25").bytes > 0


def test_a_first_clip_that_fails_says_so(corpus, tmp_path):
    copy = shutil.copytree(corpus.roots["casme2"], tmp_path / "corpus")
    moved = replace(corpus, roots={"": Path(), "casme2": copy}).write(tmp_path / "m")
    for file in copy.rglob("*.png"):
        file.write_bytes(b"")
    asked = prepared(moved)
    cost = estimate(asked, overview(asked.plan))
    assert (cost.bytes, cost.seconds) == (0, 0)
    assert "png" in cost.reason
