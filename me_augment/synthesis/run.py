"""The run folder: begun, worked on, resumed and finished; everything it knows is in its files."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from me_augment.errors import MeAugmentError, UsageError
from me_augment.lock import only_one
from me_augment.manifest.store import write_text
from me_augment.synthesis.executor import Executor, InProcess
from me_augment.synthesis.finish import finish, sweep
from me_augment.synthesis.inputs import keep_inputs, open_clip_maker, open_real, read_settings, require_run
from me_augment.synthesis.plan_file import PLAN, PlanFile, write_plan
from me_augment.synthesis.prepare import Prepared
from me_augment.synthesis.records import Record, is_finished, read_records, unfinish
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.shard import ShardResult
from me_augment.synthesis.shard_maker import Open, ShardMaker
from me_augment.synthesis.status import Status, status
from me_augment.versions import DECIDING, installed

# Clips tried before the share of failures is judged.
_JUDGED = 20


def require_place(prepared: Prepared, folder: Path) -> Settings:
    """UsageError unless a run may be begun or gone on with in this folder; gives the settings that it has or gets."""
    config = folder / "config.yaml"
    if config.is_file():
        settings = Settings.read(config)
        prepared.settings.require_same(settings, folder)
        return settings
    if folder.exists() and (not folder.is_dir() or any(not p.name.startswith(".") for p in folder.iterdir())):
        raise UsageError(f"{folder} exists and is not a run: name another --out, or an empty folder.")
    return prepared.settings


def begin(prepared: Prepared, folder: Path) -> Status:
    """Write what the run is begun with and its plan, or check that the folder's own are the same.

    Raises:
        UsageError: the folder holds something else, or a run with other settings or other versions of the packages
            that decide its bytes.
        MeAugmentError: it cannot be written.
    """
    config, environment = folder / "config.yaml", folder / "environment.json"
    settings = require_place(prepared, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with only_one(folder):
            # The settings come first, so that a run killed right here is known as one; the plan comes last.
            if not config.is_file():
                write_text(config, settings.to_yaml())
            for name in ("shards", "completions"):
                (folder / name).mkdir(exist_ok=True)
            if not environment.is_file():
                write_text(environment, json.dumps(_environment(), indent=2) + "\n")
            require_same_packages(folder)
            keep_inputs(folder, prepared.real, prepared.roles, prepared.makers, prepared.basis)
            if not (folder / PLAN).is_file():
                write_plan(folder / PLAN, prepared.plan, settings.digest)
            require_plan(folder, settings)
    except OSError as error:
        raise MeAugmentError(f"cannot write {folder}: {error.strerror or error}.") from error
    return status(folder)


def require_plan(folder: Path, settings: Settings) -> PlanFile:
    """The plan of a run; UsageError if it is missing, damaged or of other settings."""
    plan = PlanFile.open(folder / PLAN)
    if plan.settings != settings.digest:
        raise UsageError(
            f"{folder / PLAN} is not the plan of the settings in config.yaml: if `me-augment extend` was interrupted, "
            "give it again; else name another --out."
        )
    return plan


@dataclass(frozen=True)
class Session:
    """How one process goes about a run; nothing here decides its bytes.

    Attributes:
        executor: who makes the shards.
        progress: told of every shard that was completed.
        stop: asked before each shard is begun; once true, no more are.
        retry_failed: make again what failed.
        max_failures: share of the clips tried, 0 to 1, that may fail before the run is stopped; judged once
            `_JUDGED` were tried.
    """

    executor: Executor = field(default_factory=InProcess)
    progress: Callable[[ShardResult], None] = lambda _: None
    stop: Callable[[], bool] = lambda: False
    retry_failed: bool = False
    max_failures: float = 1.0


def execute(folder: Path, session: Session | None = None, *, open_clips: Open = open_clip_maker) -> Status:
    """Make what is missing, then finish the run. A run that is finished already is left as it is.

    Args:
        folder: of a run that was begun.
        session: how to go about it.
        open_clips: opens what makes the clips.

    Raises:
        UsageError: another process is at work on the run, or a corpus that it draws on is not there.
        MeAugmentError: the disk is full, a checkpoint has changed, or more clips failed than may.
    """
    session = session or Session()
    with only_one(folder):
        plan = require_plan(folder, read_settings(folder))
        sweep(folder)
        digests = plan.digests()
        done = {record.shard: record for record in read_records(folder, digests)}
        again = {number for number, record in done.items() if record.failed} if session.retry_failed else set()
        skip = done.keys() - again
        if len(skip) == plan.shards and is_finished(folder):
            return status(folder)
        open_real(folder).require_roots()  # or every clip would fail for the same reason
        limit = _Limit(folder, session.max_failures, [done[number] for number in skip])
        work = ShardMaker(folder.absolute(), open_clips, retry=session.retry_failed)
        try:
            unfinish(folder)
            with closing(session.executor.run(work, plan.read_shards(skip), session.stop)) as results:
                for result in results:
                    skip.add(result.shard)
                    session.progress(result)
                    limit.check(result)
            if len(skip) == plan.shards:
                finish(folder, sorted(digests))
        except OSError as error:
            raise MeAugmentError(
                f"the run stopped: {error.strerror or error} ({error.filename or folder}). What is complete is kept; "
                "start the same command again to go on."
            ) from error
    return status(folder)


class _Limit:
    """How many clips may fail."""

    def __init__(self, run: Path, share: float, done: Iterable[Record]) -> None:
        self._run, self._share, self._tried, self._failed = run, share, 0, 0
        for record in done:
            self._count(record.clips, record.failed)

    def check(self, result: ShardResult) -> None:
        """Count a shard; MeAugmentError once too many clips have failed."""
        self._count(result.clips, result.failed)
        if self._tried >= _JUDGED and self._failed > self._share * self._tried:
            raise MeAugmentError(
                f"{self._failed} of {self._tried} clips could not be made, more than --max-failures "
                f"{self._share:.0%} allows: `me-augment status {quote(str(self._run))}` says why. What was made is "
                "kept; the same command with a higher limit goes on."
            )

    def _count(self, tried: int, failed: int) -> None:
        self._tried += tried
        self._failed += failed


def require_same_packages(folder: Path) -> None:
    """Raise UsageError where other versions would finish a run than began it: one run must not mix their bytes."""
    for change in changed_packages(folder):
        raise UsageError(
            f"{folder} was started with {change}: install that version to finish the run, or name another --out for a "
            "new one."
        )


def changed_packages(folder: Path) -> list[str]:
    """Packages that decide a run's bytes and are of another version now, as `numpy 2.1, now it is 2.2`."""
    require_run(folder)
    environment = folder / "environment.json"
    try:
        started = json.loads(environment.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{environment} is damaged ({error!r}): start the run in another folder.") from error
    now = _environment()["packages"]
    return [f"{name} {started.get(name)}, now it is {now[name]}" for name in now if started.get(name) != now[name]]


def _environment() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: installed(name) for name in DECIDING},
    }
