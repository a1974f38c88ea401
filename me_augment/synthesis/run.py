"""The run folder: begun, resumed, finished and inspected; everything it knows is in its files."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation import GeneratorChoice
from me_augment.generation.au_basis import Basis
from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.columns import from_table, to_table
from me_augment.manifest.folds import may_train, persons
from me_augment.manifest.ids import digest
from me_augment.manifest.store import merge_rows, write_parquet, write_text
from me_augment.manifest.validate import require_sound
from me_augment.synthesis.card import dataset_card
from me_augment.synthesis.executor import Executor
from me_augment.synthesis.makers import Maker, makers_of
from me_augment.synthesis.performances import generator_version, plan_performances
from me_augment.synthesis.plan import PlannedClip, Unusable, make_plan, usable
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.sources import Sources
from me_augment.synthesis.work import Shard, ShardMaker, ShardResult
from me_augment.versions import DECIDING, installed


@dataclass(frozen=True)
class Prepared:
    """A run that is planned but not begun."""

    settings: Settings
    sources: Sources
    plan: tuple[PlannedClip, ...]
    unusable: tuple[Unusable, ...]
    makers: tuple[Maker, ...]
    basis: Basis | None
    asked: int  # clips that the settings ask for; the plan has fewer where faces run out

    @property
    def fingerprint(self) -> str:
        """Hash of the plan."""
        return digest([asdict(row) for row in self.plan])

    @property
    def shards(self) -> list[Shard]:
        """The plan's rows, shard by shard."""
        return [Shard(number, tuple(rows)) for number, rows in groupby(self.plan, key=lambda row: row.shard)]


@dataclass(frozen=True)
class Status:
    """How far a run is, in clips and shards, and whether a process is working on it."""

    planned: int
    made: int
    rejected: int
    failed: int
    shards: int
    shards_done: int
    finished: bool
    running: bool

    @property
    def tried(self) -> int:
        """Clips made, rejected or failed."""
        return self.made + self.rejected + self.failed

    @property
    def missing(self) -> int:
        """Clips not yet tried."""
        return self.planned - self.tried


def prepare(
    sources: Sources,
    *,
    generators: Sequence[GeneratorChoice] = (GeneratorChoice(),),
    basis: Basis | None = None,
    **choices: Any,
) -> Prepared:
    """Plan a run; writes nothing.

    Where the generators are those of folds, each makes the clips for its own: neither drives nor is seen in them whom
    it holds out, so that this fold may train with them, and, where everybody else trained it, no other.

    Args:
        sources: drivers and targets.
        generators: who makes the clips: one, or one for each of some folds.
        basis: with `action_units`, what gives their motion in place of the table.
        choices: any of the fields of `Settings` from `per_driver` to `balance`.

    Raises:
        UsageError: the settings make no sense, the generators do not go together, or nothing can be paired.
        MeAugmentError: a checkpoint cannot be read.
    """
    makers = makers_of(generators)
    first = makers[0]
    learned = first.checkpoint is not None
    version = first.version.partition("+")[0]  # which weights is said by themselves
    settings = Settings(
        manifest=sources.drivers.fingerprint,
        targets=sources.targets.fingerprint,
        generator=first.choice.name,
        generator_version=generator_version(version) if choices.get("action_units") else version,
        action_units_basis=basis.fingerprint if basis else None,
        checkpoints=tuple(maker.checkpoint for maker in makers if maker.checkpoint is not None),
        checkpoint_files=tuple(maker.name for maker in makers) if learned else (),
        device=first.device,
        precision=first.choice.precision if learned else None,
        driving=first.choice.driving if learned else None,
        paste_back=first.choice.paste_back if learned else None,
        **choices,
    )
    require_sound(sources.merged)
    _require_known(makers, sources)
    targets, no_targets = usable(sources.targets.clips, drivers=False)
    if settings.action_units:
        rows = [plan_performances(settings, _without(maker, targets), maker.checkpoint) for maker in makers]
        plan, left_out = _in_turn(rows), sorted(no_targets, key=lambda clip: clip.clip_id)
        return Prepared(settings, sources, plan, tuple(left_out), makers, basis, asked=len(plan))
    rates = _frame_rates(sources.drivers)
    drivers, no_drivers = usable(sources.drivers.clips, drivers=True, timed=rates if settings.rate else None)
    by_id = {clip.clip_id: clip for clip in (*no_targets, *no_drivers)}
    rows, asked = [], 0
    for maker in makers:
        driving = _without(maker, drivers)
        rows.append(make_plan(settings, driving, _without(maker, targets), rates, maker.checkpoint))
        asked += settings.per_driver * len(driving)
    left_out = sorted(by_id.values(), key=lambda clip: clip.clip_id)
    return Prepared(settings, sources, _in_turn(rows), tuple(left_out), makers, basis=None, asked=asked)


