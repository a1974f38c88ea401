"""Reading a corpus that is a tree of recordings without a table of labels: what is known of each, its folders say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from me_augment.corpora.build import build
from me_augment.corpora.choose import described, shown, trees_there
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Layout
from me_augment.corpora.published import about_totals
from me_augment.corpora.registry import Ingested, Progress
from me_augment.corpora.tree import Shape, Video, index_videos, survey
from me_augment.errors import UsageError


def ingest_tree(
    root: Path,
    layout: Layout,
    event_of: Callable[[str, str, Video], Event | None],
    tree: str | None = None,
    progress: Progress | None = None,
) -> Ingested:
    """Turn the recordings of a tree into events.

    Several shapes of one kind may describe one tree, where its recordings lie at different depths. Of several trees
    the first, by preference, is read that has at least half as many recordings as the largest.

    Args:
        root: absolute folder (`tree.require_folder`).
        layout: of the corpus.
        event_of: the event of a recording, by its path below ROOT (for messages), its key and itself; None for a
            recording without any.
        tree: kind of tree; by default any.
        progress: called with recordings done and in all.

    Raises:
        UsageError: no tree of the corpus is there, or no recording is in it.
    """
    corpus = layout.corpus
    shapes_of: dict[tuple[str, Path], list[Shape]] = {}
    for folder, shape in trees_there(survey(root, layout.shapes), corpus, layout.shapes, tree):
        shapes_of.setdefault((shape.kind, folder), []).append(shape)
    indexed = {place: _index(root, place[1], shapes) for place, shapes in shapes_of.items()}
    most = max(len(videos) for videos, _ in indexed.values())
    (_, folder), (videos, lost) = next(entry for entry in indexed.items() if 2 * len(entry[1][0]) >= most)
    where = shown(folder, root)
    if not videos:
        raise UsageError(f"{where} holds {corpus.holds}, but no recording in them: give {corpus.expects}.")
    made = [event_of(shown(video.path, root), key, video) for key, video in videos.items()]
    events = [event for event in made if event is not None]
    ingested = build(corpus, root, events, videos, progress)
    aside = dict.fromkeys(other for _, other in shapes_of if other != folder)
    return replace(
        ingested,
        warnings=(*about_totals(corpus.name, where, events), *lost, *ingested.warnings),
        manifest=replace(ingested.manifest, provenance={"frames": described([where], tuple(aside), root)}),
    )


def _index(root: Path, folder: Path, shapes: list[Shape]) -> tuple[dict[str, Video], list[str]]:
    """The recordings that fit any of the shapes, and warnings about others; sorted by path."""
    videos: dict[str, Video] = {}
    warnings: list[str] = []
    for shape in shapes:
        found, lost = index_videos(root, folder, shape)
        videos = {**found, **videos}
        warnings += lost
    return dict(sorted(videos.items(), key=lambda entry: entry[1].path)), warnings
