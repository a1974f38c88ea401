"""Reading a corpus that is a table of labels beside a tree of recordings: the one way, in two steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from me_augment.corpora.build import build
from me_augment.corpora.cells import Cells
from me_augment.corpora.choose import choose_labels, choose_tree, described, shown, trees_there
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
    """

    corpus: Corpus
    label_files: tuple[str, ...] = ()
    columns: Columns | None = None
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Labels:
    """A corpus whose label table was read and whose trees were found; nothing is looked up in them yet.

    Attributes:
        layout: of the corpus.
        found: what lies below ROOT.
        table: the label rows.
        aside: label files that were found and not read.
        trees: trees of recordings, see `choose.trees_there`.
    """

    layout: Layout
    found: Survey
    table: LabelTable
    aside: tuple[Path, ...]
    trees: tuple[tuple[Path, Shape], ...]

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
        file, *aside = choose_labels(found, layout.corpus, layout.label_files, given)
        return cls(layout, found, read_table(file, layout.columns), tuple(aside), tuple(trees))

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
        events = [
            correct(event, table, corrections)
            for row in self.table.rows
            for event in _noted(Cells(row, self.table.title), events_of)
        ]
        frames = choose_tree(root, self.trees, events)
        if frames.shape.of == "clip":
            events = [replace(event, video=event.clip or event.video) for event in events]
        ingested = build(corpus, root, events, frames.videos, progress)
        sources = {
            "labels": described(self.table.title, self.aside, root),
            "frames": described(shown(frames.folder, root), frames.aside, root),
            **beside,
        }
        warnings = (
            *(f"{self.table.title}: {misfit}, skipped." for misfit in self.table.misfits),
            *([f"{self.table.title} is a hidden sheet; no visible one has the columns."] if self.table.hidden else []),
            *about_totals(corpus.name, self.table.title, events),
            *frames.warnings,
            *ingested.warnings,
        )
        return replace(ingested, warnings=warnings, manifest=replace(ingested.manifest, provenance=sources))


def _noted(cells: Cells, events_of: Callable[[Cells], Event | Iterable[Event]]) -> list[Event]:
    made = events_of(cells)
    events = [made] if isinstance(made, Event) else list(made)
    return [replace(event, issues=(*cells.issues, *event.issues)) for event in events]
