"""Which Dask cluster does the work: processes of this machine, one for each GPU perhaps, or one that is there."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from me_augment.errors import MeAugmentError, UsageError

if TYPE_CHECKING:
    from distributed import Client

# How often workers may die while they make one shard before a cluster of ours reports that shard.
OWN_ALLOWED_FAILURES = 9
_CONNECT_SECONDS = 20.0
_STARTS = 4
_OWN = {
    "distributed.scheduler.allowed-failures": OWN_ALLOWED_FAILURES,
    # A dead process of this machine is known by its closed connection. Heartbeats would only kill sound workers when
    # the clock jumps or a laptop has slept.
    "distributed.scheduler.worker-ttl": None,
    # A worker that died is started again however long that takes on a machine in full use.
    "distributed.deploy.lost-worker-timeout": "1 day",
    "distributed.worker.multiprocessing-method": "spawn",
    # Statistics that nobody looks at; kept, they would grow with the run.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.log-length": 100,
    "distributed.admin.log-length": 100,
    "distributed.admin.low-level-log-length": 100,
}


@dataclass(frozen=True)
class OwnWorkers:
    """Processes of this machine.

    Attributes:
        count: how many, one thread each.
        gpus: one for each worker as CUDA_VISIBLE_DEVICES names it, an index or a UUID; none where no GPU is used.
    """

    count: int
    gpus: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UsageError(f"--workers is {self.count}; it must be at least 1, or 0 to work in this process.")
        if self.gpus and len(self.gpus) != self.count:
            raise UsageError(f"--workers is {self.count}, and there are {len(self.gpus)} GPUs: each worker needs one.")


@dataclass(frozen=True)
class ExistingScheduler:
    """A cluster that somebody else started.

    Attributes:
        where: its address, such as `tcp://10.0.0.1:8786`, or the file that `dask scheduler --scheduler-file` wrote.
        gpu: work only on workers that offer the resource GPU (`dask worker --resources GPU=1`).
    """

    where: str
    gpu: bool = False

    @property
    def address(self) -> str:
        """The address itself; UsageError where there is none, or none that Dask knows."""
        from distributed.comm.addressing import parse_address, parse_host_port
        from distributed.comm.registry import get_backend

        try:
            found = self.where
            if "://" not in found:
                found = str(json.loads(Path(found).read_text(encoding="utf-8"))["address"])
            scheme, place = parse_address(found, strict=True)
            get_backend(scheme)
            if scheme in ("tcp", "tls"):
                parse_host_port(place)
            return found
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"--scheduler is {self.where!r}, neither an address such as tcp://10.0.0.1:8786 nor a file that "
                "`dask scheduler --scheduler-file` wrote: start one (docs/cluster.md), or give --workers instead."
            ) from error


Cluster = OwnWorkers | ExistingScheduler


def visible_gpus() -> tuple[str, ...]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        import torch

        return tuple(str(index) for index in range(torch.cuda.device_count()))
    found: list[str] = []
    for name in named.split(","):
        if name.strip() in ("", "-1"):  # CUDA ignores whatever follows
            break
        found.append(name.strip())
    return tuple(found)


def worker_specs(own: OwnWorkers) -> dict[int, dict[str, Any]]:
    """How `SpecCluster` is to start the workers: a process each, and of the GPUs each sees only its own.

    The part about GPUs was written without one at hand: it never ran on a GPU.
    """
    from distributed import Nanny

    options: dict[str, Any] = {
        "nthreads": 1,
        # The memory that counts is that of frames and networks, of which Dask knows nothing: at its limits it would
        # only pause workers for ever.
        "memory_limit": 0,
        "host": "127.0.0.1",
        "dashboard": False,
        "silence_logs": logging.CRITICAL,
    }
    specs = {}
    for number in range(own.count):
        on_gpu = {"env": {"CUDA_VISIBLE_DEVICES": own.gpus[number]}, "resources": {"GPU": 1}} if own.gpus else {}
        specs[number] = {"cls": Nanny, "options": {**options, **on_gpu}}
    return specs


@contextmanager
def connected(cluster: Cluster, say: Callable[[str], None]) -> Iterator[Client]:
    """A client of the cluster; one of our own lives as long as the context.

    Args:
        cluster: which.
        say: is told where the dashboard is.

    Raises:
        UsageError: no such file of a scheduler.
        MeAugmentError: the scheduler cannot be reached, or the workers cannot be started.
    """
    import dask
    from distributed import Client

    with ExitStack() as stack:
        stack.enter_context(_quiet())
        if isinstance(cluster, OwnWorkers):
            stack.enter_context(dask.config.set(_OWN))
            try:
                ours = stack.enter_context(_own_cluster(cluster))
                client = stack.enter_context(Client(ours, set_as_default=False))
            except (OSError, RuntimeError) as error:
                raise MeAugmentError(f"the worker processes cannot be started: {_innermost(error)}.") from error
            pages = importlib.util.find_spec("bokeh") is not None
        else:
            try:
                client = stack.enter_context(Client(cluster.address, timeout=_CONNECT_SECONDS, set_as_default=False))
            except (OSError, ValueError) as error:
                raise MeAugmentError(
                    f"the scheduler at {cluster.address} cannot be reached ({_innermost(error)}): see that it runs, "
                    "then give the same command again."
                ) from error
            pages = "dashboard" in client.scheduler_info(n_workers=0).get("services", {})
        if pages:
            say(f"dashboard: {client.dashboard_link}")
        yield client


@contextmanager
def _own_cluster(own: OwnWorkers) -> Iterator[Any]:
    from distributed import Scheduler, SpecCluster

    dashboard = importlib.util.find_spec("bokeh") is not None
    scheduler = {
        "cls": Scheduler,
        "options": {
            "host": "127.0.0.1",
            "port": 0,
            "dashboard": dashboard,
            "dashboard_address": "127.0.0.1:8787" if dashboard else "127.0.0.1:0",
        },
    }
    for start in range(_STARTS):
        try:
            with _signals_withheld():
                cluster = SpecCluster(
                    workers=worker_specs(own), scheduler=scheduler, silence_logs=logging.CRITICAL, name="me-augment"
                )
            break
        except (OSError, RuntimeError):  # of a process that died before it was ready nobody else starts another
            if start == _STARTS - 1:
                raise
    with cluster:
        yield cluster


@contextmanager
def _signals_withheld() -> Iterator[None]:
    """Processes started from here, and from threads started here, never see Ctrl-C or SIGTERM.

    A terminal sends them to every process of a command. What is to become of the work is for the main process to
    decide; when it ends, even by SIGKILL, its workers end with it. A mask is what a process inherits with no gap: what
    starts a worker, now or after it died, is a thread of the cluster that is made in this context.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where Ctrl-C ends the workers too
        yield
        return
    resource_tracker.ensure_running()  # when it starts, it unblocks both signals in whichever thread needs it first
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask would log here is said in other words, or nobody's concern."""
    import distributed

    # Dask gives some of its loggers a level of their own; asyncio tells of what Dask left unfinished.
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == distributed.__name__]
    loggers = [logging.getLogger(name) for name in (*names, "tornado.application", "asyncio")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="distributed")
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).rstrip(".") or type(error).__name__
