"""Rewrites what the documentation takes from the code: api.md, commands.md, and the tables in corpora.md.

python docs/make.py
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click

HERE = Path(__file__).parent
BEGIN, END = "<!-- corpora: written by make.py -->\n", "<!-- end of corpora -->\n"
# What a user imports: module → names, or all that it defines and does not hide.
API: dict[str, tuple[str, ...]] = {
    "me_augment": ("MicroExpressionDataset", "Sample", "Manifest", "Clip", "Recording"),
    "me_augment.transforms": (),
    "me_augment.transforms.sampling": (),
    "me_augment.manifest.labels": ("LabelSet", "classes_of", "class_of"),
    "me_augment.manifest.folds": ("may_train", "may_test", "persons", "resolve_person"),
    "me_augment.manifest.splits": ("Protocol", "Fold", "protocol_named", "folds_of"),
    "me_augment.flow.field": ("apex_flow", "optical_strain", "uv_strain", "stretched", "norm_uv_os"),
    "me_augment.export": ("export",),
    "me_augment.evaluation.scores": ("Predictions", "Scores", "scores", "confusion", "Difference", "difference"),
    "me_augment.errors": (),
}
_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
_MANY_FIELDS = 12


def api() -> str:
    """The page api.md."""
    parts = [
        "# Python API\n",
        "Written from the docstrings by `python docs/make.py`. What is not here may change without notice. Everything "
        "that a command does is a function, too: the module `me_augment.cli.<command>` is thin and shows which.\n",
    ]
    for name, chosen in API.items():
        module = import_module(name)
        parts += [f"## {name}\n", f"{_paragraphs(inspect.getdoc(module) or '')}\n"]
        for thing in chosen or _public(module):
            parts += _thing(thing, getattr(module, thing), "###")
    return "\n".join(parts)


def commands() -> str:
    """The page commands.md."""
    from me_augment.cli import group

    parts = [
        "# Commands\n",
        "Written from the commands by `python docs/make.py`; `me-augment COMMAND --help` says the same.\n",
        "Exit codes: 0 done, 1 the work failed, 2 wrong use, 130 interrupted.\n",
    ]
    return "\n".join([*parts, *_commands(group, "me-augment", click.Context(group, info_name="me-augment"))])


def corpora() -> str:
    """corpora.md with the tables as the registry has them."""
    text = (HERE / "corpora.md").read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + "\n".join(_corpora()) + "\n\n" + END + rest.split(END)[1]


def _public(module: ModuleType) -> list[str]:
    listed = getattr(module, "__all__", None)
    return listed or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def _thing(name: str, value: Any, level: str) -> Iterator[str]:
    yield f"{level} {name}\n"
    many = dataclasses.is_dataclass(value) and len(dataclasses.fields(value)) > _MANY_FIELDS
    hidden = many or (inspect.isclass(value) and issubclass(value, Exception))
    if callable(value) and not hidden:
        yield f"```\n{_signature(name, value)}\n```\n"
    yield f"{_docstring(inspect.getdoc(value) or '')}\n"
    if many:
        yield "Its fields are the [columns of the manifest](../manifests/README.md#columns).\n"
    if inspect.isclass(value) and not issubclass(value, Exception):
        yield from _members(value)


def _members(kind: type) -> Iterator[str]:
    fields = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
    for name, value in vars(kind).items():
        if name.startswith("_") or name in fields:
            continue
        plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        about = inspect.getdoc(plain)
        if isinstance(plain, property) or hasattr(plain, "func"):  # a cached property
            yield f"* **{name}**: {_one_line(about)}\n"
        elif inspect.isfunction(plain) and about:
            yield f"```\n{_signature(f'{kind.__name__}.{name}', plain)}\n```\n\n{_docstring(about)}\n"


class _Verbatim:
    """An annotation or default that is shown as it was written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _signature(name: str, value: Any) -> str:
    """A call as it would be written, on one line where it fits."""
    found = inspect.signature(value)
    parameters = [_shown(parameter) for parameter in found.parameters.values() if parameter.name not in ("self", "cls")]
    returned = found.return_annotation
    ending = "" if returned in (None, "None", inspect.Signature.empty) else f" -> {_annotation(returned)}"
    line = f"{name}{inspect.Signature(parameters)}{ending}"
    if len(line) <= 110:
        return line
    inside = [f"    {parameter},\n" for parameter in parameters]
    keywords = [place for place, one in enumerate(parameters) if one.kind is inspect.Parameter.KEYWORD_ONLY]
    if keywords:
        inside.insert(keywords[0], "    *,\n")
    return f"{name}(\n{''.join(inside)}){ending}"


def _shown(parameter: inspect.Parameter) -> inspect.Parameter:
    if parameter.annotation is not parameter.empty:
        parameter = parameter.replace(annotation=_Verbatim(_annotation(parameter.annotation)))
    if repr(parameter.default) == "<factory>":
        parameter = parameter.replace(default=_Verbatim("..."))
    return parameter


