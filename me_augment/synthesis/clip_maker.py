"""The making of one synthetic clip: a planned row → frames in a file and a row that tells all about them."""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from me_augment.errors import MeAugmentError
from me_augment.evaluation.quality import checked_frames, measure_quality
from me_augment.evaluation.wanted import IntendedMotion, Performer, TrackedDriver
from me_augment.face.geometry import interocular
from me_augment.generation import Animation, Generator
from me_augment.generation.au_basis import Basis
from me_augment.generation.motion import Measure, measure_motion
from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.au import mirrored_cell, mirrored_units
from me_augment.manifest.labels import columns_of_driver
from me_augment.manifest.showing import Hidden
from me_augment.synthesis.contributors import Closure
from me_augment.synthesis.develop import developed, draw_transforms
from me_augment.synthesis.made import made_recording
from me_augment.synthesis.makers import Maker
from me_augment.synthesis.observations import Observations
from me_augment.synthesis.performances import generator_version, labels_of, motion_of
from me_augment.synthesis.plan import PlannedClip, rendition_of
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.video_maker import VideoMaker
from me_augment.threads import one_thread
from me_augment.video import synthetic_comment, write_lossless
from me_augment.video.recording import open_recording

# Trouble of the disk that is written to, not of one clip.
_DISK_TROUBLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
# A clip whose every pixel moves less than this does not show its label.
_LEAST_MOTION_PX = 0.05
# Frame rate of the container where the corpus states none; the row's rate stays empty.
_UNKNOWN_FPS = Fraction(25)


@dataclass(frozen=True)
class MadeClip:
    """One clip.

    Attributes:
        clip: its row; its status says what became of it.
        recording: its frames; None where there are none.
        seconds: by stage, see `shard.STAGES`.
        events: of a long video, the rows of what happens in it; `clip` is then that of the video.
    """

    clip: Clip
    recording: Recording | None
    seconds: dict[str, float]
    events: tuple[Clip, ...] = ()


