"""The unit of work: one shard of synthetic clips, made in a temporary folder and put in place in one step."""

from __future__ import annotations

import secrets
import shutil
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

from me_augment.manifest import Clip, Recording
from me_augment.manifest.columns import from_table, to_table
from me_augment.manifest.store import write_parquet
from me_augment.staging import link, sync_folder
from me_augment.synthesis.alone import MakerDiedError, alone
from me_augment.synthesis.attempts import Attempts
from me_augment.synthesis.clip_maker import MadeClip
from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.records import Record, file_sha256, folder_of, read_record, write_record
from me_augment.synthesis.shard import Shard, ShardResult
from me_augment.threads import one_thread


class Clips(Protocol):
    """Makes clips; see `ClipMaker`."""

    threads: int

    def expect(self, rows: Iterable[PlannedClip]) -> None: ...

    def __call__(self, row: PlannedClip, path: Path, relative: str) -> MadeClip: ...

    def failed(self, row: PlannedClip, reason: str) -> MadeClip: ...


Open = Callable[[Path], Clips]


@dataclass(frozen=True)
class ShardMaker:
    """Makes shards of one run; can be sent to other processes, each of which opens what it needs once.

    Several processes may make one shard at the same time, as happens when one is thought lost and is not: the bytes
    are equal, and whoever comes last finds it complete.

    Attributes:
        folder: the run's folder, as all processes see it.
        open_clips: opens what makes clips; a function of a module, so that other processes find it.
        retry: what was made of a complete shard is kept, and only what failed is made again.
        session: told apart by this, runs of one process open everything anew.
    """

    folder: Path
    open_clips: Open
    retry: bool = False
    session: str = field(default_factory=lambda: secrets.token_hex(8))

    def __call__(self, shard: Shard) -> ShardResult:
        """Make a shard. Clips that cannot be made become rows with a reason.

        Raises:
            OSError, MeAugmentError: the disk is full or gone, or what makes the clips cannot be opened.
        """
        attempts = Attempts(self.folder, shard)
        staging = self.folder / "shards" / f".{shard.name}.{secrets.token_hex(4)}.tmp"
        staging.mkdir(parents=True)
        try:
            clips: list[Clip] = []
            made_of_plan: list[Clip] = []
            recordings: list[Recording] = []
            seconds: defaultdict[str, float] = defaultdict(float)
            for made in self._all(shard, staging, attempts):
                clips += [made.clip, *made.events]
                made_of_plan.append(made.clip)
                recordings += [made.recording] if made.recording is not None else []
                for stage, taken in made.seconds.items():
                    seconds[stage] += taken
            started = time.perf_counter()
            write_parquet(staging / "clips.parquet", to_table(Clip, clips))
            write_parquet(staging / "recordings.parquet", to_table(Recording, recordings))
            record = _record_of(shard, made_of_plan, recordings, staging)
            self._put_in_place(staging, shard)
            write_record(self.folder, record)
            attempts.forget()
        except BaseException:
            with suppress(OSError):  # what is being raised says more
                attempts.end()
            shutil.rmtree(staging, ignore_errors=True)
            raise
        seconds["write"] += time.perf_counter() - started
        return ShardResult(shard.number, record.made, record.rejected, record.failed, record.frames, dict(seconds))

    def _all(self, shard: Shard, staging: Path, attempts: Attempts) -> Iterator[MadeClip]:
        """The clips in their order, several being made at once where that helps."""
        kept, deadly = self._kept(shard), attempts.deadly()
        attempts.begin()
        missing = [row for row in shard.rows if row.clip_id not in kept]
        clips = _opened(self.open_clips, self.folder, self.session) if missing else None

        def make(row: PlannedClip) -> MadeClip:
            path, relative = staging / _file_of(row), f"shards/{shard.name}/{_file_of(row)}"
            if clips is None or row.clip_id in kept:
                link(self.folder / relative, path)
                return kept[row.clip_id]
            attempts.at(row.clip_id)
            made = self._made_alone(clips, row, path, relative) if row.clip_id in deadly else clips(row, path, relative)
            attempts.done(row.clip_id)
            return made

        if clips is None or clips.threads == 1:
            yield from map(make, shard.rows)
            return
        # On one thread each, told once for all: they would undo each other's word.
        with one_thread(), ThreadPoolExecutor(clips.threads, "clip") as pool:
            clips.expect(row for row in missing if row.clip_id not in deadly)
            waiting = deque(pool.submit(make, row) for row in shard.rows)
            try:
                for place in range(len(waiting)):
                    made = waiting.popleft().result()
                    clips.expect(
                        row for row in shard.rows[place:] if row.clip_id not in kept and row.clip_id not in deadly
                    )
                    yield made
            finally:
                for future in waiting:
                    future.cancel()

    def _made_alone(self, clips: Clips, row: PlannedClip, path: Path, relative: str) -> MadeClip:
        try:
            return alone(_make, self.open_clips, self.folder, row, path, relative)
        except MakerDiedError as error:
            path.unlink(missing_ok=True)
            return clips.failed(row, f"whatever process makes it dies ({error}): this clip or a library is at fault")

    def _kept(self, shard: Shard) -> dict[str, MadeClip]:
        """Clips of a complete shard that did not fail, by id."""
        if not self.retry or read_record(self.folder, shard.number, shard.digest) is None:
            return {}
        folder = folder_of(self.folder, shard.number)
        clips = from_table(Clip, pq.read_table(folder / "clips.parquet"))
        recordings = from_table(Recording, pq.read_table(folder / "recordings.parquet"))
        recording_of = {recording.recording_id: recording for recording in recordings}
        planned = {row.clip_id for row in shard.rows}
        events = defaultdict(list)
        for clip in clips:
            if clip.clip_id not in planned:
                events[clip.recording_id].append(clip)
        return {
            clip.clip_id: MadeClip(clip, recording_of[clip.recording_id or ""], {}, tuple(events[clip.recording_id]))
            for clip in clips
            if clip.clip_id in planned and clip.status != "failed"
        }

    def _put_in_place(self, staging: Path, shard: Shard) -> None:
        final, shards = folder_of(self.folder, shard.number), self.folder / "shards"
        aside = staging.with_name(f"{staging.name[:-4]}-old.tmp")
        with suppress(FileNotFoundError):  # of a process that died before the record, or that was quicker
            final.rename(aside)
        try:
            staging.rename(final)
        except OSError:  # another process put its own there since: the same bytes
            if not final.is_dir():
                raise
            shutil.rmtree(staging)
        sync_folder(shards)
        shutil.rmtree(aside, ignore_errors=True)


@lru_cache(maxsize=1)
def _opened(open_clips: Open, folder: Path, session: str) -> Clips:
    return open_clips(folder)


def _make(open_clips: Open, folder: Path, row: PlannedClip, path: Path, relative: str) -> MadeClip:
    return open_clips(folder)(row, path, relative)


def _file_of(row: PlannedClip) -> str:
    return f"{row.clip_id}.mkv"


def _record_of(shard: Shard, clips: list[Clip], recordings: list[Recording], folder: Path) -> Record:
    count = Counter(clip.status for clip in clips)
    files = sorted(folder.iterdir())
    return Record(
        shard=shard.number,
        rows=shard.digest,
        made=count["ok"],
        rejected=count["rejected"],
        failed=count["failed"],
        frames=sum(recording.n_frames for recording in recordings),
        bytes={file.name: file.stat().st_size for file in files},
        sha256={file.name: file_sha256(file) for file in files},
    )
