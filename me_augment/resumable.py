"""An output folder that is made piece by piece: the next process goes on where one was ended, and OUT appears whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from me_augment.errors import MeAugmentError, UsageError
from me_augment.lock import only_one
from me_augment.manifest.store import write_text
from me_augment.staging import settled

_OURS = ("files", "done", "made_of")


class Unfinished:
    """A folder being filled, and what was noted of the pieces that are in it.

    A piece is noted after its files are on disk, so that whatever ends the process, what is noted is there.

    Attributes:
        folder: to be filled. Names that begin with a dot are temporary: they are gone when the work is taken up again.
        noted: piece → what was said of it, as JSON gives it back; in the order of the pieces.
        resumed: it was begun by another process.
    """

    def __init__(self, place: Path, made_of: Mapping[str, object]) -> None:
        """Begin in an empty folder, or go on in one that was left; UsageError where that was made of something else."""
        self.folder, self.noted = place / "files", dict[str, Any]()
        self._journal, record = place / "done.jsonl", place / "made_of.json"
        self.resumed = record.is_file() and self.folder.is_dir()
        if self.resumed:
            _require_same(place, json.loads(record.read_text(encoding="utf-8")), made_of)
            self._take_up()
        else:
            _clear(place)
            self.folder.mkdir()
            write_text(record, json.dumps(made_of, indent=1) + "\n")
        self._lines = self._journal.open("ab")

    def note(self, piece: str, said: object) -> None:
        """Keep what JSON can hold of a piece that is on disk."""
        self._lines.write(json.dumps([piece, said]).encode() + b"\n")
        self._lines.flush()
        self.noted[piece] = said

    def close(self) -> None:
        """Close the journal."""
        self._lines.close()

    def _take_up(self) -> None:
        content = self._journal.read_bytes() if self._journal.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]  # the last line may have been cut short
        self._journal.write_bytes(whole)
        self.noted.update(json.loads(line) for line in whole.splitlines())
        for left in [path for path in self.folder.rglob(".*") if not path.is_dir()]:
            left.unlink()


@contextmanager
def resumable(out: Path, made_of: Mapping[str, object], *, anew: bool = False) -> Iterator[Unfinished]:
    """Give a folder to write into piece by piece; it becomes `out` when the block ends without an error.

    Until then it lies beside `out`, as `.<name of out>.partial`, or in it where `out` is there and empty, since that
    may be a mount point, which cannot be renamed. It stays there when the block is ended after a piece was noted, and
    is given again to whoever comes with the same `made_of`.

    Args:
        out: the folder that is made.
        made_of: everything that decides what will be in it; JSON holds it.
        anew: throw away what was left.

    Raises:
        UsageError: `out` is there and not an empty folder; another process is at work on it; or what was left is made
            of something else.
        MeAugmentError: something cannot be written.
    """
    out = settled(out)
    try:
        mounted = out.is_dir()
        place = (out if mounted else out.parent) / f".{out.name}.partial"
        if out.exists() and not (mounted and all(path == place for path in out.iterdir())):
            raise UsageError(f"{out} exists and is not an empty folder: name another --out, or empty it.")
        place.mkdir(parents=True, exist_ok=True)
        with only_one(place):
            if anew:
                _clear(place)
            work = Unfinished(place, made_of)
            try:
                yield work
            except BaseException as error:
                # What cannot be done is no beginning, but what was begun before is not thrown away for it.
                if not work.noted or (isinstance(error, MeAugmentError) and not work.resumed):
                    shutil.rmtree(place, ignore_errors=True)
                raise
            finally:
                work.close()
            if mounted:
                for child in sorted(work.folder.iterdir()):
                    child.rename(out / child.name)
            else:
                work.folder.rename(out)
            shutil.rmtree(place)
    except OSError as error:
        raise MeAugmentError(f"cannot write {out}: {error.strerror or error}.") from error


def _clear(place: Path) -> None:
    """Empty a place that holds nothing but what `Unfinished` puts there."""
    held = list(place.iterdir())
    if place.is_symlink() or any(path.name.removeprefix(".").partition(".")[0] not in _OURS for path in held):
        raise UsageError(f"{place} is in the way and not ours: move it away, or name another --out.")
    for path in held:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _require_same(place: Path, theirs: Mapping[str, object], ours: Mapping[str, object]) -> None:
    then, now = dict(_flat(theirs)), dict(_flat(json.loads(json.dumps(ours))))
    for name in {**then, **now}:
        if then.get(name) != now.get(name):
            raise UsageError(
                f"{place} is unfinished and was begun with another {name} ({then.get(name)}; now {now.get(name)}): "
                "go on with that, or start anew with --overwrite."
            )


def _flat(said: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """`software`, `numpy` → `software numpy`."""
    for name, value in said.items():
        if isinstance(value, dict):
            yield from ((f"{name} {inner}", of) for inner, of in _flat(value))
        else:
            yield name, value
