"""Decides which clips of a manifest a recogniser can be given, and says why not for the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow.compute as pc

from me_augment.errors import UsageError
from me_augment.face.geometry import interocular
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import covers
from me_augment.manifest.labels import class_of, classes_of
from me_augment.manifest.lineage import Lineage
from me_augment.manifest.sequence import Rows

_SHOWN = 12


@dataclass(frozen=True)
class Skipped:
    """A clip of the manifest that cannot be used."""

    clip_id: str
    name: str
    reason: str


@dataclass(frozen=True)
class Labelled:
    """A clip that can be used, with its class and the class' index."""

    clip: Clip
    label: str
    index: int


@dataclass(frozen=True)
class Selection:
    """The clips of a manifest, divided.

    Attributes:
        classes: the label set's classes in index order.
        chosen: clips that can be used.
        skipped: all others.
    """

    classes: tuple[str, ...]
    chosen: tuple[Labelled, ...]
    skipped: tuple[Skipped, ...]


def select(
    manifest: Manifest,
    labels: str,
    protocol: str | None = None,
    *,
    motion: bool = True,
    face: bool = True,
    light: bool = False,
) -> Selection:
    """Divide a manifest's clips by whether they have a class, an onset, an apex and a face.

    Args:
        manifest: the clips.
        labels: name of the label set.
        protocol: real clips outside this published protocol are left out, and so are synthetic clips whose motion
            comes from such a clip or from no clip at all; None takes all.
        motion: they need an onset and an apex after it; without, frames from onset to offset are enough.
        face: they need landmarks.
        light: give the rows without their landmarks, which are more than half of a row; `Manifest.clip_of` has them.

    Raises:
        UsageError: there is no such label set or protocol, a corpus folder is not there, or no clip of a corpus was
            ever searched for a face.
    """
    classes_of(labels, [])  # an unknown label set is said before anything else
    _require_protocol(manifest, protocol)
    lineage, drivers = Lineage(manifest.clip_table), _drivers(manifest)
    labelled: list[tuple[Clip, str, str | None]] = []
    searched: dict[str, bool] = defaultdict(bool)
    skipped: list[Skipped] = []
    for clip in manifest.clips:
        label = class_of(labels, clip)
        reason = _no_expression(clip, lineage) or _outside(clip, drivers, protocol)
        if reason is None and label is not None:
            reason = (_no_motion(clip) if motion else _no_span(clip)) or _no_recording(manifest, clip)
            reason = reason or (_no_face(clip) if face else None)
            if not clip.is_synthetic:
                searched[clip.corpus] |= _was_searched(clip)
            labelled.append((replace(clip, landmarks=None) if light else clip, label, reason))
        else:
            skipped.append(Skipped(clip.clip_id, clip.name, reason or _no_class(clip, labels)))
    if face:
        _require_landmarks(searched)
    clips = [clip for clip, _, _ in labelled]
    _require_roots(manifest, clips)

    classes = classes_of(labels, clips)
    chosen: list[Labelled] = []
    for clip, label, reason in labelled:
        if reason is None:
            chosen.append(Labelled(clip, label, classes.index(label)))
        else:
            skipped.append(Skipped(clip.clip_id, clip.name, reason))
    return Selection(classes, tuple(chosen), tuple(skipped))


def require_folds(chosen: Iterable[Clip], skipped: Sequence[Skipped], manifest: Manifest, labels: str) -> None:
    """UsageError unless the chosen clips show the real micro-expressions of at least two persons."""
    persons = {clip.person_id for clip in chosen if not clip.is_synthetic}
    if len(persons) > 1:
        return
    if persons:
        raise UsageError(
            f"the real clips that can be used for the label set {labels!r} are all of {persons.pop()}: to hold out one "
            "person and train on others takes two."
        )
    words = sorted({clip.emotion for clip in manifest.clips if clip.emotion})
    there = ", ".join(words[:_SHOWN]) + (" …" if len(words) > _SHOWN else "") if words else "none"
    synthetic = {clip.clip_id for clip in manifest.clips if clip.is_synthetic}
    reasons = Counter(row.reason for row in skipped if row.clip_id not in synthetic).most_common(1)
    why = f" The commonest reason: {reasons[0][0].rstrip('.')} ({reasons[0][1]} clips)." if reasons else ""
    raise UsageError(f"no real clip is left for the label set {labels!r}; emotions in the manifest: {there}.{why}")


