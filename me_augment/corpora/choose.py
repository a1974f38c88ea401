"""Which of the label files and trees found below ROOT is read, and the sentence for when there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from me_augment.corpora.events import Event
from me_augment.corpora.registry import Corpus
from me_augment.corpora.sheets import SHEET_SUFFIXES
from me_augment.corpora.tree import DEPTH, Shape, Survey, Video, find_files, find_trees, index_videos
from me_augment.errors import UsageError


def choose_labels(
    found: Survey, corpus: Corpus, stems: Sequence[str], given: Path | None, *, parts: bool = False
) -> tuple[list[Path], list[Path]]:
    """The label file to read, and those left aside: `given`, or the first by name as `find_files` ranks them.

    With `parts`, the first of each stem is read.

    Raises:
        UsageError: none was given and none is there.
    """
    if given is not None:
        return [given], []
    files = find_files(found, stems, SHEET_SUFFIXES)
    if not files:
        names = " or ".join(f"{stem}….xlsx" for stem in stems)
        raise UsageError(
            f"no label file of {corpus.title} below {found.root}: looked for {names} (also .xls, .csv), "
            f"{DEPTH} levels deep. Put it there, or name it with --sheet FILE.{_about_links(found)}"
        )
    firsts = [find_files(found, [stem], SHEET_SUFFIXES)[:1] for stem in stems] if parts else [files[:1]]
    read = [file for first in firsts for file in first]
    return read, [file for file in files if file not in read]


@dataclass(frozen=True)
class Tree:
    """What is read as one tree: its folders, `Shape.of`, recordings by key, warnings, and the trees left aside."""

    folders: Sequence[Path]
    of: str
    videos: Mapping[str, Video]
    warnings: Sequence[str]
    aside: Sequence[Path]


def trees_there(
    found: Survey, corpus: Corpus, shapes: Sequence[Shape], kind: str | None = None
) -> list[tuple[Path, Shape]]:
    """The trees below ROOT, by preference; `kind` is that of one of the shapes, None any of them.

    Raises:
        UsageError: unknown kind, or no such tree is there.
    """
    kinds = dict.fromkeys(shape.kind for shape in shapes)
    if kind is not None and kind not in kinds:
        raise UsageError(f"{corpus.title} has no tree {kind!r}: choose one of {', '.join(kinds)}.")
    wanted = [shape for shape in shapes if kind in (None, shape.kind)]
    trees = [(folder, shape) for shape in wanted for folder in find_trees(found, shape)]
    if not trees:
        names = dict.fromkeys(name for shape in wanted for name in shape.names)
        raise UsageError(
            f"{found.root} does not look like {corpus.title}: looked for a folder {' or '.join(names)} with "
            f"{corpus.holds} in it, {DEPTH} levels deep. Point at {corpus.expects}, or at the folder that "
            f"holds the {corpus.holds}.{_about_links(found)}"
        )
    return trees


def choose_tree(root: Path, trees: Sequence[tuple[Path, Shape]], events: Sequence[Event]) -> Tree:
    """The first of the trees that has at least half as many of the labelled events as the best of them.

    Preference alone would not do: below a folder of many corpora, several have a tree called `Cropped`.

    Args:
        root: absolute corpus folder.
        trees: by preference, at least one, see `trees_there`.
        events: the labels.
    """
    # Events and not recordings, of which a corpus has fewer in full length than cut into clips.
    wanted = {of: Counter(getattr(event, of) for event in events) for of in ("video", "clip")}
    indexed = [index_videos(root, folder, shape) for folder, shape in trees]
    hits = [
        sum(count for key, count in wanted[shape.of].items() if key in videos)
        for (_, shape), (videos, _) in zip(trees, indexed, strict=True)
    ]
    place = next(i for i, count in enumerate(hits) if 2 * count >= max(hits))
    folder, shape = trees[place]
    aside = dict.fromkeys(other for other, _ in trees if other != folder)
    return Tree([folder], shape.of, *indexed[place], tuple(aside))


def choose_parts(root: Path, trees: Sequence[tuple[Path, Shape]], events: Sequence[Event]) -> Tree:
    """Of each kind of tree the one that `choose_tree` takes, as if they were one tree.

    A folder that could be of several kinds counts once. Of two recordings with one key the second is left out, and a
    warning says so.
    """
    kinds: dict[str, list[tuple[Path, Shape]]] = {}
    seen = set()
    for folder, shape in trees:
        if (what := (folder, shape.levels, shape.suffixes)) not in seen:
            seen.add(what)
            kinds.setdefault(shape.kind, []).append((folder, shape))
    parts = [choose_tree(root, of_kind, events) for of_kind in kinds.values()]
    videos: dict[str, Video] = {}
    warnings = [line for part in parts for line in part.warnings]
    for key, video in ((key, video) for part in parts for key, video in part.videos.items()):
        if (first := videos.setdefault(key, video)) is not video:
            names = (shown(one.path, root) for one in (video, first))
            warnings.append("{} is left out: {} has the same subject and name.".format(*names))
    folders = dict.fromkeys(folder for part in parts for folder in part.folders)
    aside = dict.fromkeys(path for part in parts for path in part.aside if path not in folders)
    return Tree(list(folders), parts[0].of, videos, warnings, tuple(aside))


def described(chosen: Sequence[str], aside: Sequence[Path], root: Path) -> str:
    """What is read and what is there beside it, for the log."""
    others = [shown(path, root) for path in aside]
    return ", ".join(chosen) + (f" (not read: {', '.join(others)})" if others else "")


def shown(path: Path, root: Path) -> str:
    """A path below ROOT as messages show it; ROOT itself by its name."""
    return root.name if path == root else path.relative_to(root).as_posix()


def _about_links(found: Survey) -> str:
    if not found.outside:
        return ""
    return f" Links that lead out of it are not followed ({found.outside[0].name}): point at what they lead to."
