"""The table of exported clips: what each picture, video or array is, and who contributed to it."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from me_augment.export.names import PictureName
from me_augment.flow.choose import Labelled
from me_augment.manifest.columns import column, to_table
from me_augment.manifest.store import write_parquet

# A spreadsheet would take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRow:
    """What every export says of a clip."""

    name: str = column(pa.string(), "Name of the clip's file, the same wherever it lies.")
    clip_id: str = column(pa.string(), "Clip of the manifest.")
    label: str = column(pa.string(), "Class in the label set of the export.")
    label_index: int = column(pa.int32(), "Index of the class.")
    is_synthetic: bool = column(pa.bool_(), "Made by me-augment; in no test set.")
    corpus: str = column(pa.string(), "Corpus of the clip; `synthetic` for ours.")
    subject: str = column(
        pa.string(),
        "Fold that holds the clip out; `syn` for synthetic clips, lest a split by this column test on them.",
    )
    person_id: str = column(pa.string(), "Person whose face is seen.")
    driver_person_id: str | None = column(pa.string(), "Person whose motion was taken.", default=None)
    target_person_id: str | None = column(pa.string(), "Person whose face was animated.", default=None)
    forbidden_subjects: tuple[str, ...] = column(
        pa.list_(pa.string()), "Persons whose fold must not train on the clip."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedClip(ExportedRow):
    """One picture of motion."""

    peak_flow_px: float = column(
        pa.float32(), "Largest displacement between onset and apex, pixels of the aligned crop."
    )
    flow: str = column(pa.string(), "Flow method.")
    strain: str = column(pa.string(), "Variant of the strain's arithmetic.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFlow(ExportedRow):
    """The measured motion of one clip, a row of every array beside the table."""

    peak_onset_apex_px: float | None = column(
        pa.float32(), "Largest displacement from onset to apex, pixels of the aligned crop.", default=None
    )
    peak_apex_offset_px: float | None = column(
        pa.float32(), "Largest displacement from apex to offset, pixels of the aligned crop.", default=None
    )
    flow: str = column(pa.string(), "Flow method.")
    strain: str = column(pa.string(), "Variant of the strain's arithmetic.")
    licence: str = column(pa.string(), "Terms under which the frames may be used.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedVideo(ExportedRow):
    """The frames of one clip, onset to offset."""

    n_frames: int = column(pa.int32(), "Frames, the onset first and the offset last.")
    apex: int | None = column(pa.int32(), "Position of the apex among them, from 0; null where unknown.", default=None)
    fps: float | None = column(pa.float64(), "Frames per second when filmed; null where unknown.", default=None)
    emotion: str | None = column(pa.string(), "Emotion word, verbatim.", default=None)
    aus: str | None = column(pa.string(), "Action units as the sheet writes them.", default=None)
    licence: str = column(pa.string(), "Terms under which the frames may be used.")


def write_clip_tables(folder: Path, rows: Sequence[ExportedRow]) -> None:
    """Write `clips.parquet` and the same as `clips.csv` (see `csv_cell`); there is a row, and all are of one kind."""
    kind = type(rows[0])
    write_parquet(folder / "clips.parquet", to_table(kind, rows))
    names = [field.name for field in dataclasses.fields(kind)]
    write_csv(folder / "clips.csv", names, ([csv_cell(getattr(row, name)) for name in names] for row in rows))


def write_htnet_table(path: Path, clips: Iterable[tuple[Labelled, PictureName]]) -> None:
    """Write the table by which HTNet finds a picture's face: `sub` + `_` + `filename_o` + ` .png` is the picture."""
    columns = ["dataset", "sub", "filename_o", "label", "apex", "imagename", "sub_filename"]
    write_csv(path, columns, (_htnet_row(one, name) for one, name in clips))


def _htnet_row(one: Labelled, name: PictureName) -> list[object]:
    apex = one.clip.apex_index if one.clip.apex is None else one.clip.apex
    return [one.clip.corpus, name.sub, name.video, one.index, apex, name.jpg, name.stem]


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table with a line of column names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def csv_cell(value: object) -> object:
    """A value as a cell: lists joined by `;`, nothing for None, and no text that a spreadsheet takes for a formula.

    A text that begins with = + - @ gets an apostrophe before it, which spreadsheets do not show; the Parquet table
    has it verbatim.
    """
    if isinstance(value, tuple):
        value = ";".join(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
