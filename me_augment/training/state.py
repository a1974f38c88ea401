"""The state of a training run on disk: all that the next step needs, complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from me_augment.errors import MeAugmentError
from me_augment.staging import sync_folder

_KEPT = 2


def write_state(folder: Path, step: int, state: Mapping[str, Any]) -> None:
    """Write the state after `step` steps and forget all but the last two.

    Raises:
        OSError: the disk does not take it; the earlier states stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{step:08d}.pt"
    temporary = folder / f".{path.name}.tmp"
    try:
        with temporary.open("wb") as file:
            torch.save({"step": step, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except RuntimeError as error:
        # What torch makes of a disk that is full.
        raise error.__context__ if isinstance(error.__context__, OSError) else error from None
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    for old in states(folder)[:-_KEPT]:
        old.unlink()


def states(folder: Path) -> list[Path]:
    """The states there, oldest first."""
    return sorted(folder.glob("[0-9]*.pt"))


def read_state(folder: Path) -> dict[str, Any] | None:
    """The latest state that can be read; None where there is none.

    Raises:
        MeAugmentError: there are some, and none can be read.
    """
    found = states(folder)
    for path in reversed(found):
        try:
            return torch.load(path, weights_only=True, map_location="cpu")
        except Exception:  # of many kinds, by what is wrong with the file
            continue
    if found:
        raise MeAugmentError(f"none of the states in {folder} can be read: start anew in another --out.")
    return None
