"""A step as a call of a command: its options are those that the command itself has, there is no second list."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import click

from me_augment.errors import UsageError
from me_augment.pipeline.file import Pipeline, Step
from me_augment.pipeline.variables import typed

Given = str | list[str]

# These go on with what is in --out, leave it alone where it is finished, and refuse what would not fit it.
_RESUMING = ("synthesize", "train")
# What these write appears complete or not at all.
_WHOLE_OR_NOT = ("ingest", "merge", "export", "flow", "evaluate generation", "report")


@dataclass(frozen=True)
class Call:
    """A command that would be given, with everything filled in and found to parse.

    Attributes:
        step: name of the step.
        command: words that name the command: `evaluate generation`.
        given: value by the name of the argument or option.
        arguments: what stands behind the command on a command line.
        leaf: the click command.
        output: what `--out` names; None where nothing is written.
    """

    step: str
    command: str
    given: Mapping[str, Given]
    arguments: tuple[str, ...]
    leaf: click.Command
    output: Path | None

    @property
    def line(self) -> str:
        """What a user would type."""
        return shlex.join(["me-augment", *self.command.split(), *self.arguments])

    @property
    def resumes(self) -> bool:
        """Whether the command itself goes on with an output that is not finished."""
        return self.command in _RESUMING

    @property
    def whole_or_not(self) -> bool:
        """Whether an output that is there is a finished one."""
        return self.command in _WHOLE_OR_NOT or (self.command == "demo" and self.given.get("corpus-only") == "true")

    @property
    def overwrites(self) -> bool:
        """Whether the command was told to replace what is there."""
        return self.given.get("overwrite") == "true"

    def parse(self) -> click.Context:
        """The context in which the command runs; a click.ClickException for what it does not take."""
        return self.leaf.make_context(f"me-augment {self.command}", list(self.arguments))


def calls_of(pipeline: Pipeline, values: Mapping[str, str], group: click.Group, file: Path) -> list[Call]:
    """All steps as calls, every one checked by its command's own parser.

    Args:
        pipeline: as read.
        values: of its variables.
        group: the command line.
        file: for errors.

    Raises:
        UsageError: a command, option, value or variable is not known, or two steps write the same.
    """
    calls = [_call(step, values, group, f"{file}: step {step.name!r}") for step in pipeline.steps]
    writer: dict[Path, str] = {}
    for call in calls:
        if call.output is None:
            continue
        place = call.output.absolute()
        if place in writer:
            raise UsageError(
                f"{file}: step {call.step!r}, out: {call.output} is what step {writer[place]!r} writes: name another."
            )
        writer[place] = call.step
    return calls


def _call(step: Step, values: Mapping[str, str], group: click.Group, where: str) -> Call:
    leaf = _command(step.command, group, where)
    given: dict[str, Given] = {}
    for key, value in step.given.items():
        place = f"{where}, {key}"
        given[key] = typed(value, values, place) if isinstance(value, str) else [typed(t, values, place) for t in value]
    call = Call(
        step=step.name,
        command=" ".join(step.command.split()),
        given=given,
        arguments=_arguments(given, leaf, where),
        leaf=leaf,
        output=None,
    )
    try:
        with call.parse() as context:
            out = context.params.get("out")
    except click.ClickException as error:
        raise UsageError(f"{where} ({call.command}): {error.format_message()}") from error
    return replace(call, output=None if out is None else Path(out))


def _command(text: str, group: click.Group, where: str) -> click.Command:
    found: click.Command = group
    context = click.Context(group)
    words = text.split()
    for position, word in enumerate(words):
        if not isinstance(found, click.Group):
            raise UsageError(
                f"{where}, command: {text!r} is more than a command: {' '.join(words[:position])} is one, and what "
                "it is to be given stands under `with:`."
            )
        known = [name for name in found.list_commands(context) if found is not group or name != "run"]
        if word not in known:
            if found is group and word == "run":
                raise UsageError(f"{where}, command: a pipeline cannot run another: name that one's steps here.")
            raise UsageError(f"{where}, command: there is no command {text!r}: {_instead(word, known)}.")
        next_one = found.get_command(context, word)
        assert next_one is not None
        found = next_one
    if isinstance(found, click.Group):
        known = found.list_commands(context)
        raise UsageError(f"{where}, command: {text!r} is several: name one of {', '.join(known)}, such as {known[0]}.")
    return found


def _arguments(given: Mapping[str, Given], leaf: click.Command, where: str) -> tuple[str, ...]:
    """Options and arguments as on a command line, the arguments in the command's order."""
    parameters = _parameters(leaf)
    for key in given:
        if key not in parameters:
            raise UsageError(f"{where}, with: there is no {key!r}: {_instead(key, list(parameters))}.")
    options: list[str] = []
    for key, value in given.items():
        parameter = parameters[key]
        if isinstance(parameter, click.Option):
            options += _option(parameter, f"--{key}", value, f"{where}, {key}")
    positional: list[str] = []
    for name, parameter in parameters.items():
        if isinstance(parameter, click.Argument) and name in given:
            positional += _texts(given[name], parameter.nargs != 1, f"{where}, {name}")
    if any(text.startswith("-") for text in positional):
        return (*options, "--", *positional)
    return (*positional, *options)


def _parameters(leaf: click.Command) -> dict[str, click.Parameter]:
    """Parameters by the names that a pipeline uses, arguments first."""
    named: dict[str, click.Parameter] = {}
    for parameter in leaf.params:
        if isinstance(parameter, click.Argument):
            named[str(parameter.name).rstrip("_").replace("_", "-")] = parameter
    for parameter in leaf.params:
        if isinstance(parameter, click.Option):
            named.update({name[2:]: parameter for name in parameter.opts if name.startswith("--")})
    return named


def _option(option: click.Option, name: str, value: Given, where: str) -> list[str]:
    if option.is_flag:
        if value not in ("true", "false"):
            raise UsageError(f"{where} is {value!r}: it is a switch, so say true or false.")
        if value == "true":
            return [name]
        return list(option.secondary_opts[:1])
    # What begins with a dash would be taken for an option if it stood alone.
    return [
        part
        for text in _texts(value, option.multiple, where)
        for part in ([f"{name}={text}"] if text.startswith("-") else [name, text])
    ]


def _texts(value: Given, several: bool, where: str) -> Sequence[str]:
    if isinstance(value, list) and not several:
        raise UsageError(f"{where} is a list: this can be given once only, so give one text.")
    return value if isinstance(value, list) else [value]


def _instead(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return (f"did you mean {close[0]}? " if close else "") + f"Known are {', '.join(sorted(known))}"
