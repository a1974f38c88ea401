"""Which corpus a folder holds, told by the names of its folders and the columns of its label files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from me_augment.corpora import CORPORA, Corpus, reader_of
from me_augment.corpora.choose import shown
from me_augment.corpora.labelled import Layout
from me_augment.corpora.sheets import SHEET_SUFFIXES, read_table
from me_augment.corpora.tree import Survey, find_files, find_trees, plain, survey
from me_augment.errors import UsageError

ANY = Corpus(
    name="auto",
    title="Any corpus",
    expects="a folder that holds a corpus as its authors ship it",
    licence="",
    module="",
)
"""Stands for the corpus that is yet to be recognised."""


@dataclass(frozen=True)
class Recognised:
    """A corpus that a folder seems to hold, and by what: a clause for people."""

    corpus: Corpus
    why: str


def recognise(root: Path) -> Recognised:
    """The one corpus that a folder holds.

    Args:
        root: absolute folder (`tree.require_folder`).

    Raises:
        UsageError: none is recognised, or several are.
    """
    layouts = [(corpus, reader_of(corpus).layout) for corpus in CORPORA.values()]
    known = [(corpus, layout) for corpus, layout in layouts if layout is not None]
    found = survey(root, [shape for _, layout in known for shape in layout.shapes])
    whole, partly = [], []
    for corpus, layout in known:
        tree, labels = _tree(found, layout), _labels(found, layout)
        if tree and (labels or not layout.label_files):
            whole.append(Recognised(corpus, " and ".join(filter(None, (labels, tree)))))
        elif labels:
            partly.append(f"{corpus.title} ({labels}, but no folder {_names(layout)})")
    if len(whole) == 1:
        return whole[0]
    if whole:
        each = "; ".join(f"{one.corpus.name} ({one.why})" for one in whole)
        raise UsageError(f"{root} holds several corpora: {each}. Name the one, or ingest them in turn.")
    almost = f" It comes close to {'; '.join(partly)}." if partly else ""
    raise UsageError(
        f"{root} looks like no corpus that is known.{almost} `me-augment corpora` lists what each looks like; "
        "`generic` reads a table of your own, `faces` a folder of face images."
    )


def _tree(found: Survey, layout: Layout) -> str:
    """The first tree, by its name; ROOT counts under its own name only, unlike when the corpus is named."""
    for shape in layout.shapes:
        names = {plain(name) for name in shape.names}
        for folder in find_trees(found, shape):
            if plain(folder.name) in names:
                return f"a folder {shown(folder, found.root)} with {layout.corpus.holds} in it"
    return ""


def _labels(found: Survey, layout: Layout) -> str:
    if layout.columns is None:
        return ""
    for file in find_files(found, layout.label_files, SHEET_SUFFIXES):
        try:
            table = read_table(file, layout.columns)
        except UsageError:
            continue
        return f"{shown(file, found.root)} with {len(table.rows)} rows of labels"
    return ""


def _names(layout: Layout) -> str:
    names: Sequence[str] = list(dict.fromkeys(name for shape in layout.shapes for name in shape.names))
    return " or ".join(names)