def _annotation(value: Any) -> str:
    """Annotations are texts in our modules; typing wraps those of named tuples."""
    text = getattr(value, "__forward_arg__", value)
    return text if isinstance(text, str) else inspect.formatannotation(text)


def _docstring(text: str) -> str:
    """Markdown of a docstring: its sections become lists."""
    lines, out, inside = text.splitlines(), [], False
    for line in lines:
        if found := _SECTION.fullmatch(line):
            inside = True
            out += [f"{found[1]}:", ""]
        elif inside and (found := re.match(r"    ([\w*, ]+): (.*)", line)):
            out.append(f"* `{found[1]}`: {found[2]}")
        elif inside and line.startswith("    "):
            out.append(f"  {line.strip()}" if out[-1].startswith(("* ", "  ")) else line.strip())
        else:
            inside = False if line else inside
            out.append(line)
    return "\n".join(out)


def _paragraphs(text: str) -> str:
    return textwrap.dedent(text).strip()


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _commands(command: click.Command, called: str, context: click.Context) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, f"{called} {name}", click.Context(found, parent=context, info_name=name))
        return
    yield f"## {called.removeprefix('me-augment ')}\n"
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    usage = " ".join([called, "[OPTIONS]", *(parameter.make_metavar(context) for parameter in arguments)])
    yield f"```\n{usage}\n```\n"
    yield f"{_help(command.help or '')}\n"
    yield "| option | meaning |\n|---|---|"
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield f"| {_names(parameter, context)} | {_meaning(parameter, context)} |"
    yield ""


def _help(text: str) -> str:
    """A command's help: what is set as it stands becomes a block, the rest stays paragraphs."""
    out = []
    for part in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if part.startswith("\b"):
            out.append(f"```\n{part.removeprefix(chr(8)).strip(chr(10))}\n```")
        else:
            out.append(_one_line(part).replace("<", "&lt;"))
    return "\n\n".join(out).replace("\b\n", "")


def _names(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    kind = "" if option.is_flag else f" {option.make_metavar(context)}"
    return f"{names}{kind}".replace("|", r"\|").replace("<", "&lt;")


def _meaning(option: click.Option, context: click.Context) -> str:
    said = [_one_line(option.help)]
    default = option.get_default(context, call=False)
    if option.required:
        said.append("Required.")
    elif option.show_default and default is not None and not callable(default) and "default:" not in said[0]:
        on_off = option.opts[0] if default else option.secondary_opts[0] if option.secondary_opts else "off"
        said.append(f"Default: {on_off.removeprefix('--') if option.is_flag else default}.")
    if option.multiple and "repeat" not in said[0]:
        said.append("Repeatable.")
    return " ".join(said).replace("|", r"\|").replace("<", "&lt;").replace("*", r"\*")


def _corpora() -> Iterator[str]:
    from me_augment.corpora import CORPORA
    from me_augment.corpora.published import PUBLISHED

    yield "| name | corpus | ROOT is | `--tree` | frames/s stated | corrections |"
    yield "|---|---|---|---|---|---|"
    for corpus in CORPORA.values():
        rate = "" if corpus.nominal_fps is None else f"{corpus.nominal_fps[0] / corpus.nominal_fps[1]:g}"
        cells = (f"`{corpus.name}`", corpus.title, corpus.expects, _trees(corpus), rate, _corrections(corpus))
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "Terms, as every row carries them:"
    yield ""
    yield from (f"* {licence}" for licence in dict.fromkeys(corpus.licence for corpus in CORPORA.values()))
    yield ""
    yield "Totals of the known versions, which `ingest` and `validate` compare yours with:"
    yield ""
    yield "| corpus | version | labelled events | subjects | emotions |"
    yield "|---|---|---|---|---|"
    for name, versions in PUBLISHED.items():
        for totals in versions:
            events = ", ".join(f"{count} {kind}" for kind, count in totals.events.items())
            words = ", ".join(f"{word} {count}" for word, count in totals.emotions.items())
            yield f"| `{name}` | {totals.version} | {events} | {totals.subjects or ''} | {words} |"


def _trees(corpus: Any) -> str:
    layout = import_module(corpus.module).READERS[corpus.name].layout
    kinds = dict.fromkeys(shape.kind for shape in layout.shapes) if layout else ()
    return ", ".join(f"`{kind}`" for kind in kinds) if len(kinds) > 1 else ""


def _corrections(corpus: Any) -> str:
    table = getattr(import_module(corpus.module), "CORRECTIONS", ())
    counts = Counter(entry.mark for entry in table)
    return ", ".join(f"{counts[mark]} {mark}" for mark in ("safe", "opt-in", "conflict") if counts[mark])


PAGES = {"api.md": api, "commands.md": commands, "corpora.md": corpora}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (HERE / page).write_text(write(), encoding="utf-8")
    print(f"wrote {', '.join(PAGES)} in {HERE}", file=sys.stderr)
