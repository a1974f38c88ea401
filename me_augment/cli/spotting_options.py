"""The options of `synthesize --task spotting`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from me_augment.cli.choice import Choice
from me_augment.cli.interval import Interval
from me_augment.errors import UsageError

if TYPE_CHECKING:
    from me_augment.synthesis.events import SpottingSettings


# Name, type and what it says; defaults are those of `SpottingSettings`, which is not imported for --help.
_OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("videos", int, "How many for each person.  [default: 1]"),
    ("seconds", Interval("20:40"), "Length of the videos, drawn between LO and HI seconds.  [default: 20:40]"),
    ("micro", float, "Micro-expressions per video, on average.  [default: 0.9, as CAS(ME)^2 and SAMM-LV have]"),
    ("macro", float, "Macro-expressions per video, on average.  [default: 2.6, likewise]"),
    ("macro-units", str, "Performed as macro-expressions where drivers have none: specifications, comma-separated."),
    ("gap", float, "Least pause between two expressions, seconds.  [default: 0.5]"),
    ("blinks", float, "Blinks per minute.  [default: 12]"),
    ("gazes", float, "Shifts of gaze per minute.  [default: 6]"),
    ("head-turns", float, "Turns of the head per minute.  [default: 2]"),
    ("head-motion", float, "Factor on the motion of a head held still.  [default: 1]"),
    ("noise", float, "Sensor noise on a still face, grey levels.  [default: 1]"),
    ("backgrounds", Choice(["filmed", "still"]), "filmed: frames in which the target expresses nothing, where "
     "its recording has enough; still: a still face that moves, blinks and looks about.  [default: filmed]"),
)  # fmt: skip


def spotting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets them as one argument `spotting`, None for another task."""

    @wraps(command)
    def gather(*arguments: Any, **options: Any) -> Any:
        task = options.pop("task")
        named = {name.replace("-", "_"): name for name, _, _ in _OPTIONS}
        given = {field: value for field in named if (value := options.pop(field)) is not None}
        if task != "spotting" and given:
            raise UsageError(f"--{named[next(iter(given))]} goes with --task spotting.")
        return command(*arguments, spotting=_settings(given) if task == "spotting" else None, **options)

    for name, kind, what in reversed(_OPTIONS):
        gather = click.option(f"--{name}", type=kind, help=f"Spotting: {what}")(gather)
    return click.option(
        "--task",
        type=Choice(["recognition", "spotting"]),
        default="recognition",
        show_default=True,
        help="recognition makes clips of one expression each, spotting long videos with expressions at known frames.",
    )(gather)


def _settings(given: dict[str, Any]) -> SpottingSettings:
    from me_augment.synthesis.events import SpottingSettings

    if "macro_units" in given:
        given["macro_units"] = tuple(part.strip() for part in given["macro_units"].split(","))
    return SpottingSettings(**given)
