"""`me-augment corpora`: which corpora can be read, and what each is expected to look like."""

from __future__ import annotations

import click

from me_augment.cli.saying import say, say_json, say_table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of lines: name, title and root of each.")
def command(as_json: bool) -> None:
    """List the corpora that `me-augment ingest` reads, and what ROOT has to be for each.

    \b
    Example:
      me-augment corpora
    """
    from me_augment.corpora import CORPORA

    if as_json:
        say_json([{"name": one.name, "title": one.title, "root": one.expects} for one in CORPORA.values()])
        return
    say_table([(one.name, one.title, one.expects) for one in CORPORA.values()], ("name", "corpus", "ROOT is"))
    say("`me-augment ingest auto ROOT` finds out which one ROOT holds.")
