"""One process at a time works on a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from me_augment.errors import UsageError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it however the process ends.

    Where the file system knows no locks, or the system none for folders (Windows), nobody is refused. Of a run that
    costs time only: it comes out the same.

    Raises:
        UsageError: another process holds it.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"another process is working on {folder}: wait for it, or stop it.") from error
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether a process is at work on a folder, as far as the file system can tell."""
    try:
        with only_one(folder):
            return False
    except UsageError:
        return True
