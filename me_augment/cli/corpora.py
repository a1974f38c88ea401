"""`me-augment corpora`: which corpora can be read, and what each is expected to look like."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """List the corpora that `me-augment ingest` reads, and what ROOT has to be for each."""
    from rich.console import Console
    from rich.table import Table

    from me_augment.corpora import CORPORA

    table = Table("name", "corpus", "ROOT is", box=None, padding=(0, 2, 1, 0))
    for corpus in CORPORA.values():
        table.add_row(corpus.name, corpus.title, corpus.expects)
    console = Console(highlight=False)
    console.print(table)
    console.print("`me-augment ingest auto ROOT` finds out which one ROOT holds.")
