"""Writes WebDataset shards: tar files of samples, of which every fold is a list.

OUT/shards/<who may not train on it>-000000.tar   samples <key>.mkv (or <key>.0000.png …), <key>.json, <key>.cls
OUT/fold_<person>_train.txt, fold_<person>_test.txt, all.txt   the shards of each part, one path below OUT a line
OUT/clips.parquet, clips.csv, export.json, README.md
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from me_augment.errors import UsageError
from me_augment.export.clips_out import (
    Fold,
    Progress,
    VideoClip,
    Written,
    choose,
    clip_frames,
    encode_frame,
    leave_one_out,
    row_of,
    stored_whole,
    write_clips,
    write_records,
    write_video,
)
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedVideo
from me_augment.manifest import Manifest
from me_augment.manifest.ids import digest
from me_augment.manifest.store import write_text
from me_augment.staging import staged

SHARDS = "shards"
SHARD_BYTES = 256 * 1024 * 1024
"""A shard that has become larger than this is followed by another."""
Store = Literal["video", "frames"]
_LONGEST = 60


def export_webdataset(
    manifest: Manifest,
    out: Path,
    *,
    labels: str = "megc3",
    protocol: str | None = None,
    size: int | None = None,
    store: Store = "video",
    progress: Progress | None = None,
) -> ExportSummary:
    """Write a manifest or a run as WebDataset shards; OUT appears complete or not at all.

    Clips that the same folds may train on, and the same fold tests on, lie in shards of their own, so that a fold is
    a list of whole shards: nothing is stored twice and no reader has to filter. The same manifest gives the same
    bytes.

    Args:
        manifest: the clips; of a run, real and synthetic ones.
        out: folder that is made; it must not exist, or be empty.
        labels: name of a label set; `cls` is the index of the class in it.
        protocol: keep to the clips of a published protocol, and to motion taken from them.
        size: side of the face-aligned crop, pixels; None keeps the frames as stored.
        store: a clip as FFV1 in Matroska (`.mkv`) or as one PNG per frame (`.0000.png`, …).
        progress: called with (clips written, clips in all).

    Raises:
        UsageError: an unknown label set, protocol or store, a size below 8, an OUT that holds something, a corpus
            folder that is not there, or fewer than two persons with a clip.
        MeAugmentError: OUT cannot be written.
    """
    if store not in ("video", "frames"):
        raise UsageError(f"--store is {store!r}; a sample holds video or frames.")
    out = Path(out)
    with staged(out) as folder:
        chosen = choose(manifest, labels, protocol, size)
        folds = leave_one_out(chosen.clips)
        groups = {one.clip.clip_id: _group(one, folds) for one in chosen.clips}
        chosen = replace(chosen, clips=tuple(sorted(chosen.clips, key=lambda one: (groups[one.clip.clip_id], one.key))))
        (folder / SHARDS).mkdir()
        with closing(_Shards(folder / SHARDS)) as shards, tempfile.TemporaryDirectory(dir=folder) as scratch:

            def put(one: VideoClip) -> ExportedVideo:
                row = row_of(manifest, one, one.key, chosen)
                members = _members(manifest, one, row, size, store, Path(scratch))
                shards.add(groups[one.clip.clip_id], one.key, members)
                return row

            clips, rows, skipped = write_clips(manifest, labels, chosen, put, progress)
        _write_lists(folder, clips, groups, shards.names, folds)
        settings = {"labels": labels, "protocol": protocol, "size": size, "store": store}
        written = Written("webdataset", settings, chosen.classes, clips, rows, skipped, folds)
        write_records(folder, manifest, written, _about(store))
    return written.summary(out)


def _group(one: VideoClip, folds: Sequence[Fold]) -> str:
    """Name of the shards of a clip: the persons (of folds) that may not train on it; equal names, equal folds."""
    kind = "synthetic" if one.clip.is_synthetic else "real"
    barred = [fold.name.removeprefix("fold_") for fold in folds if not fold.trains(one.clip)]
    # No name of a fold holds a tilde, so that two lists never give one name.
    name = "~".join([f"{kind}-without", *barred])
    return name if len(name) <= _LONGEST else f"{kind}-without~{len(barred)}~{digest(barred)[:12]}"


def _members(
    manifest: Manifest, one: VideoClip, row: ExportedVideo, size: int | None, store: Store, scratch: Path
) -> dict[str, bytes]:
    """Ending → content, in the order of the tar file."""
    if store == "frames":
        frames = clip_frames(manifest, one.clip, size)
        found = {f"{i:04}.png": encode_frame(frame) for i, frame in enumerate(frames)}
    else:
        whole = stored_whole(manifest, one.clip) if size is None else None
        if whole is None:
            whole = scratch / "clip.mkv"
            write_video(manifest, one.clip, whole, size)
        found = {"mkv": whole.read_bytes()}
    about = json.dumps({"key": one.key, **asdict(row)}, sort_keys=True)
    return {**found, "json": about.encode(), "cls": str(one.source.index).encode()}


@dataclass
class _Shards:
    """Tar files being written, one after the other.

    Attributes:
        folder: where they go.
        names: group → its files' names, in order.
    """

    folder: Path
    names: dict[str, list[str]] = field(default_factory=dict)
    _open: tarfile.TarFile | None = None
    _group: str = ""

    def add(self, group: str, key: str, members: Mapping[str, bytes]) -> None:
        """Append a sample; the groups come one after the other."""
        if self._open is None or group != self._group or self._open.offset > SHARD_BYTES:
            self.close()
            listed = self.names.setdefault(group, [])
            listed.append(f"{group}-{len(listed):06}.tar")
            self._open = tarfile.open(self.folder / listed[-1], "w", format=tarfile.GNU_FORMAT)  # noqa: SIM115
            self._group = group
        for ending, content in members.items():
            # A bare TarInfo has no owner and the time 0: the same samples give the same bytes.
            member = tarfile.TarInfo(f"{key}.{ending}")
            member.size = len(content)
            self._open.addfile(member, io.BytesIO(content))

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _write_lists(
    folder: Path,
    clips: Sequence[VideoClip],
    groups: Mapping[str, str],
    names: Mapping[str, Sequence[str]],
    folds: Sequence[Fold],
) -> None:
    example = {groups[one.clip.clip_id]: one.clip for one in clips}  # one speaks for its group

    def paths(wanted: Sequence[str]) -> str:
        return "".join(f"{SHARDS}/{name}\n" for group in wanted for name in names[group])

    write_text(folder / "all.txt", paths(sorted(example)))
    for fold in folds:
        train = [group for group, clip in sorted(example.items()) if fold.trains(clip)]
        test = [group for group, clip in sorted(example.items()) if fold.tests(clip)]
        write_text(folder / f"{fold.name}_train.txt", paths(train))
        write_text(folder / f"{fold.name}_test.txt", paths(test))


def _about(store: Store) -> Iterator[str]:
    held = "`mkv` (FFV1 video)" if store == "video" else "`0000.png`, `0001.png`, … (a frame each)"
    yield (
        f"* `{SHARDS}/*.tar`: samples of {held}, `json` (the row of the table) and `cls` (index of the class). A "
        "shard is named by the persons whose folds may not train on it."
    )
    yield (
        "* `fold_<person>_train.txt`, `fold_<person>_test.txt`: the shards of a fold, a path below this folder a line; "
        "`all.txt`: all of them. `wds.WebDataset([f'{folder}/{line}' for line in open(list).read().split()], "
        "shardshuffle=100)`."
    )
