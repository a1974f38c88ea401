"""Writes folders of videos as the Hugging Face `datasets` package reads them, one configuration for each fold.

OUT/all/train/<key>.mkv, metadata.csv                        every clip once
OUT/<fold>/train|test/<key>.mkv, metadata.csv                the same files, linked; <fold> is fold_<person> or fold1, …
OUT/<fold>_train.txt, <fold>_test.txt                        their names, one a line
OUT/clips.parquet, clips.csv, export.json, README.md         README.md names the configurations to load_dataset
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from me_augment.export.card import About, Facts
from me_augment.export.clip_files import TABLES, ClipWriter, a_fold, facts_of, parts_of, require_size, use, write_video
from me_augment.export.steps import Named, Task, Written, row_of, write_export
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedVideo, csv_cell, write_csv
from me_augment.manifest.splits import Fold
from me_augment.manifest.store import write_text
from me_augment.staging import link

POOL = Path("all/train")
# `datasets` refuses splits whose columns differ in type, and reads a column of subjects 006, 007 as numbers, one that
# is empty in this split as floats: only what is never empty and never looks like something else is here.
_METADATA = ("clip_id", "label", "label_index", "is_synthetic", "person_id", "forbidden_subjects", "n_frames", "fps")


def export_videofolder(task: Task, *, size: int | None = None) -> ExportSummary:
    """Write folders of videos.

    The metadata lie inside the folder of each split, where every version of `datasets` finds them.

    Args:
        task: what is to be exported. Without folds `all` is the only configuration.
        size: side of the face-aligned crop, pixels; None keeps the frames as stored.

    Raises:
        UsageError: a size below 8, or as `write_export`.
        MeAugmentError: OUT cannot be written.
    """
    require_size(size)
    return write_export(task, _Folders(task.manifest, size))


class _Folders(ClipWriter):
    """Fills a folder with videos, then with folds of links to them."""

    format = "videofolder"

    def add(self, clip: Named) -> Mapping[str, Any]:
        name = f"{self.keys[clip.clip.clip_id]}.mkv"
        write_video(self.manifest, clip.clip, self.folder / POOL / name, self.size)
        return {**facts_of(self.manifest, clip.clip), "name": name}

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        persons = {one.clip.person_id for one in written}
        self._write_metadata(POOL, written, persons)
        for name, part, there in parts_of(written, folds):
            split = Path(name, part)
            (self.folder / split).mkdir(parents=True, exist_ok=True)
            for one in there:
                link(self.folder / POOL / one.said["name"], self.folder / split / one.said["name"])
            self._write_metadata(split, there, persons)
            write_text(self.folder / f"{name}_{part}.txt", "".join(f"{one.said['name']}\n" for one in there))

    def settings(self) -> Mapping[str, object]:
        return {"size": self.size}

    def about(self, facts: Facts) -> About:
        holds = [self.shown(), *_holds(facts.folds), *TABLES]
        return About("Micro-expression clips", holds, use(facts.folds), front={"configs": list(_configs(facts.folds))})

    def _write_metadata(self, split: Path, clips: Sequence[Written], persons: set[str]) -> None:
        """The columns whose type no reader of CSV can take for another, from whatever clips a split has."""
        rows = (row_of(ExportedVideo, one.named, one.said, persons) for one in clips)
        cells = ([row.name, *(csv_cell(getattr(row, name)) for name in _METADATA), _position(row.apex)] for row in rows)
        write_csv(self.folder / split / "metadata.csv", ["file_name", *_METADATA, "apex"], cells)


def _configs(folds: Sequence[str]) -> Iterator[dict[str, object]]:
    """What the Hugging Face libraries read: one configuration for each fold."""
    yield {"config_name": "all", "default": True, "data_files": [{"split": "train", "path": f"{POOL.as_posix()}/**"}]}
    for fold in folds:
        parts = [{"split": part, "path": f"{fold}/{part}/**"} for part in ("train", "test")]
        yield {"config_name": fold, "data_files": parts}


def _position(apex: int | None) -> int:
    return -1 if apex is None else apex


def _holds(folds: Sequence[str]) -> Iterator[str]:
    if folds:
        yield f"* `<fold>/train` and `<fold>/test`: {a_fold(folds)}; `load_dataset(folder, '{folds[0]}')`."
        yield "* `<fold>_train.txt`, `<fold>_test.txt`: the names of a fold's files, one a line."
    yield (
        "* `all/train`: every clip, `load_dataset(folder)`. Column `label_index` is the class, `video` the clip, "
        "`apex` a position in it (-1: unknown); `clip_id` finds the rest in the table."
    )
    yield (
        "* `datasets` decodes videos with the package `torchcodec`. Without it, "
        "`.cast_column('video', Video(decode=False))` gives the path of each. It remembers a folder by the name it was "
        "given; after exporting anew, give `load_dataset` another `cache_dir`."
    )
