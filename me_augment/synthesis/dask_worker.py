"""What happens on a Dask worker: it proves that its clips will be the same, opens the work once, and makes shards."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import platform
import socket
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from me_augment.errors import MeAugmentError
from me_augment.synthesis.executor import Work
from me_augment.synthesis.shard import Shard, ShardResult
from me_augment.threads import one_thread
from me_augment.versions import DECIDING, installed, source_digest

# Network file systems show a new file to other hosts after some seconds.
_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Job:
    """What a worker is told of a run.

    Attributes:
        run: name of this session; other sessions of the same run have others.
        work: the pickled callable. It travels as bytes, so that a process opens it once and not for every shard.
        software: see `software`, of the host that the run was started on.
        token: a file in the run's folder that holds `run`; None where nothing is shared.
    """

    run: str
    work: bytes
    software: tuple[tuple[str, str | None], ...]
    token: Path | None


def software() -> tuple[tuple[str, str | None], ...]:
    """Name and version of what decides a run's bytes, and of what the hosts of a cluster talk with."""
    return (
        ("me-augment", f"{installed('me-augment') or 'unreleased'} (source {source_digest()})"),
        *((name, installed(name)) for name in DECIDING if name != "me-augment"),
        ("distributed", installed("distributed")),
        ("python", ".".join(platform.python_version_tuple()[:2])),
    )


def admit(job: Job) -> None:
    """Raise MeAugmentError if this process would make other bytes, or put them where nobody looks."""
    for (name, there), (_, here) in zip(job.software, software(), strict=True):
        if there != here:
            raise MeAugmentError(
                f"a worker on {socket.gethostname()} has {name} {here}, and here it is {there}: clips would differ; "
                "start the workers from the same environment."
            )
    if job.token is not None and not _sees(job.token, job.run):
        raise MeAugmentError(
            f"a worker on {socket.gethostname()} does not see {job.token.parent.parent}, or may not write there: every "
            "host of a cluster needs the run's folder and the corpus under the same path, on a shared file system."
        )


def _sees(token: Path, content: str) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return token.read_text(encoding="utf-8") == content and os.access(token.parent, os.W_OK)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.5)


# Sessions that are ending: of these nothing more is begun in this process.
_declined: set[str] = set()


def decline(run: str) -> None:
    """Begin no further shard of this session in this process."""
    _declined.add(run)


def make(job: Job, shard: Shard) -> ShardResult | None:
    """Make a shard; None if the session has been declined. Raises what the work raises, and as `admit`."""
    if job.run in _declined:
        return None
    work = _opened(job)
    # A worker with several threads may make several shards, each on one core.
    with one_thread():
        return work(shard)


@lru_cache(maxsize=1)
def _opened(job: Job) -> Work:
    admit(job)
    _keep_freed_memory()
    # A decoder that crashes on a damaged video says on stderr where.
    if sys.stderr is not None and not faulthandler.is_enabled():
        faulthandler.enable()
    return pickle.loads(job.work)


# Parameters of glibc's mallopt and the highest values that its own adjustment would give them.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST = 32 << 20


def _keep_freed_memory() -> None:
    """Dask sets MALLOC_TRIM_THRESHOLD_ for its workers, so that each freed frame goes back to the system at once.

    Fetching it again for the next frame was measured to take as long as the arithmetic itself. Elsewhere than with
    glibc there is nothing to undo.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST)
        mallopt(_M_TRIM_THRESHOLD, 2 * _LARGEST)
