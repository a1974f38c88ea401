"""The making of one long video: a planned row → frames in a file, a row for the video and one for each event in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.face.geometry import interocular
from me_augment.flow.field import eight_bit
from me_augment.generation import Rendition
from me_augment.generation.action_units import VERSION as UNITS_VERSION
from me_augment.generation.action_units import draw_profile, perform, read_specification
from me_augment.generation.au_basis import Basis
from me_augment.generation.canonical_face import CanonicalFace
from me_augment.generation.edits import edited
from me_augment.generation.idle import IdleHead, swell
from me_augment.generation.long_take import FilmedTake, Part, StillTake
from me_augment.generation.motion import DriverMotion, Measure
from me_augment.generation.warp import make_carrier
from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.au import mirrored_cell, mirrored_units, parse_aus
from me_augment.manifest.au_emotions import emotion_of, objective_class_of
from me_augment.manifest.ids import content_id
from me_augment.manifest.labels import BY_ACTION_UNITS, columns_of_driver, label_columns
from me_augment.manifest.rows import Issue
from me_augment.manifest.showing import Hidden, flags
from me_augment.synthesis.contributors import Closure
from me_augment.synthesis.events import PlannedEvent, SpottingSettings
from me_augment.synthesis.made import made_recording
from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.spotting_plan import RELEASE, macro_profile
from me_augment.video import synthetic_comment, write_lossless
from me_augment.video.recording import open_recording
from me_augment.video.source import FrameSource

# An expression whose every pixel moves less than this does not show its label.
_LEAST_MOTION_PX = 0.05
_KEPT_DRIVERS = 8
_WHAT = {
    "blink": "a blink, no expression",
    "gaze": "a shift of gaze, no expression",
    "head-turn": "a turn of the head, no expression",
}


@dataclass(frozen=True)
class MadeVideo:
    """A video's row, those of the events in it, and its recording."""

    video: Clip
    events: tuple[Clip, ...]
    recording: Recording