def _without(maker: Maker, clips: Sequence[Clip]) -> list[Clip]:
    """The clips without those of the person whom the maker holds out."""
    return [clip for clip in clips if maker.fold is None or may_train(clip, maker.fold)]


def _in_turn(parts: Sequence[Sequence[PlannedClip]]) -> tuple[PlannedClip, ...]:
    """The plans of several makers one after the other, none sharing a shard with the next."""
    rows: list[PlannedClip] = []
    for part in parts:
        start = rows[-1].shard + 1 if rows else 0
        rows += [replace(row, shard=start + row.shard) for row in part]
    return tuple(rows)


def _require_known(makers: Sequence[Maker], sources: Sources) -> None:
    folds = persons(sources.drivers.clips)
    for maker in makers:
        if maker.fold is not None and maker.fold not in folds:
            raise UsageError(
                f"{maker.choice.checkpoint} holds out {maker.fold}, and the manifest has no such fold: leave it out, "
                f"or give the manifest that it was trained for (this one has {', '.join(folds[:8])})."
            )


def _frame_rates(manifest: Manifest) -> dict[str, Fraction]:
    """Clip id → frames per second, of the clips where it is known."""
    rates = {}
    for clip in manifest.clips:
        recording = manifest.recording_of.get(clip.recording_id or "")
        if recording is not None and recording.fps_num:
            rates[clip.clip_id] = Fraction(recording.fps_num, recording.fps_den or 1)
    return rates


def begin(prepared: Prepared, folder: Path) -> Status:
    """Write the plan and the settings, or check that the folder's own are the same.

    Raises:
        UsageError: the folder holds something else, or a run with other settings or other versions of the packages
            that decide its bytes.
        MeAugmentError: it cannot be written.
    """
    plan_file, config, environment = (folder / n for n in ("plan.parquet", "config.yaml", "environment.json"))
    if config.is_file():
        prepared.settings.require_same(Settings.read(config), folder)
    elif folder.exists() and (not folder.is_dir() or any(not p.name.startswith(".") for p in folder.iterdir())):
        raise UsageError(f"{folder} exists and is not a run: name another --out, or an empty folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The settings come first, so that a run killed right here is known as one; the plan comes last.
        if not config.is_file():
            write_text(config, prepared.settings.to_yaml())
        for name in ("shards", "completions"):
            (folder / name).mkdir(exist_ok=True)
        if not environment.is_file():
            write_text(environment, json.dumps(_environment(), indent=2) + "\n")
        if not plan_file.is_file():
            write_parquet(plan_file, to_table(PlannedClip, prepared.plan))
    except OSError as error:
        raise MeAugmentError(f"cannot write {folder}: {error.strerror or error}.") from error
    _require_same_packages(environment)
    with _only_one(folder):
        pass
    if digest([asdict(row) for row in read_plan(folder)]) != prepared.fingerprint:
        raise UsageError(f"{plan_file} is not the plan of these settings: name another --out.")
    return status(folder)


def execute(
    prepared: Prepared,
    folder: Path,
    executor: Executor,
    progress: Callable[[ShardResult], None] = lambda _: None,
) -> Status:
    """Make what is missing, then finish the run. A run that is finished already is left as it is."""
    with _only_one(folder):
        done = {record["shard"] for record in _completions(folder, prepared.fingerprint)}
        missing = [shard for shard in prepared.shards if shard.name not in done]
        if missing or not (folder / "manifest.json").is_file():
            try:
                maker = ShardMaker(
                    folder,
                    prepared.sources.merged,
                    prepared.settings,
                    prepared.fingerprint,
                    prepared.makers,
                    prepared.basis,
                )
                for result in executor.run(maker, missing, lambda: False):
                    progress(result)
                finish(prepared, folder)
            except OSError as error:
                raise MeAugmentError(
                    f"the run stopped: {error.strerror or error} ({error.filename or folder}). What is complete is "
                    "kept; start the same command again to go on."
                ) from error
    return status(folder)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it however the process ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"another process is working on {folder}: wait for it, or stop it.") from error
        except OSError:
            pass  # a file system without locks: nothing here depends on them for correctness
        yield
    finally:
        os.close(descriptor)


