"""Who makes the clips: this process, processes of this machine, or a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from me_augment.cli.saying import say
from me_augment.errors import UsageError

if TYPE_CHECKING:
    from me_augment.synthesis.executor import Executor


def require_possible(workers: int, scheduler: str | None) -> None:
    """Raise UsageError for options that suit no run; see `Working`."""
    from me_augment.synthesis.dask_cluster import ExistingScheduler, OwnWorkers

    if scheduler is not None and workers:
        raise UsageError("--workers starts processes here, and --scheduler uses those of a cluster: give one of them.")
    if scheduler is not None:
        _ = ExistingScheduler(scheduler).address
    elif workers:
        OwnWorkers(workers)


@contextmanager
def open_executor(workers: int, scheduler: str | None, run: Path) -> Iterator[Executor]:
    """Who is to make the clips of a run that was begun, for as long as the context lasts.

    Args:
        workers, scheduler: see `Working`.
        run: the run's folder.

    Raises:
        UsageError: options that suit no run, or not the device that this one was planned for.
    """
    require_possible(workers, scheduler)
    if workers == 0 and scheduler is None:
        from me_augment.synthesis.executor import InProcess

        yield InProcess()
        return
    from me_augment.synthesis.dask_cluster import Cluster, ExistingScheduler, OwnWorkers, visible_gpus
    from me_augment.synthesis.dask_executor import DaskExecutor
    from me_augment.synthesis.inputs import devices

    drawn_on = devices(run)
    for device in sorted(drawn_on):
        if ":" in device:
            raise UsageError(
                f"the run was begun with --device {device}, and each worker has a GPU of its own: give --device cuda."
            )
    cluster: Cluster
    if scheduler is not None:
        cluster = ExistingScheduler(scheduler, gpu="cuda" in drawn_on)
    else:
        cluster = OwnWorkers(workers, visible_gpus()[:workers] if "cuda" in drawn_on else ())
    with DaskExecutor(cluster, run / "shards", lambda text: say(text, err=True)) as executor:
        yield executor
