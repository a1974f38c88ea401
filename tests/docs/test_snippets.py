"""The documentation does what it says: its Python runs, its commands parse, its links lead somewhere."""

import re
import shlex
from urllib.parse import unquote

import click
import pytest
from doc_pages import PAGES, ROOT, anchors, blocks, commands, prose

from me_augment.cli import group, main

# Its snippets are quotations, compared with the code by tests/corpora/test_add_a_corpus.py; needs a Slurm cluster.
NOT_RUN = {"docs/add-a-corpus.md", "docs/cluster.md"}
WITH_PYTHON = [name for name, page in PAGES.items() if any(block.language == "python" for block in blocks(page))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("name", sorted(set(WITH_PYTHON) - NOT_RUN))
def test_python_runs_in_the_order_of_the_page(name, desk, monkeypatch, capsys):
    """After the exports that it opens, which are made by the page's own commands; each section for itself."""
    monkeypatch.chdir(desk)
    snippets = [block for block in blocks(PAGES[name]) if block.language == "python"]
    for line in commands(PAGES[name]):
        words = shlex.split(line, comments=True)
        if words[1] == "export" and any(words[-1] in block.text for block in snippets):
            main(words[1:])
    lines = PAGES[name].read_text(encoding="utf-8").splitlines()
    section, known = 0, {}
    for block in snippets:
        if (now := sum(line.startswith("## ") for line in lines[: block.line])) != section or not known:
            section, known = now, {"__name__": "__main__"}
        # Blank lines before it make the traceback name the line of the page.
        exec(compile("\n" * (block.line - 1) + block.text, name, "exec"), known)
    capsys.readouterr()


@pytest.mark.parametrize("name", sorted(name for name, page in PAGES.items() if commands(page)))
def test_commands_parse(name):
    """Every command, option and value of the page is one that the command line takes."""
    for line in commands(PAGES[name]):
        words = shlex.split(line, comments=True)[1:]
        for mark in ("|", ">", "&", "&&"):
            words = words[: words.index(mark)] if mark in words else words
        try:
            _parse(group, words, "me-augment")
        except click.ClickException as error:
            pytest.fail(f"{name}: `{line}`: {error.format_message()}")


def _parse(command, words, called):
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=called)
        found = command.get_command(context, words[0])
        if words[0].startswith("-"):
            return  # of the group itself: --version, --help
        assert found is not None, f"there is no command {called} {words[0]}"
        _parse(found, words[1:], f"{called} {words[0]}")
    else:
        command.make_context(called, list(words))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_links_lead_somewhere(name):
    page = PAGES[name]
    for link in _LINK.findall(prose(page)):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name}: {link} is not there"
        assert target.is_relative_to(ROOT), f"{name}: {link} leads out of the repository"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{name}: {link}: no such heading in {target.name}"


def test_every_page_is_in_the_index():
    index = PAGES["docs/README.md"]
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose(index))}
    missing = {name for name, page in PAGES.items() if page != index and page.resolve() not in linked}
    assert not missing, f"docs/README.md names no {sorted(missing)}"
