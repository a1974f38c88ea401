"""Published corrections of labels: for which row, on which condition, and on whose word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from me_augment.corpora.events import Event
from me_augment.errors import UsageError
from me_augment.manifest import Issue

LEVELS: dict[str, tuple[str, ...]] = {"none": (), "safe": ("safe",), "all": ("safe", "opt-in")}
"""Level a user chooses → marks that are applied."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One correction, keyed by the row and not by its place in a file.

    Attributes:
        key: `Event.video` of the row, or its `Event.clip`.
        guard: field of `Event` → value that must still stand there, or a pattern of it; else nothing happens. None
            is what the corpus has for none, noted by the reader (`apex-missing`), and not a cell that nobody can read.
            Where a recording has several events, the guard says which.
        change: field → new value; of a conflict, what others say.
        mark: `safe` (the value is impossible, degenerate or contradicted by the corpus), `opt-in` (one
            loader's opinion) or `conflict` (sources disagree; never applied).
        estimated: a new apex is an estimate.
        why: reason, and who says so.
    """

    key: str
    guard: Mapping[str, int | str | re.Pattern[str] | None]
    change: Mapping[str, int | str | None]
    mark: str
    estimated: bool = False
    why: str


def correct(event: Event, table: Iterable[Correction], level: str = "safe") -> Event:
    """The event with the corrections of a level, each noted as an issue with the value of the file.

    `correction-applied` says what was changed, `correction-conflict` what was left although others differ.

    Raises:
        UsageError: there is no such level.
    """
    require_level(level)
    for entry in table:
        if entry.key not in (event.video, event.clip) or not _stands(event, entry):
            continue
        if entry.mark == "conflict":
            event = replace(event, issues=(*event.issues, _issue("correction-conflict", event, entry)))
        elif entry.mark in LEVELS[level]:
            event = replace(
                event,
                **dict(entry.change),  # type: ignore[arg-type]
                apex_estimated=event.apex_estimated or (entry.estimated and "apex" in entry.change),
                issues=(*event.issues, _issue("correction-applied", event, entry)),
            )
    return event


def require_level(level: str) -> None:
    """Raises UsageError where there is no such level; for readers that have no corrections and are given one."""
    if level not in LEVELS:
        raise UsageError(f"there is no level of corrections {level!r}: choose one of {', '.join(LEVELS)}.")


def _stands(event: Event, entry: Correction) -> bool:
    noted = {issue.code for issue in event.issues}
    return all(
        _is(getattr(event, name), value) and (value is not None or f"{name}-missing" in noted)
        for name, value in entry.guard.items()
    )


def _is(here: object, value: int | str | re.Pattern[str] | None) -> bool:
    if isinstance(value, re.Pattern):
        return isinstance(here, str) and bool(value.fullmatch(here))
    return here == value


def _issue(code: str, event: Event, entry: Correction) -> Issue:
    verb = "is now" if code == "correction-applied" else "stays; elsewhere it is"
    changes = [f"{name} {_shown(getattr(event, name))} {verb} {_shown(value)}" for name, value in entry.change.items()]
    return Issue(code=code, detail=f"{', '.join(changes)}: {entry.why}")


def _shown(value: int | str | None) -> str:
    return "(none)" if value is None else str(value)
