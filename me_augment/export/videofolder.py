"""Writes folders of videos as the Hugging Face `datasets` package reads them, one configuration for each fold.

OUT/all/train/<key>.mkv, metadata.csv                        every clip once
OUT/fold_<person>/train|test/<key>.mkv, metadata.csv         the same files, linked
OUT/fold_<person>_train.txt, fold_<person>_test.txt          their names, one a line
OUT/clips.parquet, clips.csv, export.json, README.md         README.md names the configurations to load_dataset
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from me_augment.export.clips_out import (
    Progress,
    VideoClip,
    Written,
    choose,
    leave_one_out,
    row_of,
    write_clips,
    write_records,
    write_video,
)
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedVideo, csv_cell, write_csv
from me_augment.manifest import Manifest
from me_augment.manifest.store import write_text
from me_augment.staging import link, staged

POOL = Path("all/train")
# `datasets` refuses splits whose columns differ in type, and reads a column of subjects 006, 007 as numbers, one that
# is empty in this split as floats: only what is never empty and never looks like something else is here.
_METADATA = ("clip_id", "label", "label_index", "is_synthetic", "person_id", "forbidden_subjects", "n_frames", "fps")


def export_videofolder(
    manifest: Manifest,
    out: Path,
    *,
    labels: str = "megc3",
    protocol: str | None = None,
    size: int | None = None,
    progress: Progress | None = None,
) -> ExportSummary:
    """Write a manifest or a run as folders of videos; OUT appears complete or not at all.

    The metadata lie inside the folder of each split, where every version of `datasets` finds them. The same manifest
    gives the same bytes.

    Args:
        manifest: the clips; of a run, real and synthetic ones.
        out: folder that is made; it must not exist, or be empty.
        labels: name of a label set.
        protocol: keep to the clips of a published protocol, and to motion taken from them.
        size: side of the face-aligned crop, pixels; None keeps the frames as stored.
        progress: called with (clips written, clips in all).

    Raises:
        UsageError: an unknown label set or protocol, a size below 8, an OUT that holds something, a corpus folder
            that is not there, or fewer than two persons with a clip.
        MeAugmentError: OUT cannot be written.
    """
    out = Path(out)
    with staged(out) as folder:
        chosen = choose(manifest, labels, protocol, size)
        (folder / POOL).mkdir(parents=True)

        def put(one: VideoClip) -> ExportedVideo:
            row = row_of(manifest, one, f"{one.key}.mkv", chosen)
            write_video(manifest, one.clip, folder / POOL / row.name, size)
            return row

        clips, rows, skipped = write_clips(manifest, labels, chosen, put, progress)
        _write_metadata(folder / POOL, rows)
        folds = leave_one_out(clips)
        for fold in folds:
            for part, belongs in (("train", fold.trains), ("test", fold.tests)):
                there = [row for one, row in zip(clips, rows, strict=True) if belongs(one.clip)]
                split = folder / fold.name / part
                split.mkdir(parents=True)
                for row in there:
                    link(folder / POOL / row.name, split / row.name)
                _write_metadata(split, there)
                write_text(folder / f"{fold.name}_{part}.txt", "".join(f"{row.name}\n" for row in there))
        settings = {"labels": labels, "protocol": protocol, "size": size}
        written = Written("videofolder", settings, chosen.classes, clips, rows, skipped, folds)
        write_records(folder, manifest, written, _about())
    return written.summary(out)


def _write_metadata(split: Path, rows: Sequence[ExportedVideo]) -> None:
    """The columns whose type no reader of CSV can take for another, from whatever rows a split has."""
    cells = ([row.name, *(csv_cell(getattr(row, name)) for name in _METADATA), _position(row.apex)] for row in rows)
    write_csv(split / "metadata.csv", ["file_name", *_METADATA, "apex"], cells)


def _position(apex: int | None) -> int:
    return -1 if apex is None else apex


def _about() -> Iterator[str]:
    yield (
        "* `fold_<person>/train` and `test`: a fold, `load_dataset(folder, 'fold_<person>')`; `all/train`: every clip, "
        "`load_dataset(folder)`. Column `label_index` is the class, `video` the clip, `apex` a position in it (-1: "
        "unknown); `clip_id` finds the rest in the table."
    )
    yield (
        "* `datasets` decodes videos with the package `torchcodec`. Without it, "
        "`.cast_column('video', Video(decode=False))` gives the path of each."
    )
    yield "* `fold_<person>_train.txt`, `fold_<person>_test.txt`: the names of a fold's files, one a line."
