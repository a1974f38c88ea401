"""What `synthesize`, `extend` and `resume` share: how to go about the work on a run, and what they say of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from me_augment.cli.cache_options import CACHE_FOLDER, CACHE_SIZE
from me_augment.cli.saying import say
from me_augment.errors import MeAugmentError
from me_augment.words import count

if TYPE_CHECKING:
    from me_augment.synthesis.shard import ShardResult
    from me_augment.synthesis.shard_maker import Open


class Share(click.ParamType):
    """`20%`, or a number from 0 to 1."""

    name = "SHARE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse; click reports what does not fit."""
        if isinstance(value, float):
            return value
        text = str(value)
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is no share of the clips, for example 20% or 0.2", param, ctx)
        return share


@dataclass(frozen=True)
class Working:
    """How to go about the work.

    Attributes:
        retry_failed: make again what failed.
        max_failures: share of the clips tried that may fail.
        workers: processes of this machine that make the clips; 0 makes them in this one.
        scheduler: of a Dask cluster that makes them instead, its address or its file.
        cache: folder where the measured motion of drivers is kept for other runs.
        cache_size: gigabytes that it may hold.
    """

    retry_failed: bool = False
    max_failures: float = 0.5
    workers: int = 0
    scheduler: str | None = None
    cache: Path | None = None
    cache_size: float = 10.0


def working_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets them as one argument `working`."""

    @wraps(command)
    def gather(*arguments: Any, **options: Any) -> Any:
        working = Working(**{field.name: options.pop(field.name) for field in fields(Working)})
        if working.workers or working.scheduler is not None:  # before anything is written
            from me_augment.cli.executors import require_possible

            require_possible(working.workers, working.scheduler)
        return command(*arguments, working=working, **options)

    for option in (
        click.option(
            "--scheduler",
            metavar="ADDRESS|FILE",
            help="Let the workers of a Dask cluster make the clips: its address, such as tcp://10.0.0.1:8786, or the "
            "file that `dask scheduler --scheduler-file` wrote. See docs/cluster.md.",
        ),
        click.option(
            "--workers",
            default=Working().workers,
            show_default=True,
            help="Processes of this machine that make clips, a core each, or a GPU each where the generator draws on "
            "one; 0 makes them in this process, which is best for a few.",
        ),
        click.option(
            "--cache-size",
            type=CACHE_SIZE,
            default=Working().cache_size,
            show_default=True,
            help="GB that --cache may hold.",
        ),
        click.option(
            "--cache",
            type=CACHE_FOLDER,
            help="Keep the measured motion of drivers in this folder, where another run over the same clips finds it.",
        ),
        click.option("--retry-failed", is_flag=True, help="Also make again what could not be made before."),
        click.option(
            "--max-failures",
            type=Share(),
            default=f"{Working().max_failures:.0%}",
            show_default=True,
            help="Stop once more than this share of the clips could not be made.",
        ),
    ):
        gather = option(gather)
    return gather


def opener(working: Working) -> Open:
    """What opens that which makes the clips."""
    from me_augment.generation.motion_cache import MotionCache
    from me_augment.synthesis.inputs import RememberingClipMaker, open_clip_maker

    if working.cache is None:
        return open_clip_maker
    return RememberingClipMaker(MotionCache(working.cache.absolute(), round(working.cache_size * 1e9)))


def work_and_report(run: Path, working: Working) -> None:
    """Make what is missing of a run that was begun, show progress, say what came of it."""
    from me_augment.cli.executors import open_executor
    from me_augment.cli.progress import run_progress
    from me_augment.cli.stopping import stopping
    from me_augment.synthesis.progress_log import ProgressLog
    from me_augment.synthesis.run import Session, execute
    from me_augment.synthesis.status import status

    before = status(run, failed_is_missing=working.retry_failed)
    if before.shards_done:
        say(f"resuming: {before.tried} of {before.planned} clips are done", err=True)
    log = ProgressLog(run, before.planned, before.tried)
    with (
        stopping() as stop,
        open_executor(working.workers, working.scheduler, run) as executor,
        nullcontext() if before.finished else log,  # what is finished stays as it is
        run_progress(
            "Synthesizing", before.planned, made=before.made, rejected=before.rejected, failed=before.failed
        ) as report,
    ):

        def tell(result: ShardResult) -> None:
            report(result)
            log.add(result)

        after = execute(
            run,
            Session(
                executor=executor,
                progress=tell,
                stop=stop,
                retry_failed=working.retry_failed,
                max_failures=working.max_failures,
            ),
            open_clips=opener(working),
        )
    say(f"{count(after.made, 'clip')} made, {after.rejected} rejected, {after.failed} failed → {run}")
    if not after.finished:
        raise KeyboardInterrupt
    if after.planned and not after.made:
        raise MeAugmentError(f"no clip could be made or kept; `me-augment status {quote(str(run))}` says why.")
