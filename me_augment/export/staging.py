"""An output folder that appears complete or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from me_augment.errors import MeAugmentError, UsageError


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Give a hidden folder beside `out` to write into; it becomes `out` when the block ends without an error.

    Raises:
        UsageError: `out` is there and not an empty folder.
        MeAugmentError: something cannot be written.
    """
    out = out.resolve()
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise UsageError(f"{out} exists and is not an empty folder: name another --out, or empty it.")
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            folder.chmod(0o755)  # mkdtemp makes it for this user only
            yield folder
            if out.exists():
                out.rmdir()
            folder.rename(out)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        raise MeAugmentError(f"cannot write {out}: {error.strerror or error}.") from error


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, or a copy where the file system knows or allows no more links."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
