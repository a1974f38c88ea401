"""Files that a user's own table names: looked up by comparing with what lies below ROOT, never by joining paths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from me_augment.corpora.tree import files_of, subfolders_of

_DRIVE = re.compile(r"[A-Za-z]:")


class NotFoundError(Exception):
    """What a table names is not there, or must not be looked for; says why, `code` for short."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Below:
    """What lies below a folder; each folder on the way is listed once, those that are found are not."""

    def __init__(self, root: Path, suffixes: Sequence[str]) -> None:
        """`suffixes` are those of the files that count, lower case."""
        self.root = root
        self._suffixes = tuple(suffixes)
        self._listed: dict[Path, tuple[list[Path], list[Path]]] = {}

    def find(self, text: str) -> Path:
        """The folder or file that a path of a table names, in any case, a file also without its suffix.

        Raises:
            NotFoundError: `path-refused` for an absolute path or one with `..`, `folder-missing`, or `path-ambiguous`.
        """
        if not text.strip():
            raise NotFoundError("path-refused", "no path is given")
        names = text.strip().replace("\\", "/").split("/")
        if names[0] == "" or _DRIVE.match(names[0]) or ".." in names:
            raise NotFoundError("path-refused", f"{text!r} leads out of the folder that was given")
        steps = [name for name in names if name not in ("", ".")]
        if not steps:
            raise NotFoundError("path-refused", f"{text!r} is the folder that was given itself; name a path below it")
        place = self.root
        for left, name in zip(range(len(steps) - 1, -1, -1), steps, strict=True):
            place = self._step(place, name, text, last=left == 0)
        return place

    def _step(self, folder: Path, name: str, text: str, *, last: bool) -> Path:
        if folder not in self._listed:
            self._listed[folder] = subfolders_of(folder), files_of(folder, self._suffixes)
        folders, files = self._listed[folder]
        there = [*folders, *files] if last else folders
        wanted = _plain(name)
        found = [path for path in there if path.name == name] or [path for path in there if _plain(path.name) == wanted]
        if not found and last:
            found = [path for path in files if _plain(path.stem) == wanted]
        if len(found) > 1:
            both = " and ".join(path.name for path in found[:2])
            raise NotFoundError("path-ambiguous", f"{text!r} could be {both}; write the one that is meant")
        if not found:
            where = f" in {folder.relative_to(self.root).as_posix()}" if folder != self.root else ""
            raise NotFoundError("folder-missing", f"{text!r} is not there: no {name}{where}")
        return found[0]


def _plain(name: str) -> str:
    """A name without what file systems vary: case, and how accents are composed."""
    return unicodedata.normalize("NFC", name).casefold()
