"""How a command says something: lines, notes, tables and JSON, whatever stdout is and whatever names hold."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from collections.abc import Iterable, Sequence

import click

from me_augment.words import plain

_ENDLESS = 10_000  # columns of a table that goes into a file or to another program
# What is said here and not in ASCII; where a stream knows no such sign.
_PLAINER = {"→": "->", "…": "...", "–": "-", "−": "-", "²": "^2", "±": "+/-", "½": "1/2"}


def take_any_sign(*streams: object) -> None:
    """Let text streams print what their encoding lacks, in other signs: an arrow must not end a job whose log is ASCII.

    Of our own signs there are plainer ones; others, from data, are spelled out (`\\u65e5`).
    """
    codecs.register_error("plainer", _plainer)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plainer")


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_PLAINER.get(sign) or ascii(sign)[1:-1] for sign in signs), error.end


def say(line: str = "", *, err: bool = False) -> None:
    """One line to stdout or stderr."""
    # The stream itself: where that is ASCII click takes another, of UTF-8.
    click.echo(plain(line), file=sys.stderr if err else sys.stdout)


def say_dry(what: str, *, err: bool = False) -> None:
    """The last line of a `--dry-run`: what the command would do without."""
    say(f"would {what}; nothing was written.", err=err)


def say_json(document: object) -> None:
    """The one document that a command with --json prints; in ASCII, so that no terminal and no encoding minds."""
    click.echo(json.dumps(document, indent=1))


def say_table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), right: Iterable[int] = ()) -> None:
    """A table: cells are wrapped to the width of a terminal (or COLUMNS) and, elsewhere, left as they are.

    Args:
        rows: cells.
        head: titles of the columns.
        right: columns that are flush right.
    """
    from rich.console import Console
    from rich.table import Table

    listed = [[plain(cell) for cell in row] for row in rows]
    table = Table(box=None, show_header=bool(head), padding=(0, 2, 0, 0), header_style="")
    flush_right = set(right)
    for column in range(max(map(len, [head, *listed]))):
        title = head[column] if head else ""
        # The first column names the row and is kept whole as long as there is room.
        table.add_column(title, justify="right" if column in flush_right else "left", overflow="fold")
    for row in listed:
        table.add_row(*row)
    measured = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(
        width=None if measured else _ENDLESS, color_system=None, highlight=False, markup=False, emoji=False
    )
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), file=sys.stdout)
