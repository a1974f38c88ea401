"""`me-augment checkpoint`: what a file with weights is, and the same model in the other layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from me_augment.cli.saying import say, say_json
from me_augment.errors import UsageError

if TYPE_CHECKING:
    from me_augment.generation.fpb_fomm.checkpoint import Checkpoint


class Persons(click.ParamType):
    """`nobody`, or person ids with commas between."""

    name = "PERSONS"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Take apart; whether these are person ids is judged where they are used."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(",") if name.strip())
        if not names:
            self.fail("name person ids such as casme2:sub01,samm:* or say nobody", param, ctx)
        return () if names == ("nobody",) else names


_saw = click.option(
    "--saw",
    type=Persons(),
    help="Who trained a reference checkpoint, which does not say: person ids such as casme2:sub01,samm:* or nobody.  "
    "[default: all of casme2, samm and smic]",
)


@click.group()
def command() -> None:
    """Look at a checkpoint of fpb-fomm, or convert it.

    \b
    Example:
      me-augment checkpoint inspect 00000099-checkpoint.pth.tar
    """


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@_saw
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of lines.")
def inspect(file: Path, saw: tuple[str, ...] | None, as_json: bool) -> None:
    """Say what model is in FILE and who trained it.

    FILE is a checkpoint of ours (.safetensors) or of the reference implementation (.pth.tar). --json has fingerprint,
    architecture, parameters and provenance.

    \b
    Example:
      me-augment checkpoint inspect work/net/best.safetensors
    """

    from me_augment.generation.fpb_fomm.checkpoint import read_checkpoint

    facts = _facts(read_checkpoint(file, saw))
    if as_json:
        say_json(facts)
        return
    say(f"{file}  fingerprint {facts['fingerprint']}")
    for title in ("architecture", "parameters", "provenance"):
        say(f"{title}:")
        for name, value in facts[title].items():
            say(f"  {name:22} {_text(value)}")


@command.command(short_help="Write a model in the other layout.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New file: .safetensors or .pth.tar.")
@_saw
def convert(file: Path, out: Path, saw: tuple[str, ...] | None) -> None:
    """Write the model of FILE as --out, in the layout that its name asks for.

    .safetensors is ours: weights, configuration and who trained them in one file that runs no code when it is read.
    .pth.tar is the reference implementation's, for models that compute as it does.

    \b
    Example:
      me-augment checkpoint convert 00000099-checkpoint.pth.tar --out published.safetensors
    """
    if not out.name.endswith((".safetensors", ".pth.tar")):
        raise UsageError(f"--out is {out}: give a name ending in .safetensors or .pth.tar.")
    if out.exists():
        raise UsageError(f"{out} exists: name another --out.")

    from me_augment.generation.fpb_fomm.checkpoint import read_checkpoint, reference_checkpoint, write_checkpoint

    found = read_checkpoint(file, saw)
    if out.name.endswith(".pth.tar"):
        reference_checkpoint(out, found.model, found.discriminator)
        say(
            "warning: this layout cannot say who trained the model; whoever uses the file with me-augment has to "
            f"(--saw {','.join(found.provenance.training_subjects) or 'nobody'}).",
            err=True,
        )
    else:
        write_checkpoint(out, found.model, found.discriminator, found.provenance)
    say(f"{file} ({found.fingerprint}) → {out} ({read_checkpoint(out).fingerprint})")


def _facts(found: Checkpoint) -> dict[str, Any]:
    from dataclasses import asdict

    from me_augment.generation.fpb_fomm.model import parameters_of

    generator = found.model.generator
    return {
        "fingerprint": found.fingerprint,
        "architecture": asdict(found.shape),
        "parameters": {
            "kp_detector": parameters_of(found.model.kp_detector),
            "generator": parameters_of(generator),
            "of it dense motion": parameters_of(generator.dense_motion_network),
            "discriminator": parameters_of(found.discriminator) if found.discriminator else None,
        },
        "provenance": asdict(found.provenance),
    }


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "–" if value is None else f"{value:,}" if type(value) is int else str(value)
