"""The table of exported clips: what each picture is, row for row beside the float flow."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedClip:
    """One picture."""

    name: str = column(pa.string(), "File name of the picture, the same wherever it lies.")
    clip_id: str = column(pa.string(), "Clip of the manifest.")
    label: str = column(pa.string(), "Class in the label set of the export.")
    label_index: int = column(pa.int32(), "Index of the class: the folder that holds the picture.")
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
    peak_flow_px: float = column(
        pa.float32(), "Largest displacement between onset and apex, pixels of the aligned crop."
    )
    flow: str = column(pa.string(), "Flow method.")
    strain: str = column(pa.string(), "Variant of the strain's arithmetic.")


def write_clip_tables(folder: Path, rows: Sequence[ExportedClip]) -> None:
    """Write `clips.parquet` and the same as `clips.csv`, where lists are joined by `;`."""
    write_parquet(folder / "clips.parquet", to_table(ExportedClip, rows))
    names = [field.name for field in dataclasses.fields(ExportedClip)]
    _write_csv(folder / "clips.csv", names, ([_cell(getattr(row, name)) for name in names] for row in rows))


def write_htnet_table(path: Path, clips: Iterable[tuple[Labelled, PictureName]]) -> None:
    """Write the table by which HTNet finds a picture's face: `sub` + `_` + `filename_o` + ` .png` is the picture."""
    columns = ["dataset", "sub", "filename_o", "label", "apex", "imagename", "sub_filename"]
    _write_csv(path, columns, (_htnet_row(one, name) for one, name in clips))


def _htnet_row(one: Labelled, name: PictureName) -> list[object]:
    apex = one.clip.apex_index if one.clip.apex is None else one.clip.apex
    return [one.clip.corpus, name.sub, name.video, one.index, apex, name.jpg, name.stem]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        return ";".join(value)
    return "" if value is None else value
