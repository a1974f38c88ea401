"""Folders that are not what was asked for: which of those in them was meant, perhaps."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from shlex import quote

# What only such folders hold; a finished run is a manifest, too.
_MARKS = {"a manifest": ("manifest.json", "plan.parquet"), "a run": ("plan.parquet",)}
_SHOWN = 4
# Folders that are looked at for frames: a corpus may hold thousands, and has some in the first few.
_LOOKED_AT = 200


def not_the_folder(folder: Path, kind: str) -> str | None:
    """What is wrong with the name of a folder of manifests or runs; None where the folder just is something else.

    Args:
        folder: as it was given.
        kind: what was asked for, `a manifest` or `a run`.
    """
    if not folder.is_dir():
        why = "is a file" if folder.exists() else "does not exist"
        return f"{folder} {why}: name the folder of {kind}{' or a run' * (kind == 'a manifest')}."
    found = [child for child in sorted(folder.iterdir()) if any((child / mark).is_file() for mark in _MARKS[kind])]
    if not found:
        return None
    shown = " or ".join(quote(str(child)) for child in found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
    return f"{folder} is not {kind} but holds {'one' if len(found) == 1 else 'some'}: name {shown}."


def frames_below(folder: Path, suffixes: tuple[str, ...]) -> Path | None:
    """The first folder below, and not this one, that holds a picture; None where a short search finds none."""
    for where, folders, files in islice(os.walk(folder), _LOOKED_AT):
        folders.sort()
        if where != str(folder) and any(name.lower().endswith(suffixes) and not name.startswith(".") for name in files):
            return Path(where)
    return None
