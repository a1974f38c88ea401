"""Reading a corpus that is a table of labels beside a tree of recordings: the one way, in two steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from me_augment.corpora.build import build
from me_augment.corpora.cells import Cells
from me_augment.corpora.choose import choose_labels, choose_parts, choose_tree, described, shown, trees_there
from me_augment.corpora.corrections import Correction, correct
from me_augment.corpora.events import Event
from me_augment.corpora.published import about_totals
from me_augment.corpora.registry import Corpus, Ingested, Progress
from me_augment.corpora.sheets import Columns, LabelTable, read_table
from me_augment.corpora.tree import Shape, Survey, survey


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a corpus lies on disk.

    Attributes:
        corpus: what is said once about it.
        label_files: beginnings of the names of its label file, the best first; () where it has none.
        columns: of the label file; None where it has none.
        shapes: of its trees, the best first.
        parts: the label files, and the kinds of trees, are parts of the corpus that are read together; elsewhere they
            are versions of it, of which the best is read.
    """

    corpus: Corpus
    label_files: tuple[str, ...] = ()
    columns: Columns | None = None
    shapes: tuple[Shape, ...]
    parts: bool = False


@dataclass(frozen=True)
class Labels:
    """A corpus whose label table was read and whose trees were found; nothing is looked up in them yet.

    Attributes:
        layout: of the corpus.
        found: what lies below ROOT.
        tables: the label rows, by file.
        aside: label files that were found and not read.
        trees: trees of recordings, see `choose.trees_there`.
    """

    layout: Layout
    found: Survey
    tables: tuple[LabelTable, ...]
    aside: tuple[Path, ...]
    trees: tuple[tuple[Path, Shape], ...]

    @property
    def table(self) -> LabelTable:
        """The table of a corpus that has one."""
        (table,) = self.tables
        return table

    @classmethod
    def open(cls, root: Path, layout: Layout, sheet: str | Path | None = None, tree: str | None = None) -> Labels:
        """Find and read the label table.

        Args:
            root: absolute folder (`tree.require_folder`).
            layout: of the corpus; it has columns.
            sheet: label file; by default the first of `layout.label_files` below root.
            tree: kind of tree; by default any.

        Raises:
            UsageError: labels or tree are missing or are not those of the corpus.
        """
        assert layout.columns is not None, "a corpus without labels is read from its tree"
        found = survey(root, layout.shapes)
        trees = trees_there(found, layout.corpus, layout.shapes, tree)
        given = None if sheet is None else Path(sheet)
        files, aside = choose_labels(found, layout.corpus, layout.label_files, given, parts=layout.parts)
        tables = tuple(read_table(file, layout.columns) for file in files)
        return cls(layout, found, tables, tuple(aside), tuple(trees))

    def ingest(
        self,
        events_of: Callable[[Cells], Event | Iterable[Event]],
        table: Iterable[Correction] = (),
        corrections: str = "safe",
        progress: Progress | None = None,
        beside: Mapping[str, str] = MappingProxyType({}),
    ) -> Ingested:
        """Turn rows into events, correct them, and look them up.

        Args:
            events_of: the event or events of a row; what it notes in the cells becomes issues of them all.
            table: published corrections.
            corrections: which of them to apply, see `corrections.LEVELS`.
            progress: called with recordings done and in all.
            beside: other files that were read, by purpose, for the log.
        """
        root, corpus = self.found.root, self.layout.corpus
        of_table = {
            labels.title: [
                correct(event, table, corrections)
                for row in labels.rows
                for event in _noted(Cells(row, labels.title), events_of)
            ]
            for labels in self.tables
        }
        events = [event for listed in of_table.values() for event in listed]
        frames = choose_parts(root, self.trees, events) if self.layout.parts else choose_tree(root, self.trees, events)
        if frames.of == "clip":
            events = [replace(event, video=event.clip or event.video) for event in events]
        ingested = build(corpus, root, events, frames.videos, progress)
        sources = {
            "labels": described(list(of_table), self.aside, root),
            "frames": described([shown(folder, root) for folder in frames.folders], frames.aside, root),
            **beside,
        }
        warnings = (
            *(sentence for labels in self.tables for sentence in about_table(labels)),
            *(line for title, listed in of_table.items() for line in about_totals(corpus.name, title, listed)),
            *frames.warnings,
            *ingested.warnings,
        )
        return replace(ingested, warnings=warnings, manifest=replace(ingested.manifest, provenance=sources))


def about_table(table: LabelTable) -> list[str]:
    """A sentence for each thing that is odd about a label table as a whole, or about a row that is not read."""
    hidden = [f"{table.title} is a hidden sheet; no visible one has the columns."] if table.hidden else []
    beside = [f"{table.path.name}: sheet {sheet} has the columns too, and is not read." for sheet in table.beside]
    twice = [f"{table.title} has several columns {name}, of which the first is read." for name in table.twice]
    return [*(f"{table.title}: {misfit}, skipped." for misfit in table.misfits), *hidden, *beside, *twice]


def _noted(cells: Cells, events_of: Callable[[Cells], Event | Iterable[Event]]) -> list[Event]:
    made = events_of(cells)
    events = [made] if isinstance(made, Event) else list(made)
    return [replace(event, issues=(*cells.issues, *event.issues)) for event in events]
