"""The options that choose a generator and say how it is to work, the same in every command that makes clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from me_augment.cli.choice import Choice

_Command = TypeVar("_Command", bound=Callable[..., object])

# Those of me_augment.generation.generator, which takes numpy to import; a test compares them.
GENERATORS = ("warp", "fpb-fomm")
PRECISIONS = ("fp32", "bf16", "fp16")
DRIVINGS = ("cleaned", "filmed")


def generator_options(command: _Command) -> _Command:
    """Adds `generator`, `device`, `precision` and `driving` to a command; --checkpoint is the command's own."""
    for option in (
        click.option(
            "--driving",
            type=Choice(DRIVINGS),
            default="cleaned",
            show_default=True,
            help="What fpb-fomm is shown of the driver: its face performing what was measured, head motion and blinks "
            "left out, or its frames as filmed, as in the paper.",
        ),
        click.option(
            "--precision",
            type=Choice(PRECISIONS),
            default="fp32",
            show_default=True,
            help="Of fpb-fomm's drawing on a GPU; its motion is always predicted in single precision.",
        ),
        click.option(
            "--device",
            default="auto",
            show_default=True,
            help="Where fpb-fomm runs: cpu, cuda, cuda:N, or auto, the GPU if there is one.",
        ),
        click.option(
            "--generator",
            type=Choice(GENERATORS),
            default="warp",
            show_default=True,
            help="Who makes the clips: warp resamples the target along the measured motion, fpb-fomm is the paper's "
            "network and needs --checkpoint.",
        ),
    ):
        command = option(command)
    return command
