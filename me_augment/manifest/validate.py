"""Checks of a manifest's rows against each other, each finding one sentence that names table, row and field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import isfinite
from types import MappingProxyType

import pyarrow as pa

from me_augment.errors import MeAugmentError, UsageError
from me_augment.manifest.folds import covers
from me_augment.manifest.rows import EXPRESSIONS, STATUSES, STORAGES, Clip, Recording
from me_augment.manifest.sequence import table_of
from me_augment.manifest.store import Manifest
from me_augment.words import count

# Issues by which a reader says that a label itself is out of order.
_DISORDER = ("order", "apex-outside")


def findings(manifest: Manifest, *, check_files: bool = False) -> list[str]:
    """All that is wrong with a manifest, as sentences; empty when it is sound.

    Args:
        manifest: the rows to check.
        check_files: also check that every recording lies where its row says.
    """
    return [
        *row_findings(manifest.recordings, manifest.clips),
        *(_files(manifest) if check_files else ()),
    ]


def row_findings(
    recordings: Sequence[Recording], clips: Sequence[Clip], known: Mapping[str, Recording] = MappingProxyType({})
) -> list[str]:
    """All that is wrong with some rows of a manifest, as sentences.

    Args:
        recordings, clips: the rows to check; whether ids are unique is judged among them alone.
        known: by id, further recordings that the clips may name.
    """
    tables = {"recordings": table_of(Recording, recordings), "clips": table_of(Clip, clips)}
    # Of many recordings, as in a large run, only what the clips are compared with.
    own = tables["recordings"].select(["recording_id", "n_frames"]).to_pydict()
    frames = dict(zip(own["recording_id"], own["n_frames"], strict=True))
    return [
        *_nulls(tables),
        *_duplicates("recordings", [r.recording_id for r in recordings]),
        *_duplicates("clips", [c.clip_id for c in clips]),
        *(line for r in recordings for line in _recording(r)),
        *(line for c in clips for line in _clip(c, frames, known)),
    ]


def _nulls(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    # Arrow's own validation does not enforce `nullable=False`.
    for name, table in tables.items():
        for field in table.schema:
            if not field.nullable and table.column(field.name).null_count:
                yield f"{name}.parquet: column {field.name} has empty cells; it must always be filled."


def _duplicates(table: str, ids: list[str]) -> Iterator[str]:
    for value, times in Counter(ids).items():
        if times > 1:
            yield f"{table}.parquet: the id {value} stands in {times} rows; ids are unique."


def _recording(row: Recording) -> Iterator[str]:
    where = f"recordings.parquet, {row.path}"
    if row.storage not in STORAGES:
        yield f"{where}: storage {row.storage!r} is none of {', '.join(STORAGES)}."
    if row.n_frames < 1:
        yield f"{where}: n_frames is {row.n_frames}; a recording has at least one frame."
    if row.first_number > row.last_number:
        yield f"{where}: first_number {row.first_number} lies after last_number {row.last_number}."
    if row.path.startswith("/") or ".." in row.path.split("/"):
        yield f"{where}: the path leaves its root."


def _clip(row: Clip, frames_of: Mapping[str, int], known: Mapping[str, Recording]) -> Iterator[str]:
    where = f"clips.parquet, {row.name} ({row.clip_id})"
    if row.expression not in EXPRESSIONS:
        yield f"{where}: expression {row.expression!r} is none of {', '.join(EXPRESSIONS)}."
    if row.status not in STATUSES:
        yield f"{where}: status {row.status!r} is none of {', '.join(STATUSES)}."
    if row.status != "ok" and not row.reason:
        yield f"{where}: its status is {row.status}, but it gives no reason."
    if row.recording_id is None:
        if row.status != "failed":
            yield f"{where}: it is {row.status} but names no recording."
    elif (n_frames := _frames(row.recording_id, frames_of, known)) is None:
        yield f"{where}: recording_id {row.recording_id} is not in recordings.parquet."
    else:
        for name in ("onset_index", "apex_index", "offset_index"):
            value = getattr(row, name)
            if value is not None and not 0 <= value < n_frames:
                yield f"{where}: {name} {value} is outside the recording's {n_frames} frames."
    there = [n for n in ("onset_index", "apex_index", "offset_index") if getattr(row, n) is not None]
    for first, second in pairwise(there):
        if getattr(row, first) > getattr(row, second) and not any(i.code in _DISORDER for i in row.issues):
            yield f"{where}: {first} {getattr(row, first)} lies after {second} {getattr(row, second)}."
    if row.landmarks is not None and len(row.landmarks) != 136:
        yield f"{where}: landmarks has {len(row.landmarks)} numbers; 68 points make 136."
    if row.landmarks is not None and not all(map(isfinite, row.landmarks)):
        yield f"{where}: landmarks has numbers that are not finite; pixels are."
    contributors = {
        row.person_id,
        row.driver_person_id,
        row.target_person_id,
        *row.generator_training_subjects,
    }
    left_out = sorted(person for person in contributors if person and not covers(row.forbidden_subjects, person))
    if left_out:
        yield f"{where}: forbidden_subjects lacks {', '.join(left_out)}, who contributed to the clip."
    if row.is_synthetic:
        driven = (
            ("driver_clip_id", "driver_person_id") if row.action_units is None and row.expression != "neutral" else ()
        )
        for name in (*driven, "target_clip_id", "target_person_id", "generator", "seed"):
            if getattr(row, name) is None:
                yield f"{where}: it is synthetic but {name} is empty."


def _frames(recording_id: str, frames_of: Mapping[str, int], known: Mapping[str, Recording]) -> int | None:
    if recording_id in frames_of:
        return frames_of[recording_id]
    recording = known.get(recording_id)
    return None if recording is None else recording.n_frames


def _files(manifest: Manifest) -> Iterator[str]:
    for recording in manifest.recordings:
        try:
            if not manifest.path_of(recording).exists():
                yield f"recordings.parquet: {manifest.path_of(recording)} does not exist."
        except UsageError as error:
            yield str(error)
            return


def require_sound(manifest: Manifest) -> Manifest:
    """Return the manifest, or raise MeAugmentError with the first findings and their number."""
    _raise(findings(manifest))
    return manifest


def require_sound_rows(
    recordings: Sequence[Recording], clips: Sequence[Clip], known: Mapping[str, Recording] = MappingProxyType({})
) -> None:
    """Raise MeAugmentError with the first of the `row_findings` and their number, where there are any."""
    _raise(row_findings(recordings, clips, known))


def _raise(found: list[str]) -> None:
    if found:
        raise MeAugmentError(
            f"the manifest has {count(len(found), 'problem')}: "
            + " ".join(found[:3])
            + (" …" if len(found) > 3 else "")
        )
