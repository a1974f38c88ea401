"""The type of options with a few values, which says which of them was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from me_augment.words import meant


class Choice(click.Choice[str]):
    """click's, with a likely spelling where a value is none of the choices.

    Args:
        choices: that there are.
        hint: says which of them a word means, perhaps; begins with a blank, or is empty.
    """

    def __init__(self, choices: Iterable[str], hint: Callable[[str, Iterable[str]], str] = meant) -> None:
        super().__init__(list(choices))
        self._hint = hint

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """What click says of a value that is no choice, and which was meant."""
        return super().get_invalid_choice_message(value, ctx) + self._hint(str(value), map(str, self.choices))
