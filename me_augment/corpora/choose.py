"""Which of the label files and trees found below ROOT is read, and the sentence for when there is none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from me_augment.corpora.registry import Corpus
from me_augment.corpora.sheets import SHEET_SUFFIXES
from me_augment.corpora.tree import DEPTH, Shape, Survey, Video, find_files, find_trees, index_videos
from me_augment.errors import UsageError


def choose_labels(found: Survey, corpus: Corpus, stems: Sequence[str], given: Path | None) -> list[Path]:
    """The label file to read, then those left aside: `given`, or by name as `find_files` ranks them.

    Raises:
        UsageError: none was given and none is there.
    """
    if given is not None:
        return [given]
    files = find_files(found, stems, SHEET_SUFFIXES)
    if not files:
        names = " or ".join(f"{stem}….xlsx" for stem in stems)
        raise UsageError(
            f"no label file of {corpus.title} below {found.root}: looked for {names} (also .xls, .csv), "
            f"{DEPTH} levels deep. Put it there, or name it with --sheet FILE.{_about_links(found)}"
        )
    return files


@dataclass(frozen=True)
class Tree:
    """The tree to read: its clip folders by key, warnings about some, and the trees left aside."""

    folder: Path
    videos: Mapping[str, Video]
    warnings: Sequence[str]
    aside: Sequence[Path]


def trees_there(found: Survey, corpus: Corpus, shape: Shape, kind: str | None) -> list[Path]:
    """The trees of clip folders below ROOT, by preference; `kind` is one of `shape.kinds`, None any of them.

    Raises:
        UsageError: unknown kind, or no such tree is there.
    """
    if kind is not None and kind not in shape.kinds:
        raise UsageError(f"{corpus.title} has no tree {kind!r}: choose one of {', '.join(shape.kinds)}.")
    names = [name for key, of_kind in shape.kinds.items() if kind in (None, key) for name in of_kind]
    folders = find_trees(found, names, shape)
    if not folders:
        raise UsageError(
            f"{found.root} does not look like {corpus.title}: looked for a folder {' or '.join(names)} with "
            f"subject folders in it, {DEPTH} levels deep. Point at {corpus.expects}, or at the folder that "
            f"holds the subjects.{_about_links(found)}"
        )
    return folders


def choose_tree(root: Path, folders: Sequence[Path], shape: Shape, wanted: Collection[str]) -> Tree:
    """The first of the trees that has at least half as many of the labelled clips as the best of them.

    Preference alone would not do: below a folder of many corpora, several have a tree called `Cropped`.

    Args:
        root: absolute corpus folder.
        folders: trees by preference, at least one.
        shape: what they look like.
        wanted: `video_key` of every label row.
    """
    indexed = [index_videos(root, folder, shape) for folder in folders]
    hits = [sum(key in videos for key in wanted) for videos, _ in indexed]
    place = next(i for i, count in enumerate(hits) if 2 * count >= max(hits))
    aside = [folder for folder in folders if folder != folders[place]]
    return Tree(folders[place], *indexed[place], aside)


def described(chosen: str, aside: Sequence[Path], root: Path) -> str:
    """What is read and what is there beside it, for the log."""
    others = [shown(path, root) for path in aside]
    return f"{chosen} (not read: {', '.join(others)})" if others else chosen


def shown(path: Path, root: Path) -> str:
    """A path below ROOT as messages show it; ROOT itself by its name."""
    return root.name if path == root else path.relative_to(root).as_posix()


def _about_links(found: Survey) -> str:
    if not found.outside:
        return ""
    return f" Links that lead out of it are not followed ({found.outside[0].name}): point at what they lead to."
