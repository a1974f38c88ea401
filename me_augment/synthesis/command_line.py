"""The command line that makes a run again, told from its settings."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from me_augment.evaluation.gates import Gates
from me_augment.synthesis.events import SpottingSettings
from me_augment.synthesis.settings import Settings

# Fields that are no options, or not one each.
_APART = {
    *("manifest", "targets", "generator_version", "action_units_basis", "gates", "checkpoints", "checkpoint_files"),
    *("clips_per_shard", "spotting", "scheme"),
}


def synthesize_command(settings: Settings, inputs: str, out: str) -> str:
    """What begins a run with these settings, as one line for a POSIX shell.

    Everything that is not as by default is in it. Where faces came from elsewhere, DRIVERS and FACES stand for the two
    manifests (or the folder of pictures), whose fingerprints the settings have; weights are named by their files.

    Args:
        settings: of the run.
        inputs: its folder `inputs`.
        out: folder of the new run.
    """
    sources = [f"{inputs}/manifest"] if settings.targets == settings.manifest else ["DRIVERS", "--targets", "FACES"]
    return shlex.join(["me-augment", "synthesize", *sources, "--out", out, *_words(settings, inputs)])


def _words(settings: Settings, inputs: str) -> Iterator[str]:
    if settings.spotting is not None:
        yield from ("--task", "spotting")
        yield from _changed(settings.spotting)
    yield from _changed(settings)
    if settings.action_units_basis is not None:
        yield from ("--action-units-basis", f"{inputs}/basis.npz")
    for file in settings.checkpoint_files:
        yield from ("--checkpoint", file)
    for name, limit in vars(settings.gates).items():
        if limit != getattr(Gates, name):
            yield from ("--gate", f"{name}={'off' if limit is None else limit}")


def _changed(settings: Settings | SpottingSettings) -> Iterator[str]:
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name not in _APART and value != field.default:
            yield from _option(field.name.replace("_", "-"), value)


def _option(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (f"--{name}" if value else f"--no-{name}",)
    if isinstance(value, tuple):
        value = (",".join if isinstance(value[0], str) else "{0[0]}:{0[1]}".format)(value)
    return (f"--{name}", str(value))
