"""Reads what an export says of itself in `export.json`: its format, and whom each fold holds out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from me_augment.errors import MeAugmentError


@dataclass(frozen=True)
class Record:
    """What the record of an export says.

    Attributes:
        format: of the export.
        held_out: fold → person ids.
    """

    format: str = "export"
    held_out: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_record(folder: Path) -> Record:
    """The record of an export; an empty one where it has none.

    Raises:
        MeAugmentError: it is damaged.
    """
    path = folder / "export.json"
    if not path.is_file():
        return Record()
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        folds = {
            name: {fold.get("person_id"), *fold.get("persons", ())} for name, fold in said.get("folds", {}).items()
        }
        return Record(str(said["format"]), {name: frozenset(map(str, ids - {None})) for name, ids in folds.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MeAugmentError(f"{path} is damaged ({error!r}): export again.") from error
