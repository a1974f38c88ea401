"""Steps as calls: a pipeline knows exactly what the command line knows."""

import shlex
from pathlib import Path

import click
import pytest

from me_augment.cli import group
from me_augment.errors import UsageError
from me_augment.pipeline.calls import _parameters, calls_of
from me_augment.pipeline.file import Pipeline, Step


def call(command, values=None, **given):
    given = {name.replace("_", "-"): value for name, value in given.items()}
    step = Step.model_validate({"name": "s", "command": command, "with": given})
    (found,) = calls_of(Pipeline(folder="w", steps=[step]), values or {}, group, Path("p.yaml"))
    return found


def leaves(command=group, words=()):
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from leaves(command.get_command(context, name), (*words, name))
    else:
        yield " ".join(words), command


@pytest.mark.parametrize("name", [name for name, _ in leaves()])
def test_every_parameter_of_every_command_has_one_name(name):
    leaf = dict(leaves())[name]
    named = _parameters(leaf)
    assert {id(parameter) for parameter in named.values()} == {id(parameter) for parameter in leaf.params}
    assert len(named) == sum(
        1 if isinstance(p, click.Argument) else sum(o.startswith("--") for o in p.opts) for p in leaf.params
    )


def test_what_a_user_would_type_is_what_is_done():
    found = call(
        "synthesize",
        {"work": "my work"},
        manifest="${work}/m",
        out="${work}/r",
        per_driver="3",
        asymmetry="-0.3:0.3",
        gate=["spill=off", "gain_low=0.8"],
        balance="true",
        dry_run="false",
        paste_back="false",
    )
    assert found.line == (
        "me-augment synthesize 'my work/m' --out 'my work/r' --per-driver 3 --asymmetry=-0.3:0.3 --gate spill=off "
        "--gate gain_low=0.8 --balance --no-paste-back"
    )
    assert found.output == Path("my work/r")
    with found.parse() as ours, found.leaf.make_context("x", shlex.split(found.line)[2:]) as typed:
        assert ours.params == typed.params
        assert ours.params["asymmetry"] == (-0.3, 0.3)
        assert ours.params["gates"] == ("spill=off", "gain_low=0.8")


def test_commands_of_a_group_and_arguments_that_look_like_options():
    assert call("evaluate  generation", run="r").line == "me-augment evaluate generation r"
    assert call("evaluate generation", run="r").output is None
    assert call("validate", manifest="-m", root="r").line == "me-augment validate --root r -- -m"


@pytest.mark.parametrize(
    ("command", "given", "words"),
    [
        ("synthesise", {}, "there is no command 'synthesise': did you mean synthesize"),
        ("", {}, "is several: name one of"),
        ("evaluate", {}, "'evaluate' is several: name one of generation"),
        ("evaluate generations", {}, "there is no command 'evaluate generations': did you mean generation"),
        ("ingest casme2 x", {}, "is more than a command: ingest is one"),
        ("run", {"pipeline": "p"}, "cannot run another"),
        ("export", {"sauce": "m"}, "with: there is no 'sauce': did you mean source"),
        ("export", {"source": "m", "help": "true"}, "there is no 'help'"),
        ("export", {"source": "m"}, r"\(export\): Missing option '--format'"),
        ("export", {"format": "frames", "out": "y"}, r"\(export\): Missing argument 'SOURCE'"),
        ("synthesize", {"manifest": "m", "out": "r", "per-driver": "two"}, "'--per-driver': 'two' is not a valid"),
        ("synthesize", {"manifest": "m", "out": "r", "generator": "magic"}, "'--generator': 'magic' is not one of"),
        ("synthesize", {"manifest": "m", "out": "r", "balance": "yes"}, "balance is 'yes': it is a switch"),
        ("synthesize", {"manifest": "m", "out": "r", "balance": ["true"]}, "it is a switch"),
        ("synthesize", {"manifest": "m", "out": ["r", "q"]}, "out is a list: this can be given once only"),
        ("synthesize", {"manifest": ["m", "n"], "out": "r"}, "manifest is a list"),
        ("synthesize", {"manifest": "${x}", "out": "r"}, "manifest: '\\${x}' names the variable 'x'"),
    ],
)
def test_mistakes_name_file_step_and_field(command, given, words):
    with pytest.raises(UsageError, match=words) as caught:
        call(command, **given)
    assert str(caught.value).startswith("p.yaml: step 's'")


def test_two_steps_do_not_write_the_same():
    steps = [
        Step.model_validate({"name": name, "command": "ingest", "with": {"corpus": "c", "root": "r", "out": out}})
        for name, out in (("a", "w/m"), ("b", "w/./m"))
    ]
    with pytest.raises(UsageError, match=r"step 'b', out: w/m is what step 'a' writes"):
        calls_of(Pipeline(folder="w", steps=steps), {}, group, Path("p.yaml"))