def _drivers(manifest: Manifest) -> dict[str, Clip]:
    """Id → clip, of the clips whose motion others show."""
    table = manifest.clip_table
    ids = table.column("driver_clip_id").unique().drop_null()
    rows = Rows(Clip, table).where(pc.is_in(table.column("clip_id"), ids))
    return {clip.clip_id: clip for clip in rows}


def _no_expression(clip: Clip, lineage: Lineage) -> str | None:
    if clip.status != "ok":
        return clip.reason or f"its status is {clip.status}"
    if clip.expression != "micro":
        return {
            "neutral": "a face without an event",
            "macro": "a macro-expression, and the format holds micro-expressions",
        }.get(clip.expression, f"its expression is {clip.expression!r}")
    return forgets(clip, lineage)


def forgets(clip: Clip, lineage: Lineage) -> str | None:
    """Whom the row of a clip forgets to name, so that folds would leak with it; None where it names everybody."""
    contributors = lineage.contributors(clip.clip_id)
    if unnamed := sorted(person for person in contributors if not covers(clip.forbidden_subjects, person)):
        return f"its forbidden_subjects lacks {', '.join(unnamed)}, who contributed to it"
    return None


def _outside(clip: Clip, drivers: Mapping[str, Clip], protocol: str | None) -> str | None:
    """Why a protocol excludes a clip; a synthetic clip goes with the clip that its label comes from."""
    source = drivers.get(clip.driver_clip_id or "", clip) if clip.is_synthetic else clip
    if protocol is None or protocol in source.protocols:
        return None
    if clip.action_units is not None:
        return f"it has no driver, and its action units are no part of the protocol {protocol!r}"
    return f"{'its driver' if clip.is_synthetic else 'it'} is not in the protocol {protocol!r}"


def _no_class(clip: Clip, labels: str) -> str:
    if labels == "objective":
        return "it has no objective class"
    if labels == "au":
        return "it has no active action unit"
    if clip.emotion is None:
        return "it has no emotion"
    whose = "its action units" if clip.action_units else "its driver" if clip.is_synthetic else clip.corpus
    return f"the label set {labels!r} has no class for the emotion {clip.emotion!r} of {whose}"


def _no_span(clip: Clip) -> str | None:
    return None if clip.n_frames > 0 else "its onset or offset frame is not known"


def _no_motion(clip: Clip) -> str | None:
    if clip.onset_index is None:
        return "its onset frame is not known"
    if clip.apex_index is None:
        return "its apex frame is not known"
    if clip.apex_index <= clip.onset_index:
        return "its apex does not lie after its onset, so there is no motion between them"
    return None


def _no_recording(manifest: Manifest, clip: Clip) -> str | None:
    return None if clip.recording_id in manifest.recording_of else "its recording is not in the manifest"


def _no_face(clip: Clip) -> str | None:
    if clip.landmarks is None:
        found = [issue.detail for issue in clip.issues if issue.code in ("no-face", "unreadable")]
        return found[0] if found else "it has no landmarks"
    points = np.asarray(clip.landmarks, np.float64)
    if points.size != 136 or not np.isfinite(points).all() or interocular(points.reshape(68, 2)) < 1:
        return "its landmarks are not 68 points of a face"
    return None


def _require_protocol(manifest: Manifest, protocol: str | None) -> None:
    if protocol is None:
        return
    known = sorted(pc.list_flatten(manifest.clip_table.column("protocols")).unique().to_pylist())
    if protocol not in known:
        there = f"choose one of {', '.join(known)}" if known else "its clips name none"
        raise UsageError(f"the manifest has no protocol {protocol!r}: {there}.")


def _was_searched(clip: Clip) -> bool:
    """Whether somebody looked for a face in it."""
    return clip.landmarks is not None or any(issue.code in ("no-face", "unreadable") for issue in clip.issues)


def _require_landmarks(searched: Mapping[str, bool]) -> None:
    if never := sorted(corpus for corpus, done in searched.items() if not done):
        raise UsageError(
            f"no clip of {', '.join(never)} has landmarks, which the flow is aligned by: make the manifest again with "
            "`me-augment ingest`, without --no-landmarks."
        )


def _require_roots(manifest: Manifest, clips: Iterable[Clip]) -> None:
    """Say once that a corpus is not mounted, not for each of its clips."""
    if all(base.is_dir() for key, base in manifest.roots.items() if key):
        return
    recordings = {clip.recording_id for clip in clips}
    for recording in manifest.recordings:
        base = manifest.roots.get(recording.root)
        if recording.recording_id in recordings and recording.root and base is not None and not base.is_dir():
            manifest.path_of(recording)  # raises