class VideoMaker:
    """Makes the long videos of one run.

    Args:
        real: manifest with the drivers and targets of the plan.
        spotting: of the run's settings.
        basis: what gives the motion of action units in place of the table.
        version: of the generator.
        measure: measures dense motion, or remembers it.
    """

    def __init__(
        self, real: Manifest, spotting: SpottingSettings, basis: Basis | None, version: str, measure: Measure
    ) -> None:
        self._real, self._spotting, self._basis = real, spotting, basis
        self._version, self._measure = version, measure
        self._clip_of = {clip.clip_id: clip for clip in real.clips}
        self._close, self._hidden = Closure(real.clips), Hidden(real.clips)
        self._observed = lru_cache(maxsize=_KEPT_DRIVERS)(self._observe)

    def make(self, row: PlannedClip, path: Path, relative: str) -> MadeVideo:
        """Make one video.

        Args:
            row: what to make.
            path: the .mkv file to write.
            relative: where that file will lie in the run's folder.

        Raises:
            MeAugmentError: an expression cannot be carried to the face, shows nothing, or a file cannot be read or
                written.
        """
        target = self._clip_of[row.target_clip_id]
        assert target.onset_index is not None
        source, real = self._source(target), self._real.recording_of[target.recording_id or ""]
        face = eight_bit(source.read([target.onset_index])[0])
        points = _points(target)
        rate = Fraction(row.fps_num or 0, row.fps_den or 1)
        release = round(RELEASE * rate)
        parts = [self._part(event, face, points, rate, release) for event in row.events if event.is_expression]
        take: StillTake | FilmedTake
        if row.background_start is None:
            take = self._still(row, face, points, parts, rate)
        else:
            take = FilmedTake(face, points, parts, _reader(source, row.background_start))
        gray = real.gray
        frames = (np.ascontiguousarray(f[..., 1]) if gray and f.ndim == 3 else f for f in take.frames(row.n_frames))
        comment = synthetic_comment(f"warp {self._version}", "video with expressions")
        count = write_lossless(path, frames, rate, {"title": row.clip_id, "comment": comment})
        if count != row.n_frames:
            raise MeAugmentError(f"{count} frames were made, the plan has {row.n_frames}")
        if parts and take.peak_displacement_px < _LEAST_MOTION_PX:
            raise MeAugmentError("the expressions move this face less than a picture shows")
        recording = made_recording(relative, count, (row.fps_num, row.fps_den), face, target, gray=gray, bit_depth=8)
        whole = self.row(row, recording.recording_id)
        events = tuple(
            self._event_row(row, event, number, whole, take.landmarks(event.onset))
            for number, event in enumerate(row.events)
        )
        first = tuple(take.landmarks(0).ravel().tolist())
        return MadeVideo(replace(whole, landmarks=first), events, recording)

    def row(self, row: PlannedClip, recording_id: str | None) -> Clip:
        """The row of the video as a whole: a face at rest, and everybody who contributed to it."""
        target = self._clip_of[row.target_clip_id]
        drivers = [self._clip_of[name] for name in sorted({e.driver_clip_id for e in row.events if e.driver_clip_id})]
        units = any(event.action_units and event.is_expression for event in row.events)
        trainers = set(self._basis.person_ids) if units and self._basis else set()
        parents = {target.clip_id, *target.parents}
        parents.update(*({driver.clip_id, *driver.parents} for driver in drivers))
        licences = [
            target.licence,
            *(d.licence for d in drivers),
            *([self._basis.licence] if trainers and self._basis else []),
        ]
        detail = "a long video; its expressions have rows of their own"
        if row.background_start is not None:
            last = row.background_start + row.n_frames - 1
            detail = (
                f"positions {row.background_start} to {last} of the recording of {target.name}, with expressions put "
                "in; what its eyes and head do there is not labelled"
            )
        return Clip(
            clip_id=row.clip_id,
            name=f"{target.subject} video {row.clip_id[-6:]}",
            corpus="synthetic",
            recording_id=recording_id,
            subject=target.subject,
            person_id=target.person_id,
            onset=0,
            offset=row.n_frames - 1,
            onset_index=0,
            offset_index=row.n_frames - 1,
            expression="neutral",
            licence=f"Derived: {' '.join(dict.fromkeys(licences))}",
            issues=(*self._hidden.issues((target, *drivers)), Issue(code="long-video", detail=detail)),
            landmarks=target.landmarks,
            is_synthetic=True,
            target_clip_id=target.clip_id,
            driver_person_id=row.driver_person_id,
            target_person_id=target.person_id,
            parents=tuple(sorted(parents)),
            generator="warp",
            generator_version=f"{self._version} action-units {UNITS_VERSION}" if units else self._version,
            generator_training_subjects=tuple(sorted(trainers)),
            forbidden_subjects=self._close((target, *drivers), trainers),
            action_units_basis=self._basis.fingerprint if trainers and self._basis else None,
            seed=row.seed,
            strength=1.0,
        )

    def _event_row(
        self, row: PlannedClip, event: PlannedEvent, number: int, whole: Clip, landmarks: NDArray[np.float32]
    ) -> Clip:
        common: dict[str, Any] = {
            "clip_id": content_id("syn", row.clip_id, number),
            "name": f"{whole.name} {event.kind} {number + 1}",
            "onset": event.onset,
            "apex": event.apex,
            "offset": event.offset,
            "onset_index": event.onset,
            "apex_index": event.apex,
            "offset_index": event.offset,
            "landmarks": tuple(landmarks.ravel().tolist()),
        }
        if not event.is_expression:
            return replace(
                whole,
                **common,
                action_units=event.action_units,
                au_verbatim=event.action_units,
                aus=parse_aus(event.action_units or "").units,
                issues=(*flags(whole), Issue(code="distractor", detail=_WHAT[event.kind])),
            )
        return replace(
            whole,
            **common,
            **(self._labels_of_driver(event) if event.driver_clip_id else _labels_of_units(event)),
            issues=flags(whole),
            expression=event.kind,
            seed=event.seed,
            strength=event.strength,
            mirror=event.mirror,
            asymmetry=event.asymmetry,
            tempo_onset=event.tempo_onset,
            tempo_offset=event.tempo_offset,
        )

    def _labels_of_driver(self, event: PlannedEvent) -> dict[str, Any]:
        driver = self._clip_of[event.driver_clip_id or ""]
        verbatim = driver.au_verbatim
        return {
            "driver_clip_id": driver.clip_id,
            "driver_person_id": driver.person_id,
            "apex_estimated": driver.apex_estimated,
            "emotion": driver.emotion,
            **columns_of_driver(driver),
            "au_verbatim": mirrored_cell(verbatim) if event.mirror and verbatim is not None else verbatim,
            "aus": mirrored_units(driver.aus) if event.mirror else driver.aus,
        }

    def _part(
        self, event: PlannedEvent, face: NDArray[Any], points: NDArray[np.float32], rate: Fraction, release: int
    ) -> Part:
        if event.driver_clip_id is not None:
            motion = self._observed(event.driver_clip_id)
        else:
            canonical = CanonicalFace.like(points)
            profile = draw_profile(event.seed, rate) if event.kind == "micro" else macro_profile(event.seed, rate)
            motion = perform(
                read_specification(event.action_units or ""),
                profile,
                seed=event.seed,
                face=canonical,
                patterns=self._basis.on(canonical) if self._basis else None,
            )
        rendition = Rendition(
            strength=event.strength, mirror=event.mirror, asymmetry=event.asymmetry, times=event.times or None
        )
        motion = edited(motion, rendition)
        if len(motion) != event.offset - event.onset + 1:
            raise MeAugmentError(
                f"{event.kind} at {event.onset} has {len(motion)} frames, the plan {event.offset - event.onset + 1}"
            )
        return Part(event.onset, motion, make_carrier(motion, points, face.shape[:2]), rendition, release)

    def _still(
        self,
        row: PlannedClip,
        face: NDArray[np.uint8],
        points: NDArray[np.float32],
        parts: Sequence[Part],
        rate: Fraction,
    ) -> StillTake:
        idle = IdleHead.drawn(row.seed, points, interocular(points), self._spotting.head_motion)

        def at(t: int, kind: str) -> tuple[float, tuple[float, float]]:
            for event in row.events:
                if event.kind == kind and event.onset <= t <= event.offset:
                    level = swell(t - event.onset, *event.times)
                    return level, (level * event.x, level * event.y)
            return 0.0, (0.0, 0.0)

        return StillTake(
            face if face.ndim == 3 else np.repeat(face[..., None], 3, axis=-1),
            points,
            parts,
            head=lambda t: idle.at(t / float(rate), at(t, "head-turn")[1]),
            blink=lambda t: at(t, "blink")[0],
            gaze=lambda t: at(t, "gaze")[1],
            noise=self._spotting.noise,
            seed=row.seed,
        )

    def _observe(self, clip_id: str) -> DriverMotion:
        driver = self._clip_of[clip_id]
        assert driver.onset_index is not None
        assert driver.offset_index is not None
        frames = list(self._source(driver).read(range(driver.onset_index, driver.offset_index + 1)))
        return self._measure(frames, _points(driver))

    def _source(self, clip: Clip) -> FrameSource:
        return open_recording(self._real, self._real.recording_of[clip.recording_id or ""])


def _labels_of_units(event: PlannedEvent) -> dict[str, Any]:
    cell = event.action_units or ""
    units = read_specification(cell)
    emotion = emotion_of(units)
    return {
        "action_units": cell,
        "driver_person_id": None,
        "emotion": emotion,
        **label_columns(BY_ACTION_UNITS, emotion),
        "objective_class": objective_class_of(units),
        "au_verbatim": mirrored_cell(cell) if event.mirror else cell,
        "aus": mirrored_units(units) if event.mirror else units,
    }


def _reader(source: FrameSource, start: int) -> Callable[[Sequence[int]], NDArray[np.uint8]]:
    def read(positions: Sequence[int]) -> NDArray[np.uint8]:
        return eight_bit(source.read([start + position for position in positions]))

    return read


def _points(clip: Clip) -> NDArray[np.float32]:
    return np.asarray(clip.landmarks, np.float32).reshape(68, 2)
