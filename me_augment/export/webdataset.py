"""Writes WebDataset shards: tar files of samples, of which every fold is a list.

OUT/shards/<who may not train on it>-000000.tar   samples <key>.mkv (or <key>.0000.png …), <key>.json, <key>.cls
OUT/<fold>_train.txt, <fold>_test.txt, all.txt    the shards of each part, one path below OUT a line
OUT/clips.parquet, clips.csv, export.json, README.md
"""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

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
    stored_whole,
    use,
    write_video,
)
from me_augment.export.folds import folds_of
from me_augment.export.names import safe
from me_augment.export.pictures import mark_of
from me_augment.export.steps import Named, Task, Written, persons_of, row_of, write_export
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedVideo
from me_augment.flow.choose import Skipped
from me_augment.manifest.ids import digest
from me_augment.manifest.splits import PROTOCOLS, Fold
from me_augment.manifest.store import publish, temporary_name, write_text

SHARDS = "shards"
SHARD_BYTES = 256 * 1024 * 1024
"""A shard that has become larger than this is followed by another."""
Store = Literal["video", "frames"]
_LONGEST = 60


def export_webdataset(task: Task, *, size: int | None = None, store: Store = "video") -> ExportSummary:
    """Write WebDataset shards.

    Clips that train without the same persons, and test the same one, lie in shards of their own, so that every fold,
    of one person or of several, is a list of whole shards: nothing is stored twice and no reader has to filter. What
    an interrupted export leaves is its whole shards.

    Args:
        task: what is to be exported; `cls` is the index of the class. Without folds `all.txt` is the only list.
        size: side of the face-aligned crop, pixels; None keeps the frames as stored.
        store: a clip as FFV1 in Matroska (`.mkv`) or as one PNG per frame (`.0000.png`, …).

    Raises:
        UsageError: a size below 8, or as `write_export`.
        MeAugmentError: OUT cannot be written.
    """
    require_size(size)
    return write_export(task, _Samples(task, size, store))


class _Samples(ClipWriter):
    """Fills a folder with shards, then with lists of them."""

    format = "webdataset"

    def __init__(self, task: Task, size: int | None, store: Store) -> None:
        super().__init__(task.manifest, size)
        assert task.labels is not None
        self._store, self._labels = store, task.labels
        self._groups: dict[str, str] = {}
        self._persons: set[str] = set()

    def begin(self, clips: Sequence[Named], classes: Sequence[str]) -> tuple[Sequence[Named], Sequence[Skipped]]:
        clips, left_out = super().begin(clips, classes)
        self._groups = _groups(clips, self._labels)
        self._persons = {one.clip.person_id for one in clips}
        return sorted(clips, key=lambda one: self._groups[one.clip.clip_id]), left_out

    def start(self, folder: Path, kept: int) -> int:
        super().start(folder, kept)
        (folder / SHARDS).mkdir(exist_ok=True)
        self._shards = _Shards(folder / SHARDS)
        return self._shards.take_up()

    def add(self, clip: Named) -> Mapping[str, Any]:
        key = self.keys[clip.clip.clip_id]
        said = {**facts_of(self.manifest, clip.clip), "name": key}
        row = row_of(ExportedVideo, clip, said, self._persons)
        about = {"json": {"key": key, **asdict(row)}, "cls": clip.source.index}
        texts = {ending: json.dumps(value, sort_keys=True).encode() for ending, value in about.items()}
        self._shards.add(self._groups[clip.clip.clip_id], key, {**self._pictures(clip), **texts})
        return said

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        self._shards.close()
        self._write_list("all", written, written)
        for name, part, there in parts_of(written, folds):
            self._write_list(f"{name}_{part}", there, written)

    def settings(self) -> Mapping[str, object]:
        return {"size": self.size, "store": self._store}

    def about(self, facts: Facts) -> About:
        holds = [self.shown(), *_holds(self._store, facts.folds), *TABLES]
        return About("Micro-expression clips", holds, use(facts.folds))

    def _pictures(self, clip: Named) -> dict[str, bytes]:
        """Ending → content, in the order of the tar file."""
        if self._store == "frames":
            frames = clip_frames(self.manifest, clip.clip, self.size)
            return {f"{i:04}.png": encode_frame(frame, mark_of(clip.clip)) for i, frame in enumerate(frames)}
        if self.size is None and (whole := stored_whole(self.manifest, clip.clip)):
            return {"mkv": whole.read_bytes()}
        scratch = self.folder / ".clip.mkv"
        write_video(self.manifest, clip.clip, scratch, self.size)
        content = scratch.read_bytes()
        scratch.unlink()
        return {"mkv": content}

    def _write_list(self, name: str, clips: Sequence[Written], written: Sequence[Written]) -> None:
        inside = {one.clip.clip_id for one in clips}
        # Shards were filled before it was known which clips cannot be read: none may bring in a clip of another part.
        mixed = {self._groups[one.clip.clip_id] for one in written if one.clip.clip_id not in inside}
        groups = sorted({self._groups[clip_id] for clip_id in inside} - mixed)
        lines = (f"{SHARDS}/{shard}\n" for group in groups for shard in self._shards.names[group])
        write_text(self.folder / f"{name}.txt", "".join(lines))


