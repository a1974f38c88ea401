"""Writes the lists and files of general video toolkits: mmaction2, PySlowFast and those that took over their shape.

OUT/rawframes/<key>/img_00001.png …                     a clip's frames, or, as asked,
OUT/videos/<key>.mkv                                    the clip as lossless video
OUT/<fold>_train.txt, <fold>_test.txt, all.txt          `rawframes/<key> total_frames label` or `videos/<key>.mkv label`
OUT/slowfast/<fold>/train.csv, test.csv                 the same lists of videos under PySlowFast's names
OUT/classes.txt                                         class names in the order of the labels
OUT/clips.parquet, clips.csv, export.json, README.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from me_augment.export.card import About, Facts
from me_augment.export.clip_files import (
    TABLES,
    ClipWriter,
    a_fold,
    clip_frames,
    encode_frame,
    facts_of,
    parts_of,
    require_size,
    use,
    write_video,
)
from me_augment.export.pictures import mark_of
from me_augment.export.steps import Named, Task, Written, write_export
from me_augment.export.summary import ExportSummary
from me_augment.manifest import Manifest
from me_augment.manifest.splits import Fold
from me_augment.manifest.store import write_bytes, write_text
from me_augment.staging import link

FRAMES, VIDEOS, SLOWFAST = "rawframes", "videos", "slowfast"
TEMPLATE = "img_{:05}.png"
"""Name of a frame by its number from 1: mmaction2's `filename_tmpl`."""
Store = Literal["frames", "video"]


def export_kinetics(task: Task, *, size: int | None = None, store: Store = "frames") -> ExportSummary:
    """Write frames or videos with a list for each part of each fold.

    Args:
        task: what is to be exported. Without folds `all.txt` is the only list.
        size: side of the face-aligned crop, pixels; None keeps the frames as stored.
        store: PNG frames, or FFV1 video in Matroska.

    Raises:
        UsageError: a size below 8, or as `write_export`.
        MeAugmentError: OUT cannot be written.
    """
    require_size(size)
    return write_export(task, _Lists(task.manifest, size, store))


class _Lists(ClipWriter):
    """Fills a folder with frames or videos, then with lists of them."""

    format = "kinetics"

    def __init__(self, manifest: Manifest, size: int | None, store: Store) -> None:
        super().__init__(manifest, size)
        self._store = store

    def add(self, clip: Named) -> Mapping[str, Any]:
        key = self.keys[clip.clip.clip_id]
        if self._store == "video":
            name = f"{VIDEOS}/{key}.mkv"
            write_video(self.manifest, clip.clip, self.folder / name, self.size)
        else:
            name = f"{FRAMES}/{key}"
            frames = clip_frames(self.manifest, clip.clip, self.size)
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            for number, frame in enumerate(frames, 1):
                file = self.folder / name / TEMPLATE.format(number)
                write_bytes(file, encode_frame(frame, mark_of(clip.clip)))
        return {**facts_of(self.manifest, clip.clip), "name": name}

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        for name, part, there in parts_of(written, folds):
            listed = self.folder / f"{name}_{part}.txt"
            self._write_list(listed, there)
            if self._store == "video":
                (self.folder / SLOWFAST / name).mkdir(parents=True, exist_ok=True)
                link(listed, self.folder / SLOWFAST / name / f"{part}.csv")
        self._write_list(self.folder / "all.txt", written)
        write_text(self.folder / "classes.txt", "".join(f"{' '.join(name.split())}\n" for name in self.classes))

    def settings(self) -> Mapping[str, object]:
        template = TEMPLATE if self._store == "frames" else None
        return {"size": self.size, "store": self._store, "template": template}

    def about(self, facts: Facts) -> About:
        holds = [self.shown(), *_holds(self._store, facts.folds), *TABLES]
        return About("Micro-expression clips", holds, use(facts.folds))

    def _write_list(self, file: Path, clips: Sequence[Written]) -> None:
        frames = self._store == "frames"
        lines = (f"{one.said['name']} {f'{one.clip.n_frames} ' * frames}{one.named.source.index}\n" for one in clips)
        write_text(file, "".join(lines))


def _holds(store: Store, folds: Sequence[str]) -> Iterator[str]:
    if store == "frames":
        yield (
            f"* `{FRAMES}/<clip>`: a clip's frames as PNG, numbered from 1 without gaps. The lists have lines "
            f"`{FRAMES}/<clip> total_frames label`: mmaction2's `RawframeDataset` with "
            f"`data_prefix=dict(img=<this folder>)` and `filename_tmpl='{TEMPLATE}'` (its default ends in .jpg)."
        )
    else:
        yield (
            f"* `{VIDEOS}/<clip>.mkv`: FFV1 video. The lists have lines `{VIDEOS}/<clip>.mkv label`: mmaction2's "
            "`VideoDataset` with `data_prefix=dict(video=<this folder>)`."
        )
    if folds and store == "video":
        yield (
            f"* `{SLOWFAST}/<fold>/train.csv` and `test.csv`: the same for PySlowFast, "
            f"`DATA.PATH_TO_DATA_DIR {SLOWFAST}/{folds[0]} DATA.PATH_PREFIX <this folder>`. It also asks for a "
            "`val.csv`: make it from lines of `train.csv`, of another person; a choice of epoch by the test person's "
            "clips is none that may be reported."
        )
    if folds:
        yield f"* `<fold>_train.txt`, `<fold>_test.txt`: the lists of {a_fold(folds)}."
    yield "* `all.txt`: every clip; `classes.txt`: the names of the labels."