class ClipMaker:
    """Makes the clips of one run.

    Args:
        real: manifest with the drivers and targets of the plan.
        settings: of the run; gates, who they were chosen on, and kind of driving are used here.
        makers: the generators that the plan names.
        basis: what gives the motion of action units in place of the table.
        threads: clips that may be made at once; with more than one, drivers are also measured ahead.
        measure: measures dense motion, or remembers it.

    Attributes:
        threads: see above.
    """

    def __init__(
        self,
        real: Manifest,
        settings: Settings,
        makers: Sequence[Maker],
        basis: Basis | None = None,
        threads: int = 1,
        measure: Measure = measure_motion,
    ) -> None:
        self.threads, self._measure = threads, measure
        self._real, self._basis = real, basis
        self._makers = {maker.checkpoint: maker for maker in makers}
        self._gates, self._filmed = settings.gates, settings.driving == "filmed"
        self._gates_chosen_on, self._transforms = settings.gates_chosen_on, settings.transforms
        self._close, self._hidden = Closure(real.clips), Hidden(real.clips)
        self._clip_of = {clip.clip_id: clip for clip in real.clips}
        self._videos = (
            VideoMaker(real, settings.spotting, basis, settings.generator_version.partition(" ")[0], measure)
            if settings.spotting
            else None
        )
        self._observed = Observations(self._observe, ahead=threads if threads > 1 else 0)

    def __call__(self, row: PlannedClip, path: Path, relative: str) -> MadeClip:
        """Make one clip, on one thread; one that cannot be made becomes a row with a reason.

        Args:
            row: what to make.
            path: the .mkv file to write.
            relative: where that file will lie in the run's folder.

        Raises:
            MeAugmentError: the disk that is written to is full or gone: every further clip would fail alike.
        """
        clock = _Stopwatch()
        if self._videos is not None:
            with one_thread():
                return self._make_video(self._videos, row, path, relative, clock)
        with one_thread():
            clip, recording = self._make(row, self._makers[row.checkpoint].generator(), path, relative, clock)
        return MadeClip(clip, recording, dict(clock.seconds))

    def expect(self, rows: Iterable[PlannedClip]) -> None:
        """Tell which rows come next."""
        self._observed.expect((row.driver_clip_id, row.checkpoint) for row in rows if row.driver_clip_id)

    def failed(self, row: PlannedClip, reason: str) -> MadeClip:
        """The row of a clip that could not be made."""
        if self._videos is not None:
            clip = self._videos.row(row, None)
        else:
            generator = self._makers[row.checkpoint].generator()
            driver = None if row.driver_clip_id is None else self._clip_of[row.driver_clip_id]
            clip = self._row(row, generator, driver, self._clip_of[row.target_clip_id], None, None)
        return MadeClip(replace(clip, status="failed", reason=self._portable(reason)), None, {})

    def _make_video(
        self, videos: VideoMaker, row: PlannedClip, path: Path, relative: str, clock: _Stopwatch
    ) -> MadeClip:
        try:
            with clock.stage("draw"):
                made = videos.make(row, path, relative)
        except (MeAugmentError, cv2.error, np.linalg.LinAlgError, ValueError) as error:
            path.unlink(missing_ok=True)
            if _of_disk(error):
                raise
            return self.failed(row, str(error))
        return MadeClip(made.video, made.recording, dict(clock.seconds), made.events)

    def _make(
        self, row: PlannedClip, generator: Generator, path: Path, relative: str, clock: _Stopwatch
    ) -> tuple[Clip, Recording | None]:
        driver = None if row.driver_clip_id is None else self._clip_of[row.driver_clip_id]
        target = self._clip_of[row.target_clip_id]
        try:
            performer: Performer
            with clock.stage("observe"):
                if driver is None:
                    observed = motion_of(row, target, self._basis)
                    performer = IntendedMotion(observed)
                else:
                    observed, performer = self._observed((driver.clip_id, row.checkpoint))
            with clock.stage("draw"):
                whole, rendition = self._onset_frame(target), rendition_of(row, filmed=self._filmed)
                animation = generator.animate(observed, whole, _points(target), rendition)
                face, points = generator.framed(whole, _points(target))
            light = draw_transforms(self._transforms, row.seed) if self._transforms else ()
            checked = _Kept(animation, checked_frames(row.n_frames, row.apex_index), clock, light)
            fps = Fraction(row.fps_num, row.fps_den or 1) if row.fps_num else _UNKNOWN_FPS
            tags = {"title": row.clip_id, "comment": synthetic_comment(f"{generator.name} {generator.version}")}
            with clock.stage("encode"):
                count = write_lossless(path, checked, fps, tags)
            if count != row.n_frames:
                raise MeAugmentError(f"{count} frames were made, the plan has {row.n_frames}")
            if row.strength > 0 and animation.peak_displacement_px < _LEAST_MOTION_PX:
                raise MeAugmentError(
                    "the driver's face shows no motion that stands out from the noise"
                    if driver
                    else "the action units move this face less than a picture shows"
                )
            with clock.stage("judge"):
                quality = measure_quality(checked.frames, checked.positions, face, points, performer, rendition)
        except (MeAugmentError, cv2.error, np.linalg.LinAlgError, ValueError) as error:
            path.unlink(missing_ok=True)
            if _of_disk(error):
                raise
            return self.failed(row, str(error)).clip, None
        real = self._recording(target)
        recording = made_recording(
            relative, count, (row.fps_num, row.fps_den), face, target, gray=real.gray, bit_depth=real.bit_depth
        )
        clip = replace(
            self._row(row, generator, driver, target, recording.recording_id, animation.peak_displacement_px),
            landmarks=tuple(points.ravel().tolist()),
            transforms=light,
            **{f"quality_{name}": value for name, value in asdict(quality).items()},
        )
        verdict = self._gates.verdict(quality)
        return (clip if verdict is None else replace(clip, status="rejected", reason=verdict)), recording

    def _row(
        self,
        row: PlannedClip,
        generator: Generator,
        driver: Clip | None,
        target: Clip,
        recording_id: str | None,
        peak: float | None,
    ) -> Clip:
        if driver is None:
            version = generator_version(generator.version)
            origin, contributors = labels_of(row, target, self._basis), self._basis.person_ids if self._basis else ()
        else:
            version = generator.version
            origin, contributors = _labels_of_driver(row, driver, target), ()
        trainers = {*generator.training_subjects, *contributors}
        sources = (target,) if driver is None else (target, driver)
        persons = self._close(sources, (*trainers, *self._gates_chosen_on))
        return Clip(
            clip_id=row.clip_id,
            corpus="synthetic",
            recording_id=recording_id,
            subject=target.subject,
            person_id=target.person_id,
            onset=0,
            apex=row.apex_index,
            offset=row.n_frames - 1,
            onset_index=0,
            apex_index=row.apex_index,
            offset_index=row.n_frames - 1,
            landmarks=target.landmarks,
            is_synthetic=True,
            driver_clip_id=row.driver_clip_id,
            action_units=row.action_units,
            target_clip_id=target.clip_id,
            driver_person_id=row.driver_person_id,
            target_person_id=target.person_id,
            generator=generator.name,
            generator_version=version,
            generator_training_subjects=tuple(sorted(trainers)),
            forbidden_subjects=persons,
            issues=self._hidden.issues(sources),
            seed=row.seed,
            strength=row.strength,
            mirror=row.mirror,
            asymmetry=row.asymmetry,
            time_scale=row.time_scale,
            tempo_onset=row.tempo_onset,
            tempo_offset=row.tempo_offset,
            eyes=row.eyes,
            shading=row.shading,
            peak_displacement_px=peak,
            peak_displacement_iod=None if peak is None else peak / interocular(_points(target)),
            **origin,
        )

    def _portable(self, reason: str) -> str:
        """A reason without the folders that this machine has and others do not."""
        for key, root in self._real.roots.items():
            if key:
                reason = reason.replace(f"{root}{os.sep}", "")
        return reason

    def _observe(self, key: tuple[str, str | None]) -> tuple[Any, TrackedDriver]:
        clip_id, checkpoint = key
        driver = self._clip_of[clip_id]
        assert driver.onset_index is not None
        assert driver.offset_index is not None
        source = open_recording(self._real, self._recording(driver))
        frames = list(source.read(range(driver.onset_index, driver.offset_index + 1)))
        points = _points(driver)
        with one_thread():
            observed = self._makers[checkpoint].generator().observe(frames, points, self._measure)
        # Of a generator that knows nothing of blinks nobody can say that it left them out.
        eyes_moved = getattr(observed, "eyes", None) is not None
        return observed, TrackedDriver(frames, points, eyes_moved=eyes_moved)

    def _onset_frame(self, target: Clip) -> np.ndarray:
        assert target.onset_index is not None
        return open_recording(self._real, self._recording(target)).read([target.onset_index])[0]

    def _recording(self, clip: Clip) -> Recording:
        assert clip.recording_id is not None
        return self._real.recording_of[clip.recording_id]