def _groups(clips: Sequence[Named], labels: str) -> dict[str, str]:
    """Clip id → name of its shards: whose folds may not train on it; a real clip's own person, who tests it, first.

    Clips of one name are in one part of each fold, of whatever protocol by person or corpus.
    """
    names = persons_of(clips)
    corpora = Counter(sub for sub, _ in {(one.name.sub, one.clip.corpus) for one in clips})
    barred: list[list[str]] = [
        [] if one.clip.is_synthetic else [one.name.sub, *[safe(one.clip.corpus)] * (corpora[one.name.sub] > 1)]
        for one in clips
    ]
    for name, fold in folds_of([one.clip for one in clips], names, PROTOCOLS["loso"], labels).items():
        for place in np.flatnonzero(~fold.train & ~fold.test):
            barred[place].append(name)
    found = {}
    for one, persons in zip(clips, barred, strict=True):
        kind = "synthetic" if one.clip.is_synthetic else "real"
        # No name of a fold holds a tilde, so that two lists never give one name.
        name = "~".join([f"{kind}-without", *persons])
        short = name if len(name) <= _LONGEST else f"{kind}-without~{len(persons)}~{digest(persons)[:12]}"
        found[one.clip.clip_id] = short
    return found


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

    def take_up(self) -> int:
        """Go on after the shards that are there, and say how many samples they hold."""
        samples = 0
        for file in sorted(self.folder.glob("*.tar")):
            self.names.setdefault(file.stem.rpartition("-")[0], []).append(file.name)
            with tarfile.open(file) as shard:
                samples += len({name.partition(".")[0] for name in shard.getnames()})
        return samples

    def add(self, group: str, key: str, members: Mapping[str, bytes]) -> None:
        """Append a sample; the groups come one after the other."""
        if self._open is None or group != self._group or self._open.offset > SHARD_BYTES:
            self.close()
            listed = self.names.setdefault(group, [])
            listed.append(f"{group}-{len(listed):06}.tar")
            temporary = temporary_name(self.folder / listed[-1])
            self._open = tarfile.open(temporary, "w", format=tarfile.GNU_FORMAT)  # noqa: SIM115
            self._group = group
        for ending, content in members.items():
            # A bare TarInfo has no owner and the time 0: the same samples give the same bytes.
            member = tarfile.TarInfo(f"{key}.{ending}")
            member.size = len(content)
            self._open.addfile(member, io.BytesIO(content))

    def close(self) -> None:
        """Give the shard its name, now that it is whole."""
        if self._open is not None:
            self._open.close()
            publish(Path(str(self._open.name)), self.folder / self.names[self._group][-1])
            self._open = None


def _holds(store: Store, folds: Sequence[str]) -> Iterator[str]:
    held = "`mkv` (FFV1 video)" if store == "video" else "`0000.png`, `0001.png`, … (a frame each)"
    yield (
        f"* `{SHARDS}/*.tar`: samples of {held}, `json` (the row of the table) and `cls` (index of the class). A "
        "shard is named by the persons whose folds may not train on it, and by the corpus where its person has several."
    )
    if folds:
        yield f"* `<fold>_train.txt`, `<fold>_test.txt`: the shards of {a_fold(folds)}."
    yield (
        "* `all.txt`: all shards, a path below this folder a line. "
        "`wds.WebDataset([f'{folder}/{line}' for line in open(list).read().split()], shardshuffle=100)`."
    )
