"""Writes the lists and files of general video toolkits: mmaction2, PySlowFast and those that took over their shape.

OUT/rawframes/<key>/img_00001.png …                      a clip's frames, or, as asked,
OUT/videos/<key>.mkv                                     the clip as lossless video
OUT/fold_<person>_train.txt, _test.txt, all.txt      `rawframes/<key> total_frames label` or `videos/<key>.mkv label`
OUT/slowfast/fold_<person>/train.csv, test.csv           the same lists of videos under PySlowFast's names
OUT/classes.txt                                          class names in the order of the labels
OUT/clips.parquet, clips.csv, export.json, README.md
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from me_augment.errors import UsageError
from me_augment.export.clips_out import (
    Progress,
    VideoClip,
    Written,
    choose,
    clip_frames,
    encode_frame,
    leave_one_out,
    row_of,
    write_clips,
    write_records,
    write_video,
)
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedVideo
from me_augment.manifest import Manifest
from me_augment.manifest.store import write_text
from me_augment.staging import link, staged

FRAMES, VIDEOS, SLOWFAST = "rawframes", "videos", "slowfast"
TEMPLATE = "img_{:05}.png"
"""Name of a frame by its number from 1: mmaction2's `filename_tmpl`."""
Store = Literal["frames", "video"]


def export_kinetics(
    manifest: Manifest,
    out: Path,
    *,
    labels: str = "megc3",
    protocol: str | None = None,
    size: int | None = None,
    store: Store = "frames",
    progress: Progress | None = None,
) -> ExportSummary:
    """Write a manifest or a run as frames or videos with a list for each part of each fold.

    OUT appears complete or not at all; the same manifest gives the same bytes.

    Args:
        manifest: the clips; of a run, real and synthetic ones.
        out: folder that is made; it must not exist, or be empty.
        labels: name of a label set.
        protocol: keep to the clips of a published protocol, and to motion taken from them.
        size: side of the face-aligned crop, pixels; None keeps the frames as stored.
        store: PNG frames, or FFV1 video in Matroska.
        progress: called with (clips written, clips in all).

    Raises:
        UsageError: an unknown label set, protocol or store, a size below 8, an OUT that holds something, a corpus
            folder that is not there, or fewer than two persons with a clip.
        MeAugmentError: OUT cannot be written.
    """
    if store not in ("frames", "video"):
        raise UsageError(f"--store is {store!r}; clips are stored as frames or as video.")
    out = Path(out)
    with staged(out) as folder:
        chosen = choose(manifest, labels, protocol, size)
        (folder / (FRAMES if store == "frames" else VIDEOS)).mkdir()

        def put(one: VideoClip) -> ExportedVideo:
            if store == "video":
                row = row_of(manifest, one, f"{VIDEOS}/{one.key}.mkv", chosen)
                write_video(manifest, one.clip, folder / row.name, size)
                return row
            row = row_of(manifest, one, f"{FRAMES}/{one.key}", chosen)
            frames = clip_frames(manifest, one.clip, size)
            (folder / row.name).mkdir()
            for number, frame in enumerate(frames, 1):
                (folder / row.name / TEMPLATE.format(number)).write_bytes(encode_frame(frame))
            return row

        clips, rows, skipped = write_clips(manifest, labels, chosen, put, progress)
        folds = leave_one_out(clips)
        for fold in folds:
            for part, belongs in (("train", fold.trains), ("test", fold.tests)):
                there = [_line(row, store) for one, row in zip(clips, rows, strict=True) if belongs(one.clip)]
                listed = folder / f"{fold.name}_{part}.txt"
                write_text(listed, "".join(there))
                if store == "video":
                    (folder / SLOWFAST / fold.name).mkdir(parents=True, exist_ok=True)
                    link(listed, folder / SLOWFAST / fold.name / f"{part}.csv")
        write_text(folder / "all.txt", "".join(_line(row, store) for row in rows))
        write_text(folder / "classes.txt", "".join(f"{' '.join(name.split())}\n" for name in chosen.classes))
        template = TEMPLATE if store == "frames" else None
        settings = {"labels": labels, "protocol": protocol, "size": size, "store": store, "template": template}
        written = Written("kinetics", settings, chosen.classes, clips, rows, skipped, folds)
        write_records(folder, manifest, written, _about(store))
    return written.summary(out)


def _line(row: ExportedVideo, store: Store) -> str:
    if store == "frames":
        return f"{row.name} {row.n_frames} {row.label_index}\n"
    return f"{row.name} {row.label_index}\n"


def _about(store: Store) -> Iterator[str]:
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
        yield (
            f"* `{SLOWFAST}/fold_<person>/train.csv` and `test.csv`: the same for PySlowFast, "
            f"`DATA.PATH_TO_DATA_DIR {SLOWFAST}/fold_<person> DATA.PATH_PREFIX <this folder>`. It also asks for a "
            "`val.csv`: make it from lines of `train.csv`, of another person; a choice of epoch by the test person's "
            "clips is none that may be reported."
        )
    yield (
        "* `fold_<person>_train.txt`, `fold_<person>_test.txt`: the lists; `all.txt`: every clip; `classes.txt`: the "
        "names of the labels."
    )
