"""An output folder that appears complete or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from me_augment.errors import MeAugmentError, UsageError


def settled(out: Path) -> Path:
    """The folder that a name stands for, links followed; raises UsageError for one that leads to itself."""
    found = Path(os.path.realpath(out))
    if found.is_symlink():
        raise UsageError(f"{out} is a link that leads to itself: name another --out, or remove it.")
    return found


@contextmanager
def staged(out: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a hidden folder to write into; it becomes `out` when the block ends without an error.

    An `out` that exists and is empty is filled instead, since it may be a mount point, which cannot be renamed.

    Args:
        out: the folder that is made.
        replace: take away the folder that is there; the caller has made sure that it may go.

    Raises:
        UsageError: `out` is there, not an empty folder, and not to be replaced.
        MeAugmentError: something cannot be written.
    """
    out = settled(out)
    try:
        occupied = out.exists() and (not out.is_dir() or any(out.iterdir()))
        if occupied and not replace:
            raise UsageError(f"{out} exists and is not an empty folder: name another --out, or empty it.")
        fill = out.exists() and not occupied
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".staging-", dir=out if fill else out.parent))
        try:
            folder.chmod(0o755)  # mkdtemp makes it for this user only
            yield folder
            if fill:
                for child in sorted(folder.iterdir()):
                    child.rename(out / child.name)
                folder.rmdir()
            elif occupied:
                aside = folder.with_name(f"{folder.name}-old")
                out.rename(aside)
                folder.rename(out)
                shutil.rmtree(aside)
            else:
                folder.rename(out)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        raise MeAugmentError(f"cannot write {out}: {error.strerror or error}.") from error


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut, where the system can open folders, as Windows cannot."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, or a copy where the file system knows or allows no more links.

    A target that is there stays as it is.
    """
    if target.exists():
        return
    try:
        target.hardlink_to(source)
    except OSError:
        copied = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        shutil.copyfile(source, copied)
        copied.replace(target)
