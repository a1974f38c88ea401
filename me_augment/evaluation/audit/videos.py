"""Reads the long videos of a spotting export: who had a part in each, and which train and test with whom held out."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from me_augment.errors import MeAugmentError
from me_augment.evaluation.audit.known import Names, both
from me_augment.evaluation.audit.listing import Entry, Known
from me_augment.evaluation.audit.origin import Origin
from me_augment.manifest import Clip

VIDEOS, FOLDS = "videos.csv", "folds.json"
_COLUMNS = {"video", "subject", "origin", "person_id", "forbidden_subjects", "recording"}
_ORIGINS = ("real", "synthetic")
_PARTS = ("train", "test")


def read_videos(folder: Path) -> list[dict[str, Any]] | None:
    """The rows of `videos.csv` in the form of an export's table, a video's name for its clip id; None where none is.

    Raises:
        MeAugmentError: it is no such table.
    """
    path = folder / VIDEOS
    if not path.is_file():
        return None
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MeAugmentError(f"{path} cannot be read ({error}): export again.") from error
    for line, row in enumerate(rows, 2):
        if not row.keys() >= _COLUMNS or None in row.values() or row["origin"] not in _ORIGINS:
            raise MeAugmentError(f"{path}, line {line} is no video of an export of long videos: export again.")
    return [
        {
            "name": row["video"],
            "clip_id": row["video"],
            "is_synthetic": row["origin"] == "synthetic",
            "subject": row["subject"],
            "person_id": _text(row["person_id"]),
            "forbidden_subjects": [_text(person) for person in row["forbidden_subjects"].split(";") if person],
            "recording": _text(row["recording"]),
        }
        for row in rows
    ]


def rows_of_clips(videos: Iterable[Mapping[str, Any]], origin: Origin | None) -> Iterator[dict[str, Any]]:
    """A row for each event that a manifest has in a video, in the form of an export's table; else one for the video."""
    events = _events(origin)
    for video in videos:
        yield from ({**video, "clip_id": clip.clip_id} for clip in events.get(video["recording"], ()))
        if video["recording"] not in events:
            yield dict(video)


def names_of_videos(videos: Iterable[Mapping[str, Any]], origin: Origin | None) -> Names:
    """The videos by name, with what a manifest says of all that happens in each."""
    names, events = Names(), _events(origin)
    for video in videos:
        person = frozenset([str(video["person_id"])])
        known = Known(
            source="the table",
            clip_id=str(video["name"]),
            is_synthetic=bool(video["is_synthetic"]),
            subject=None if video["is_synthetic"] else str(video["subject"]),
            persons=person,
            contributors=person | frozenset(video["forbidden_subjects"]),
        )
        for clip in events.get(video["recording"], ()):
            assert origin is not None
            known = replace(both(known, origin.known(clip)), clip_id=known.clip_id)
        names.add(known, [str(video["name"])])
    return names


def read_video_folds(folder: Path, known: Names) -> Iterator[Entry]:
    """The folds of `folds.json`: each holds out the person by whom it is called.

    Raises:
        MeAugmentError: it does not say which videos train and which are tested.
    """
    path = folder / FOLDS
    folds = json.loads(path.read_text(encoding="utf-8"))
    for person, parts in folds.items():
        if not isinstance(parts, dict) or set(parts) != set(_PARTS):
            raise MeAugmentError(f"{path}, {person}: it takes `train` and `test`, and nothing else: export again.")
        for part in _PARTS:
            for name in parts[part]:
                yield Entry(person, part, f"{FOLDS}, {person}, {part}, {name}", name, None, frozenset([person]))


def _events(origin: Origin | None) -> Mapping[str, list[Clip]]:
    """Path of a recording → what a manifest has in it; a path below two roots means both."""
    found: dict[str, list[Clip]] = defaultdict(list)
    if origin is not None:
        path_of = {row.recording_id: row.path for row in origin.manifest.recordings}
        for clip in origin.rows.values():
            if clip.status == "ok" and clip.recording_id in path_of:
                found[path_of[clip.recording_id]].append(clip)
    return dict(found)


def _text(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from computing it."""
    return cell.removeprefix("'")
