"""The options that say who makes the clips: this process, processes of this machine, or a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from me_augment.errors import UsageError

if TYPE_CHECKING:
    from me_augment.synthesis.executor import Executor

_Command = TypeVar("_Command", bound=Callable[..., object])


def executor_options(command: _Command) -> _Command:
    """Adds `workers` and `scheduler` to a command."""
    for option in (
        click.option(
            "--scheduler",
            metavar="ADDRESS|FILE",
            help="Let the workers of a Dask cluster make the clips: its address, such as tcp://10.0.0.1:8786, or the "
            "file that `dask scheduler --scheduler-file` wrote. See docs/cluster.md.",
        ),
        click.option(
            "--workers",
            default=0,
            show_default=True,
            help="Processes of this machine that make clips, one core each (or one GPU each, if the generator uses "
            "one); 0 makes them in this process, which is best for a few.",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def open_executor(workers: int, scheduler: str | None, out: Path, device: str | None = None) -> Iterator[Executor]:
    """Who is to make the clips of the run in `out`, for as long as the context lasts.

    Args:
        workers, scheduler: the options.
        out: folder of the run; begun before anything is made.
        device: where the generator draws, as `--device` has it, where that is a GPU; None where it is not.

    Raises:
        UsageError: options that do not go together.
    """
    if workers == 0 and scheduler is None:
        from me_augment.synthesis.executor import InProcess

        yield InProcess()
        return
    from me_augment.synthesis.dask_cluster import Cluster, ExistingScheduler, OwnWorkers, visible_gpus
    from me_augment.synthesis.dask_executor import DaskExecutor

    if scheduler is not None and workers:
        raise UsageError("--workers starts processes here, and --scheduler uses those of a cluster: give one of them.")
    if device is not None and ":" in device:
        raise UsageError(f"--device {device} is one GPU, and each worker has its own: give --device cuda.")
    cluster: Cluster
    if scheduler is not None:
        cluster = ExistingScheduler(scheduler, gpu=device is not None)
        _ = cluster.address  # a wrong one is refused before the run is begun
    else:
        cluster = OwnWorkers(workers, visible_gpus()[:workers] if device is not None else ())
    with DaskExecutor(cluster, out / "shards", lambda text: click.echo(text, err=True)) as executor:
        yield executor
