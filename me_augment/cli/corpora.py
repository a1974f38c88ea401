"""`me-augment corpora`: which corpora can be read, what each is expected to look like, and how to cite one."""

from __future__ import annotations

import click


@click.command()
@click.option("--cite", metavar="NAME", help="Print the terms of a corpus and the papers to cite, as BibTeX.")
def command(cite: str | None) -> None:
    """List the corpora that `me-augment ingest` reads, and what ROOT has to be for each.

    \b
    Example:
      me-augment corpora --cite casme2
    """
    from me_augment.corpora import CORPORA, corpus_of

    if cite is not None:
        from me_augment.corpora.citations import ABOUT

        about = ABOUT[corpus_of(cite).name]
        click.echo(f"% {about.name}")
        for what in ("agreement", "frames", "derived", "ask"):
            click.echo(f"% {what}: {getattr(about, what)}")
        click.echo("\n".join(entry.bibtex() for entry in about.entries) or "% no publication could be confirmed")
        return

    from rich.console import Console
    from rich.table import Table

    table = Table("name", "corpus", "ROOT is", box=None, padding=(0, 2, 1, 0))
    for corpus in CORPORA.values():
        table.add_row(corpus.name, corpus.title, corpus.expects)
    console = Console(highlight=False)
    console.print(table)
    console.print("`me-augment ingest auto ROOT` finds out which one ROOT holds.")
