"""The run folder: begun, resumed, finished and inspected; everything it knows is in its files."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from itertools import groupby
from pathlib import Path

import pyarrow.parquet as pq

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation import create_generator
from me_augment.manifest import Clip, Recording
from me_augment.manifest.columns import from_table, to_table
from me_augment.manifest.ids import digest
from me_augment.manifest.store import merge_rows, write_parquet, write_text
from me_augment.manifest.validate import require_sound
from me_augment.synthesis.card import dataset_card
from me_augment.synthesis.executor import Executor
from me_augment.synthesis.plan import PlannedClip, Unusable, make_plan, usable
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.sources import Sources
from me_augment.synthesis.work import Shard, ShardMaker, ShardResult

# The packages whose arithmetic or encoding decides a run's bytes.
_DECIDING = ("me-augment", "numpy", "scipy", "opencv-python-headless", "av", "pyarrow", "torch")


@dataclass(frozen=True)
class Prepared:
    """A run that is planned but not begun."""

    settings: Settings
    sources: Sources
    plan: tuple[PlannedClip, ...]
    unusable: tuple[Unusable, ...]

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
    """How far a run is, in clips and shards."""

    planned: int
    made: int
    failed: int
    shards: int
    shards_done: int
    finished: bool

    @property
    def missing(self) -> int:
        """Clips not yet tried."""
        return self.planned - self.made - self.failed


def prepare(
    sources: Sources,
    *,
    generator: str = "warp",
    per_driver: int = 1,
    strength: tuple[float, float] = (1.0, 1.0),
    seed: int = 0,
    balance: bool = False,
) -> Prepared:
    """Plan a run; writes nothing. UsageError where the settings make no sense or nothing can be paired."""
    made_by = create_generator(generator)
    settings = Settings(
        manifest=sources.drivers.fingerprint,
        targets=sources.targets.fingerprint,
        generator=generator,
        generator_version=made_by.version,
        per_driver=per_driver,
        strength=strength,
        seed=seed,
        balance=balance,
    )
    drivers, no_drivers = usable(sources.drivers.clips, drivers=True)
    targets, no_targets = usable(sources.targets.clips, drivers=False)
    left_out = {clip.clip_id: clip for clip in (*no_targets, *no_drivers)}
    plan = make_plan(settings, drivers, targets)
    return Prepared(settings, sources, tuple(plan), tuple(sorted(left_out.values(), key=lambda clip: clip.clip_id)))


def begin(prepared: Prepared, folder: Path) -> Status:
    """Write the plan and the settings, or check that the folder's own are the same.

    Raises:
        UsageError: the folder holds something else, or a run with other settings.
        MeAugmentError: it cannot be written.
    """
    plan_file, config = folder / "plan.parquet", folder / "config.yaml"
    if config.is_file():
        prepared.settings.require_same(Settings.read(config), folder)
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not a run: name another --out, or an empty folder.")
    try:
        for name in ("shards", "completions"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if not config.is_file():
            write_text(config, prepared.settings.to_yaml())
        if not plan_file.is_file():
            # The plan comes last: a folder that has one was begun completely.
            write_text(folder / "environment.json", json.dumps(_environment(), indent=2) + "\n")
            write_parquet(plan_file, to_table(PlannedClip, prepared.plan))
    except OSError as error:
        raise MeAugmentError(f"cannot write {folder}: {error.strerror or error}.") from error
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
    done = {file.stem for file in _completions(folder, prepared.fingerprint)}
    missing = [shard for shard in prepared.shards if shard.name not in done]
    if missing or not (folder / "manifest.json").is_file():
        try:
            maker = ShardMaker(folder, prepared.sources.merged, prepared.settings.generator, prepared.fingerprint)
            for result in executor.run(maker, missing):
                progress(result)
            finish(prepared, folder)
        except OSError as error:
            raise MeAugmentError(
                f"the run stopped: {error.strerror or error} ({error.filename or folder}). What is complete is kept; "
                "start the same command again to go on."
            ) from error
    return status(folder)


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
    stats = _statistics(clips, recordings, prepared.unusable)
    write_text(folder / "stats.json", json.dumps(stats, indent=2) + "\n")
    write_text(folder / "README.md", dataset_card(whole, clips, prepared.settings))
    whole.write_tables(folder)


def status(folder: Path) -> Status:
    """State of a run, from its folder alone; UsageError if it is none."""
    plan = read_plan(folder)
    fingerprint = digest([asdict(row) for row in plan])
    records = [json.loads(file.read_text(encoding="utf-8")) for file in _completions(folder, fingerprint)]
    return Status(
        planned=len(plan),
        made=sum(record["made"] for record in records),
        failed=sum(record["failed"] for record in records),
        shards=len({row.shard for row in plan}),
        shards_done=len(records),
        finished=(folder / "manifest.json").is_file(),
    )


def read_plan(folder: Path) -> list[PlannedClip]:
    """The plan of a run; UsageError if the folder is not one."""
    file = folder / "plan.parquet"
    if not file.is_file():
        raise UsageError(f"{folder} is not a run: it holds no plan.parquet. Make one with `me-augment synthesize`.")
    return from_table(PlannedClip, pq.read_table(file))


def failures(folder: Path) -> list[Clip]:
    """The synthetic clips of a run that could not be made, from the shards that are complete."""
    found: list[Clip] = []
    for file in sorted((folder / "completions").glob("*.json")):
        if json.loads(file.read_text(encoding="utf-8"))["failed"]:
            table = pq.read_table(folder / "shards" / file.stem / "clips.parquet")
            found += [clip for clip in from_table(Clip, table) if clip.status == "failed"]
    return found


def _completions(folder: Path, fingerprint: str) -> list[Path]:
    """Completion records of this plan whose shard is in place."""
    return [
        file
        for file in sorted((folder / "completions").glob("shard-*.json"))
        if (folder / "shards" / file.stem).is_dir()
        and json.loads(file.read_text(encoding="utf-8"))["plan"] == fingerprint
    ]


def _environment() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in _DECIDING},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _statistics(
    clips: Sequence[Clip], recordings: Sequence[Recording], unusable: Sequence[Unusable]
) -> dict[str, object]:
    made = [clip for clip in clips if clip.status == "ok"]
    return {
        "made": len(made),
        "failed": len(clips) - len(made),
        "frames": sum(recording.n_frames for recording in recordings),
        "by_emotion": dict(sorted(Counter(str(clip.emotion) for clip in made).items())),
        "by_target": dict(sorted(Counter(clip.person_id for clip in made).items())),
        "by_driver": dict(sorted(Counter(str(clip.driver_person_id) for clip in made).items())),
        "failures": {clip.clip_id: clip.reason for clip in clips if clip.status != "ok"},
        "unusable": {clip.clip_id: f"{clip.name}: {clip.reason}" for clip in unusable},
    }
