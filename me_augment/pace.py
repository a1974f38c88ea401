"""How fast work goes and how long the rest will take, judged by what was done since a moment of a steady clock."""

from __future__ import annotations


def per_minute(done: int, seconds: float) -> float | None:
    """Units a minute; None before the first is done or any time has passed."""
    return 60 * done / seconds if done > 0 and seconds > 0 else None


def seconds_left(left: int, done: int, seconds: float) -> float | None:
    """Time for `left` more units, if they go on as `done` did in `seconds`; None where nothing can be said yet."""
    rate = per_minute(done, seconds)
    return None if rate is None else 60 * max(0, left) / rate


def spoken(seconds: float) -> str:
    """A duration in at most two units: `8 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(round(minutes / 60), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
