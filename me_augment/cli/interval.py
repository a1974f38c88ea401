"""The type of options that take a range."""

from __future__ import annotations

import click


class Interval(click.ParamType):
    """`LO:HI`, or one number for both.

    Args:
        example: for the message about something else.
    """

    name = "LO:HI"

    def __init__(self, example: str = "0.8:1.2") -> None:
        self._example = example

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """Parse; click reports what does not fit."""
        if isinstance(value, tuple):
            return value
        low, _, high = str(value).partition(":")
        try:
            return float(low), float(high or low)
        except ValueError:
            self.fail(f"{value!r} is not LO:HI, for example {self._example}", param, ctx)