class _Kept:
    """An animation that passes through, in another light perhaps, and leaves behind the frames at some positions."""

    def __init__(
        self, animation: Animation, positions: Sequence[int], clock: _Stopwatch, light: tuple[str, ...] = ()
    ) -> None:
        self.positions = positions
        self.frames: list[np.ndarray] = []
        self._animation, self._clock, self._light = animation, clock, light

    def __iter__(self) -> Iterator[np.ndarray]:
        wanted = set(self.positions)
        drawing = iter(self._animation)
        for position in itertools.count():
            with self._clock.stage("draw"):
                frame = next(drawing, None)
            if frame is None:
                return
            if position in wanted:
                self.frames.append(frame)
            if self._light:
                with self._clock.stage("draw"):
                    frame = developed(frame, self._light)
            yield frame


class _Stopwatch:
    """Seconds by stage; a stage within another counts for itself alone."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block."""
        before, self._inner = self._inner, 0.0
        started = time.perf_counter()
        try:
            yield
        finally:
            taken = time.perf_counter() - started
            self.seconds[name] += taken - self._inner
            self._inner = before + taken


def _of_disk(error: Exception) -> bool:
    """Whether every further clip would fail alike."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in _DISK_TROUBLE


def _points(clip: Clip) -> np.ndarray:
    return np.asarray(clip.landmarks, np.float32).reshape(68, 2)


def _labels_of_driver(row: PlannedClip, driver: Clip, target: Clip) -> dict[str, Any]:
    """The columns of a clip's row that tell what is performed and where that comes from."""
    verbatim = driver.au_verbatim
    return {
        "name": f"{driver.name} on {target.subject} {row.clip_id[-6:]}",
        "apex_estimated": driver.apex_estimated,
        "expression": driver.expression,
        "emotion": driver.emotion,
        **columns_of_driver(driver),
        "au_verbatim": mirrored_cell(verbatim) if row.mirror and verbatim is not None else verbatim,
        "aus": mirrored_units(driver.aus) if row.mirror else driver.aus,
        "licence": _licence(driver, target),
        "parents": tuple(sorted({driver.clip_id, target.clip_id, *driver.parents, *target.parents})),
    }


def _licence(driver: Clip, target: Clip) -> str:
    if driver.licence == target.licence:
        return f"Derived: {driver.licence}"
    return f"Derived from two sources. Motion: {driver.licence} Face: {target.licence}"
