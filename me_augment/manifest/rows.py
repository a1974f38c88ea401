"""What a recording, a clip and a synthetic clip's origin are: the one place where the manifest's columns are named."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from me_augment.manifest.au import ActionUnit
from me_augment.manifest.columns import column, struct_of

STORAGES = ("frames", "video", "image")
EXPRESSIONS = ("micro", "macro", "neutral")
STATUSES = ("ok", "rejected", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Something found on a row that a reader of the data should know; the row stays.

    `code` is a stable word to filter by (`frame-missing`), `detail` a sentence for a person.
    """

    code: str
    detail: str


_ISSUES = pa.list_(struct_of(Issue, {"code": pa.string(), "detail": pa.string()}))
_UNITS = pa.list_(
    struct_of(
        ActionUnit,
        {
            "kind": pa.string(),
            "number": pa.int16(),
            "side": pa.string(),
            "intensity": pa.string(),
            "status": pa.string(),
            "group": pa.int16(),
        },
    )
)
_STRINGS = pa.list_(pa.string())


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One video on disk: a folder of frame images, a video file or a single image."""

    recording_id: str = column(pa.string(), "Content-independent id: hash of corpus, root key and path.")
    corpus: str = column(pa.string(), "Corpus the recording belongs to, e.g. `casme2`; `synthetic` for ours.")
    root: str = column(pa.string(), "Key into `roots` of manifest.json: the folder that `path` starts from.")
    path: str = column(pa.string(), "Path below the root, with forward slashes.")
    storage: str = column(pa.string(), "`frames` (folder of images), `video` (one file) or `image`.")
    frame_pattern: str | None = column(
        pa.string(), "Name of a frame file with `{n}` for its number (`reg_img{n}.jpg`).", default=None
    )
    first_number: int = column(pa.int32(), "Smallest frame number present; 0 for video files and images.")
    last_number: int = column(pa.int32(), "Largest frame number present.")
    n_frames: int = column(pa.int32(), "Frames present (fewer than last - first + 1 where some are missing).")
    fps_num: int | None = column(pa.int32(), "Frame rate, numerator.", default=None)
    fps_den: int | None = column(pa.int32(), "Frame rate, denominator.", default=None)
    height: int = column(pa.int32(), "Frame height in pixels.")
    width: int = column(pa.int32(), "Frame width in pixels.")
    gray: bool = column(pa.bool_(), "Stored with one channel.")
    bit_depth: int = column(pa.int8(), "Bits per channel, 8 or 16.")
    subject: str = column(pa.string(), "Subject as the corpus writes it, in its canonical spelling (`sub01`).")
    person_id: str = column(pa.string(), "The person, across corpora and camera views (`casme2:sub01`).")
    issues: tuple[Issue, ...] = column(_ISSUES, "What was odd about the recording.", default=(), item=Issue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One labelled event in a recording, real or synthetic."""

    clip_id: str = column(pa.string(), "Hash of what the clip is: corpus, person, span and frame content.")
    name: str = column(pa.string(), "Name for people, unique in a corpus: `sub01/EP02_01f`.")
    corpus: str = column(pa.string(), "Corpus the clip belongs to; `synthetic` for ours.")
    recording_id: str | None = column(
        pa.string(), "Recording that holds the frames; null only where `status` is `failed`.", default=None
    )
    subject: str = column(pa.string(), "Whose face is seen, in the corpus' spelling; of a synthetic clip the target's.")
    person_id: str = column(pa.string(), "The person whose face is seen, across corpora and camera views.")
    onset: int | None = column(pa.int32(), "Onset frame, the corpus' own number.", default=None)
    apex: int | None = column(pa.int32(), "Apex frame, the corpus' own number.", default=None)
    offset: int | None = column(pa.int32(), "Offset frame (last frame), the corpus' own number.", default=None)
    onset_index: int | None = column(pa.int32(), "0-based position of the onset in the recording.", default=None)
    apex_index: int | None = column(pa.int32(), "0-based position of the apex in the recording.", default=None)
    offset_index: int | None = column(
        pa.int32(), "0-based position of the offset in the recording, inclusive.", default=None
    )
    apex_estimated: bool = column(pa.bool_(), "The apex is an estimate, not an annotation.", default=False)
    expression: str = column(pa.string(), "`micro`, `macro` or `neutral` (a face without event).")
    emotion: str | None = column(pa.string(), "Emotion word, verbatim.", default=None)
    label_megc3: str | None = column(
        pa.string(), "MEGC2019 class: `negative`, `positive`, `surprise`; null where dropped.", default=None
    )
    label_casme2_5: str | None = column(
        pa.string(), "Class of CASME II's 5-class protocol; null where dropped.", default=None
    )
    label_samm_5: str | None = column(
        pa.string(), "Class of SAMM's 5-class protocol; null where dropped.", default=None
    )
    objective_class: int | None = column(pa.int8(), "Objective (AU-based) class 1-7.", default=None)
    au_verbatim: str | None = column(pa.string(), "Action units as the sheet writes them.", default=None)
    aus: tuple[ActionUnit, ...] = column(_UNITS, "Action units, parsed.", default=(), item=ActionUnit)
    protocols: tuple[str, ...] = column(_STRINGS, "Published protocols that include the clip.", default=())
    licence: str = column(pa.string(), "Terms under which the frames may be used.")
    issues: tuple[Issue, ...] = column(_ISSUES, "What was odd about the row.", default=(), item=Issue)
    landmarks: tuple[float, ...] | None = column(
        pa.list_(pa.float32()),
        "68 iBUG landmarks of the onset frame, x0 y0 x1 y1 …, pixels; null where no face was found.",
        default=None,
    )
    content_sha256: str | None = column(pa.string(), "Hash of the stored frames onset..offset.", default=None)
    is_synthetic: bool = column(pa.bool_(), "Made by this tool.", default=False)
    driver_clip_id: str | None = column(pa.string(), "Clip whose motion and label were taken.", default=None)
    action_units: str | None = column(
        pa.string(), "Specification that was performed without a driver, before any mirroring.", default=None
    )
    action_units_basis: str | None = column(
        pa.string(), "Fingerprint of the basis that gave their motion; null for the built-in table.", default=None
    )
    target_clip_id: str | None = column(pa.string(), "Clip whose onset face was animated.", default=None)
    driver_person_id: str | None = column(pa.string(), "Person whose motion was taken.", default=None)
    target_person_id: str | None = column(pa.string(), "Person whose face was animated.", default=None)
    parents: tuple[str, ...] = column(_STRINGS, "All clips this one descends from, ancestors included.", default=())
    generator: str | None = column(pa.string(), "Generator that made the clip.", default=None)
    generator_version: str | None = column(pa.string(), "Version of the generator's arithmetic.", default=None)
    generator_training_subjects: tuple[str, ...] = column(
        _STRINGS,
        "Persons whose data trained the generator, or gave the motion of action units; `casme2:*` is a whole corpus.",
        default=(),
    )
    forbidden_subjects: tuple[str, ...] = column(
        _STRINGS,
        "Persons whose fold must not train on this clip: everyone who contributed to it in any way; `casme2:*` is "
        "everybody of a corpus.",
    )
    seed: int | None = column(pa.int64(), "Seed of every random choice made for the clip.", default=None)
    strength: float | None = column(pa.float64(), "Factor on the driver's displacement.", default=None)
    mirror: bool = column(pa.bool_(), "The motion was mirrored left to right, and the sides of `aus`.", default=False)
    asymmetry: float | None = column(
        pa.float64(), "The left side of the face seen moves 1 + this times as much, the right 1 - this.", default=None
    )
    time_scale: float | None = column(pa.float64(), "Factor on the driver's duration.", default=None)
    tempo_onset: float | None = column(
        pa.float64(), "Factor on the driver's duration from onset to apex, as it came out.", default=None
    )
    tempo_offset: float | None = column(
        pa.float64(), "Factor on the driver's duration from apex to offset, as it came out.", default=None
    )
    eyes: float | None = column(pa.float64(), "Factor on the driver's blinks and shifts of gaze.", default=None)
    shading: float | None = column(
        pa.float64(), "Factor on the change of brightness that the expression brought.", default=None
    )
    transforms: tuple[str, ...] = column(_STRINGS, "Further transforms, as JSON, in order.", default=())
    peak_displacement_px: float | None = column(
        pa.float32(), "Largest displacement applied to the target in any frame, pixels.", default=None
    )
    peak_displacement_iod: float | None = column(
        pa.float32(), "The same in interocular distances (between the centres of the eyes) of the target.", default=None
    )
    quality_reliability: float | None = column(
        pa.float32(), "Share of the driver's measured motion that is not noise; below 0.5 the next four are null.",
        default=None,
    )  # fmt: skip
    quality_correlation: float | None = column(
        pa.float32(), "Correlation of the motion of 18 regions with the driver's, carried to this face.", default=None
    )
    quality_gain: float | None = column(
        pa.float32(), "Strength of that motion relative to what `strength` asked for.", default=None
    )
    quality_nrmse: float | None = column(
        pa.float32(), "Root mean square error of that motion over its root mean square.", default=None
    )
    quality_spill: float | None = column(
        pa.float32(), "Motion of regions that should stand still over that of the liveliest one.", default=None
    )
    quality_head: float | None = column(
        pa.float32(), "Head motion left in the clip, root mean square, interocular distances.", default=None
    )
    quality_head_ratio: float | None = column(
        pa.float32(), "The same over the driver's head motion; null where the driver's head stood still.", default=None
    )
    quality_flicker: float | None = column(
        pa.float32(), "Root mean square change over time of still pixels, grey levels of 255.", default=None
    )
    quality_identity: float | None = column(
        pa.float32(), "1 - SSIM of the target's face with the clip's after its motion was undone.", default=None
    )
    quality_fold: float | None = column(
        pa.float32(), "Smallest factor on the area of a patch of skin; 0 or less where the face folds.", default=None
    )
    quality_lost: float | None = column(
        pa.float32(), "Share of the face's points that a tracker loses at worst: torn or covered skin.", default=None
    )
    status: str = column(
        pa.string(), "`ok`; `rejected` (made, but below a quality gate) or `failed` (not made), with `reason`.",
        default="ok",
    )  # fmt: skip
    reason: str | None = column(pa.string(), "Why the clip was rejected or could not be made.", default=None)

    @property
    def n_frames(self) -> int:
        """Frames from onset to offset, both included; 0 where the span is unknown."""
        if self.onset_index is None or self.offset_index is None:
            return 0
        return self.offset_index - self.onset_index + 1
