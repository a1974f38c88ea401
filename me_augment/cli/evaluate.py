"""`me-augment evaluate`: what synthetic clips are worth, in themselves and to those who learn from them."""

from __future__ import annotations

import click

from me_augment.cli.lazy import LazyGroup

_COMMANDS = {
    "generation": "How well the synthetic clips of a run do what they were asked to do.",
    "recognition": "What a recogniser gains from synthetic clips.",
    "spotter": "What a small spotter gains from synthetic videos.",
    "spotting": "What spotted intervals are worth by the rules of the MEGC.",
}


@click.group(cls=LazyGroup, modules="me_augment.cli.evaluate_", about=_COMMANDS)
def command() -> None:
    """Measure what was made.

    \b
    Example:
      me-augment evaluate generation work/run
    """
