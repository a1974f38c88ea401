"""The type of options with a few values, which says which of them was meant."""

from __future__ import annotations

from typing import Any

import click

from me_augment.words import meant


class Choice(click.Choice[str]):
    """click's, with a likely spelling where a value is none of the choices."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """What click says of a value that is no choice, and which was meant."""
        return super().get_invalid_choice_message(value, ctx) + meant(str(value), map(str, self.choices))
