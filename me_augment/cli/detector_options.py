"""The options that choose a landmark detector, the same in every command that looks for faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from me_augment.cli.choice import Choice

_Command = TypeVar("_Command", bound=Callable[..., object])

# Those of me_augment.face.detector, which takes numpy to import; a test compares them.
BACKENDS = ("dlib", "face-alignment", "mediapipe")


def detector_options(command: _Command) -> _Command:
    """Adds `landmarks_backend`, `landmark_weights` and `landmarks_device` to a command."""
    for option in (
        click.option(
            "--landmarks-device", help="Where face-alignment's network runs: cpu, cuda or cuda:N.  [default: cpu]"
        ),
        click.option(
            "--landmark-weights",
            type=click.Path(path_type=Path),
            help="File or folder with the weights of face-alignment or mediapipe.  [default: the package's own]",
        ),
        click.option(
            "--landmarks-backend",
            type=Choice(BACKENDS),
            default="dlib",
            show_default=True,
            help="Who finds the landmarks; `doctor` says which work here.",
        ),
    ):
        command = option(command)
    return command