def finish(prepared: Prepared, folder: Path) -> None:
    """Merge what the shards say into the run's manifest, statistics and card; `manifest.json` comes last."""
    clips: list[Clip] = []
    recordings: list[Recording] = []
    for shard in prepared.shards:
        clips += from_table(Clip, pq.read_table(folder / "shards" / shard.name / "clips.parquet"))
        recordings += from_table(Recording, pq.read_table(folder / "shards" / shard.name / "recordings.parquet"))
    real = prepared.sources.merged
    whole = require_sound(
        replace(
            real,
            corpus="run",
            roots={"": Path(), **real.roots},
            recordings=(*real.recordings, *recordings),
            clips=merge_rows(real.clips, clips),
            folder=folder,
        )
    )
    for leftover in (folder / "shards").glob(".*.tmp"):
        shutil.rmtree(leftover)
    stats = _statistics(clips, recordings, prepared.unusable)
    write_text(folder / "stats.json", json.dumps(stats, indent=2) + "\n")
    write_text(folder / "README.md", dataset_card(whole, clips, prepared.settings))
    whole.write_tables(folder)


def status(folder: Path) -> Status:
    """State of a run, from its folder alone; UsageError if it is none."""
    plan = read_plan(folder)
    fingerprint = digest([asdict(row) for row in plan])
    records = _completions(folder, fingerprint)
    try:
        with _only_one(folder):
            running = False
    except UsageError:
        running = True
    return Status(
        planned=len(plan),
        made=sum(record["made"] for record in records),
        rejected=sum(record["rejected"] for record in records),
        failed=sum(record["failed"] for record in records),
        shards=len({row.shard for row in plan}),
        shards_done=len(records),
        finished=(folder / "manifest.json").is_file() and len(records) == len({row.shard for row in plan}),
        running=running,
    )


def read_plan(folder: Path) -> list[PlannedClip]:
    """The plan of a run; UsageError if the folder is not one."""
    file = folder / "plan.parquet"
    if not file.is_file():
        raise UsageError(f"{folder} is not a run: it holds no plan.parquet. Make one with `me-augment synthesize`.")
    try:
        return from_table(PlannedClip, pq.read_table(file))
    except (OSError, KeyError, pa.ArrowException) as error:
        raise UsageError(f"{file} cannot be read ({error}): start the run in another folder.") from error


def failures(folder: Path) -> list[Clip]:
    """The synthetic clips of a run that were rejected or could not be made, from the shards that are complete."""
    fingerprint = digest([asdict(row) for row in read_plan(folder)])
    found: list[Clip] = []
    for record in _completions(folder, fingerprint):
        if record["failed"] or record["rejected"]:
            table = pq.read_table(folder / "shards" / record["shard"] / "clips.parquet")
            found += [clip for clip in from_table(Clip, table) if clip.status != "ok"]
    return found


def _completions(folder: Path, fingerprint: str) -> list[dict[str, Any]]:
    """Completion records of this plan whose files are all there in full size; any other shard is made again."""
    records = []
    for file in sorted((folder / "completions").glob("shard-*.json")):
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            shard = folder / "shards" / record["shard"]
            whole = all((shard / name).stat().st_size == size for name, size in record["bytes"].items())
            if whole and record["plan"] == fingerprint:
                records.append(record)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return records


def _require_same_packages(environment: Path) -> None:
    """Other versions may give other bytes, and one run must not mix them."""
    try:
        started = json.loads(environment.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{environment} is damaged ({error!r}): start the run in another folder.") from error
    for name, now in _environment()["packages"].items():
        if started.get(name) != now:
            raise UsageError(
                f"{environment.parent} was started with {name} {started.get(name)}, now it is {now}: install that "
                "version to finish the run, or name another --out for a new one."
            )


def _environment() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: installed(name) for name in DECIDING},
    }


def _statistics(
    clips: Sequence[Clip], recordings: Sequence[Recording], unusable: Sequence[Unusable]
) -> dict[str, object]:
    made = [clip for clip in clips if clip.status == "ok"]
    return {
        "made": len(made),
        "rejected": sum(clip.status == "rejected" for clip in clips),
        "failed": sum(clip.status == "failed" for clip in clips),
        "frames": sum(recording.n_frames for recording in recordings),
        "by_emotion": dict(sorted(Counter(str(clip.emotion) for clip in made).items())),
        "by_target": dict(sorted(Counter(clip.person_id for clip in made).items())),
        "by_driver": dict(sorted(Counter(c.driver_person_id for c in made if c.driver_person_id).items())),
        "by_action_units": dict(sorted(Counter(c.action_units for c in made if c.action_units).items())),
        "rejections": {clip.clip_id: clip.reason for clip in clips if clip.status == "rejected"},
        "failures": {clip.clip_id: clip.reason for clip in clips if clip.status == "failed"},
        "unusable": {clip.clip_id: f"{clip.name}: {clip.reason}" for clip in unusable},
    }
