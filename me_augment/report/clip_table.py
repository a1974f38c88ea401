"""The rows of a manifest as a page holds them: column by column, words numbered, compressed."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from me_augment.evaluation.generation import FIGURES
from me_augment.report.quality import label_of
from me_augment.synthesis.performances import generator_in_words

MOST_ROWS = 50_000
"""Of a larger manifest so many rows are listed: 4 MB of page."""
_WORDS = {
    "name": "name",
    "clip_id": "clip",
    "emotion": "emotion",
    "au_verbatim": "action units",
    "expression": "expression",
    "person_id": "person seen",
    "driver_person_id": "performed there by",
    "driver_clip_id": "driving clip",
    "target_clip_id": "clip of the face",
    "action_units": "performed without a driver",
    "label_megc3": "class, MEGC 2019",
    "corpus": "corpus",
    "seed": "seed",
    "status": "status",
    "reason": "reason",
    "licence": "terms",
}
_LISTS = {
    "forbidden_subjects": "must not train the folds of",
    "generator_training_subjects": "its generator was trained on",
    "parents": "all clips it is made of",
    "transforms": "light and colour changed by",
}
_NUMBERS = {
    "onset": "onset",
    "apex": "apex",
    "offset": "offset",
    "strength": "strength (1: unchanged)",
    "tempo_onset": "time to the apex (1: unchanged)",
    "tempo_offset": "time after the apex (1: unchanged)",
    "asymmetry": "left side stronger by",
    "eyes": "share of blinks and gaze kept",
    "shading": "share of shading kept",
    "peak_displacement_iod": "largest motion, interocular distances",
    **{f"quality_{name}": label_of(name) for name in FIGURES},
}
_SWITCHES = {"is_synthetic": "synthetic", "mirror": "mirrored", "apex_estimated": "apex estimated"}


@dataclass(frozen=True)
class ClipTable:
    """Rows for the page.

    Attributes:
        data: base64 of gzip of JSON `{"rows": n, "columns": {name: {"label", …}}}`; a column has
            `values` (numbers, null unknown), or `words` and `at` (places in them, null unknown); of lists the words
            are lists.
        rows: in it.
        of: rows of the manifest.
    """

    data: str
    rows: int
    of: int


def clip_table(clips: pa.Table, always: Collection[str], most: int = MOST_ROWS) -> ClipTable:
    """Pack rows.

    Args:
        clips: all rows, with the columns of `Clip`.
        always: ids of clips that are listed whatever else is left out.
        most: rows; of more, all that were rejected or failed come first, and the others evenly spread.
    """
    kept = clips if len(clips) <= most else clips.take(pa.array(_sample(clips, always, most)))
    columns: dict[str, dict[str, Any]] = {}
    for name, label in {**_WORDS, **_LISTS, **_NUMBERS, **_SWITCHES}.items():
        columns[name] = {"label": label} | _packed(name, kept.column(name))
    pairs = zip(*(kept.column(name).to_pylist() for name in ("generator", "generator_version")), strict=True)
    columns["made_by"] = {"label": "generator"} | _numbered([generator_in_words(*pair) or None for pair in pairs])
    # What `reproduce` takes: of an event in a long video, the video.
    columns["made_as"] = {"label": "made as"} | _numbered(_planned(kept))
    text = json.dumps({"rows": len(kept), "columns": columns}, ensure_ascii=False, separators=(",", ":"))
    packed = gzip.compress(text.encode(), mtime=0)
    return ClipTable(base64.b64encode(packed).decode("ascii"), len(kept), len(clips))


def _sample(clips: pa.Table, always: Collection[str], most: int) -> np.ndarray:
    named = pc.is_in(clips.column("clip_id"), pa.array(sorted(always), pa.string()))
    first = pc.or_(pc.not_equal(clips.column("status"), "ok"), named).to_numpy()
    chosen = np.flatnonzero(first)[:most]
    rest = np.flatnonzero(~first)
    spread = np.linspace(0, len(rest) - 1, most - len(chosen)).astype(int)
    return np.sort(np.concatenate([chosen, rest[spread]])).astype(np.int64)


def _packed(name: str, column: pa.ChunkedArray) -> dict[str, Any]:
    if name in _NUMBERS:
        return {"values": [_number(value) for value in column.to_pylist()]}
    if name in _SWITCHES:
        return {"values": [int(value) for value in column.to_pylist()]}
    if name in _LISTS:
        return _numbered([tuple(cell or ()) for cell in column.to_pylist()])
    # Seeds are larger than what JavaScript counts to.
    return _numbered(pc.cast(column, pa.string()).to_pylist())


def _number(value: float | int | None) -> float | int | None:
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if math.isfinite(value) else None  # JSON knows no other


def _numbered(cells: list[Any]) -> dict[str, Any]:
    """Cells as places in the list of the different ones, in the order of their appearance."""
    places: dict[Any, int] = {}
    at = [None if cell is None else places.setdefault(cell, len(places)) for cell in cells]
    return {"words": list(places), "at": at}


def _planned(clips: pa.Table) -> list[str | None]:
    """The clip of the plan behind each synthetic row; None for real ones."""
    rows = clips.select(["clip_id", "recording_id", "is_synthetic", "issues"]).to_pylist()
    videos = {
        row["recording_id"]: row["clip_id"]
        for row in rows
        if any(issue["code"] == "long-video" for issue in row["issues"])
    }
    return [videos.get(row["recording_id"], row["clip_id"]) if row["is_synthetic"] else None for row in rows]
