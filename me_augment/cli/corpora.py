"""`me-augment corpora`: which corpora can be read, what each is expected to look like, and how to cite one."""

from __future__ import annotations

import click

from me_augment.cli.saying import say, say_json, say_table


@click.command()
@click.option("--cite", metavar="NAME", help="Print the terms of a corpus and the papers to cite, as BibTeX.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of lines: name, title and root of each.")
def command(cite: str | None, as_json: bool) -> None:
    """List the corpora that `me-augment ingest` reads, and what ROOT has to be for each.

    \b
    Example:
      me-augment corpora --cite casme2
    """
    from me_augment.corpora import CORPORA, corpus_of

    if cite is not None:
        from me_augment.corpora.citations import ABOUT

        about = ABOUT[corpus_of(cite).name]
        say(f"% {about.name}")
        for what in ("agreement", "frames", "derived", "ask"):
            say(f"% {what}: {getattr(about, what)}")
        bibtex = "\n".join(entry.bibtex() for entry in about.entries)
        for line in bibtex.splitlines() or ["% no publication could be confirmed"]:
            say(line)
        return

    if as_json:
        say_json([{"name": one.name, "title": one.title, "root": one.expects} for one in CORPORA.values()])
        return
    say_table([(one.name, one.title, one.expects) for one in CORPORA.values()], ("name", "corpus", "ROOT is"))
    say("`me-augment ingest auto ROOT` finds out which one ROOT holds.")
