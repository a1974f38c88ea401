"""Shards on a Dask cluster: a bounded number on their way, made again where workers die, counted once."""

from __future__ import annotations

import pickle
import queue
import shutil
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from me_augment.errors import MeAugmentError
from me_augment.synthesis.dask_cluster import Cluster, ExistingScheduler, OwnWorkers, connected
from me_augment.synthesis.dask_worker import Job, admit, decline, make, software
from me_augment.synthesis.executor import Work
from me_augment.synthesis.shard import Shard, ShardResult

if TYPE_CHECKING:
    from distributed import Client, Future

# One shard is made by each thread and one waits, so that no thread does.
_SHARDS_PER_THREAD = 2
# How often a shard is sent out whose workers died. Dask itself tries it several times before it says so.
_SUBMISSIONS = 4
_LOOK_SECONDS = 1.0
_POLL_SECONDS = 0.25
# After so long without a worker it is said that there is none; workers of ours should be back by then.
_LONELY_SECONDS = 20.0
_OWN_LOST_SECONDS = 180.0


class DaskExecutor:
    """An `Executor` on a Dask cluster, which it opens when there is something to do and holds while its context lasts.

    Args:
        cluster: whose workers.
        shared: a folder of the run that all workers have to see, in which a hidden folder is made and removed; None
            checks nothing.
        say: is told, in a line, what a person should know: the dashboard, workers that died, that there are none.
    """

    def __init__(
        self, cluster: Cluster, shared: Path | None = None, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._cluster, self._shared, self._say = cluster, shared, say
        self._stack = ExitStack()
        self._client: Client | None = None

    def __enter__(self) -> DaskExecutor:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client = None
        self._stack.close()

    def run(self, work: Work, shards: Iterable[Shard], stop: Callable[[], bool]) -> Generator[ShardResult, None, None]:
        """See `Executor.run`.

        Raises:
            MeAugmentError: besides what `work` raises: the cluster cannot be reached, or was lost; a worker has other
                software or does not see the folder; workers died again and again over one shard.
        """
        shards = iter(shards)
        first = next(shards, None)
        if first is None or stop():
            return
        if self._client is None:
            self._client = self._stack.enter_context(connected(self._cluster, self._say))
        name = uuid.uuid4().hex
        with _token(self._shared, name) as token:
            job = Job(name, pickle.dumps(work), software(), token)
            session = _Session(self._client, self._cluster, job, self._say)
            yield from session.results(_chained(first, shards), stop)


class _Session:
    """The shards of one call that are on their way."""

    def __init__(self, client: Client, cluster: Cluster, job: Job, say: Callable[[str], None]) -> None:
        self._client, self._cluster, self._job, self._say = client, cluster, job, say
        self._address = cluster.address if isinstance(cluster, ExistingScheduler) else "this machine"
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._sent: dict[Future, tuple[Shard, int]] = {}
        self._threads: dict[str, int] = {}
        self._admitted: set[str] = set()
        self._looked = self._seen_any = time.monotonic()
        self._told_lonely = False
        self._stopping = False
        on_gpu = cluster.gpu if isinstance(cluster, ExistingScheduler) else bool(cluster.gpus)
        self._resources = {"GPU": 1} if on_gpu else None

    def results(self, shards: Iterator[Shard], stop: Callable[[], bool]) -> Iterator[ShardResult]:
        drawn_all = False
        self._look_around()
        try:
            while True:
                if not self._stopping and stop():
                    self._stopping = True
                    self._look_around()
                elif time.monotonic() - self._looked >= _LOOK_SECONDS:
                    self._look_around()
                while not (drawn_all or self._stopping) and len(self._sent) < self._window:
                    shard = next(shards, None)
                    if shard is None:
                        drawn_all = True
                    else:
                        self._send(shard, 1)
                if not self._sent and (drawn_all or self._stopping):
                    return
                try:
                    future = self._done.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
                result = self._received(future)
                if result is not None:
                    yield result
        finally:
            self._withdraw()

    @property
    def _window(self) -> int:
        return _SHARDS_PER_THREAD * sum(self._threads.values())

    def _send(self, shard: Shard, submission: int) -> None:
        future = self._client.submit(
            pickle.loads,
            pickle.dumps(_Call(self._job, shard)),
            key=f"{shard.name}-{self._job.run}-{submission}",
            pure=False,
            resources=self._resources,
        )
        self._sent[future] = shard, submission
        future.add_done_callback(self._done.put)

    def _received(self, future: Future) -> ShardResult | None:
        """The result of a shard; None for one that is to come again or was not begun, since the work is to stop."""
        from distributed import CancelledError, KilledWorker

        shard, submission = self._sent.pop(future)
        if future.status == "error":
            error = future.exception()
            if not isinstance(error, KilledWorker):
                raise _in_words(error)
        elif future.status == "finished":
            try:
                return future.result()
            except (CancelledError, OSError, TimeoutError):
                self._require_connection()
        else:
            self._require_connection()  # cancelled, which is what happens when the connection is lost
        if submission == _SUBMISSIONS:
            raise MeAugmentError(
                f"worker processes died again and again while they made {shard.name} "
                f"({shard.rows[0].clip_id} and its neighbours): look for what they say on stderr, and for a lack of "
                "memory. What is complete is kept; the same command goes on."
            )
        if not self._stopping:
            self._send(shard, submission + 1)
        return None

    def _look_around(self) -> None:
        """Which workers there are, and whether those that came may work; tell of those that went."""
        self._looked = time.monotonic()
        self._require_connection()
        try:
            self._count_threads()
            self._admit()
            if self._stopping:
                # Again and again, since a worker that died comes back without a memory of it.
                self._client.run(decline, self._job.run, on_error="ignore")
        except (OSError, TimeoutError) as error:  # no worker's: theirs are answers
            raise self._lost() from error
        self._mind_loneliness()

    def _count_threads(self) -> None:
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        threads = {
            address: worker["nthreads"]
            for address, worker in workers.items()
            if self._resources is None or worker.get("resources", {}).get("GPU", 0) >= 1
        }
        for address in self._threads.keys() - threads.keys():
            self._say(f"the worker at {address} is gone; what it was making is made again")
        self._threads = threads

    def _admit(self) -> None:
        """Ask each worker once, before it has to do with the work; it asks itself again when it opens that."""
        new = self._threads.keys() - self._admitted
        if not new:
            return
        answers = self._client.run(admit, self._job, workers=list(new), on_error="return")
        for address, answer in answers.items():
            if isinstance(answer, OSError):  # it died meanwhile
                continue
            if isinstance(answer, BaseException):
                raise answer if isinstance(answer, MeAugmentError) else _cannot_load(answer)
            self._admitted.add(address)

    def _mind_loneliness(self) -> None:
        now = time.monotonic()
        if self._threads:
            self._seen_any, self._told_lonely = now, False
        elif isinstance(self._cluster, OwnWorkers) and now - self._seen_any > _OWN_LOST_SECONDS:
            raise MeAugmentError(
                "the worker processes died and do not start again: look for a lack of memory or of disk space. What "
                "is complete is kept; the same command goes on."
            )
        elif now - self._seen_any > _LONELY_SECONDS and not self._told_lonely:
            gpu = " that offer a GPU (`dask worker --resources GPU=1`)" if self._resources else ""
            self._say(f"no workers{gpu} at {self._address}: waiting for some")
            self._told_lonely = True

    def _require_connection(self) -> None:
        if self._client.status != "running":
            raise self._lost()

    def _lost(self) -> MeAugmentError:
        return MeAugmentError(
            f"the connection to the scheduler at {self._address} was lost. What is complete is kept: see that the "
            "scheduler runs, then give the same command again to go on."
        )

    def _withdraw(self) -> None:
        """What was sent and is not begun will not be; what was begun may end, and nobody listens."""
        from distributed import CancelledError

        if self._sent and self._client.status == "running":
            with suppress(OSError, TimeoutError, CancelledError):
                self._client.cancel(list(self._sent), force=True)
        self._sent.clear()


@dataclass(frozen=True)
class _Call:
    """Unpickled, it is the result of `make`.

    A scheduler unpickles what it is sent, and one that was not started from our environment could not. Of this it sees
    bytes and a function of the standard library.
    """

    job: Job
    shard: Shard

    def __reduce__(self) -> tuple[Callable[[Job, Shard], ShardResult | None], tuple[Job, Shard]]:
        return make, (self.job, self.shard)


@contextmanager
def _token(shared: Path | None, content: str) -> Iterator[Path | None]:
    """A file in a hidden folder `.NAME.tmp`, which a run removes at its end if this process could not."""
    if shared is None:
        yield None
        return
    folder = shared.absolute() / f".seen-{content}.tmp"
    try:
        folder.mkdir()
        (folder / "token").write_text(content, encoding="utf-8")
        yield folder / "token"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _chained(first: Shard, rest: Iterator[Shard]) -> Iterator[Shard]:
    yield first
    yield from rest


def _in_words(error: Any) -> BaseException:
    if isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "me_augment":
        return _cannot_load(error)
    return error


def _cannot_load(error: BaseException) -> MeAugmentError:
    return MeAugmentError(
        f"a worker cannot load this version of me-augment ({error}): start the workers from the environment that this "
        "command is run from, or a copy of it."
    )
