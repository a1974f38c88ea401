"""Finding label files and clip folders below ROOT: by comparing names, never by a path made of labels."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from me_augment.corpora.registry import Corpus
from me_augment.errors import UsageError

DEPTH = 4
"""Levels below ROOT that are searched: two above the corpus folder, its own, and one for a nested pack."""


@dataclass(frozen=True)
class Shape:
    """How a corpus lays out its clip folders.

    Attributes:
        kinds: kind of tree (`raw`) → names of its folder, both in order of preference.
        levels: one pattern per level of folders below it; the groups `subject` and `video`, on any level, say
            which clip a folder of the last level is.
        canonical: from the text of the group `subject` to the subject id.
    """

    kinds: Mapping[str, tuple[str, ...]]
    levels: tuple[re.Pattern[str], ...]
    canonical: Callable[[str], str]


@dataclass(frozen=True)
class Survey:
    """What lies below ROOT, level by level, sorted; ROOT itself is the first folder.

    `outside` are links that lead out of ROOT; they are not followed.
    """

    root: Path
    folders: tuple[Path, ...]
    files: tuple[Path, ...]
    outside: tuple[Path, ...]


@dataclass(frozen=True)
class Video:
    """A clip folder and the canonical id of the subject it belongs to."""

    path: Path
    subject: str


def require_folder(root: Path, corpus: Corpus) -> Path:
    """ROOT, absolute and with links resolved; UsageError where it is no folder that can be listed."""
    try:
        with os.scandir(root):
            return root.resolve()
    except FileNotFoundError:
        raise UsageError(f"{root} does not exist: give {corpus.expects}.") from None
    except NotADirectoryError:
        raise UsageError(f"{root} is a file: give {corpus.expects}.") from None
    except OSError as error:
        raise UsageError(f"{root} cannot be listed ({error.strerror}): check its permissions.") from error


def video_key(subject: str, video: str) -> str:
    """What labels and folders are joined by: canonical subject and case-folded name."""
    return f"{subject}/{video.strip().casefold()}"


def survey(root: Path, shape: Shape) -> Survey:
    """List ROOT down to `DEPTH`, but not the insides of folders that fit the first level below a tree."""
    folders, files, outside = [root], [], []
    seen = {root}
    level = [(root, root)]  # each folder by the path it was found by and by its real one
    for _ in range(DEPTH):
        below = []
        for folder, real in level:
            for entry in _entries(folder):
                path = folder / entry.name
                target = path.resolve() if entry.is_symlink() else real / entry.name
                if not target.is_relative_to(root):
                    outside.append(path)
                elif entry.is_file():
                    files.append(path)
                elif target not in seen and entry.is_dir() and not shape.levels[0].fullmatch(entry.name):
                    seen.add(target)
                    below.append((path, target))
        folders += [path for path, _ in below]
        level = below
    return Survey(root, tuple(folders), tuple(files), tuple(outside))


def find_trees(found: Survey, names: Iterable[str], shape: Shape) -> list[Path]:
    """Folders called one of `names` that hold subject folders: earlier names first, then the shallowest.

    ROOT itself counts whatever it is called, so that a renamed tree can be named directly.
    """
    ranks = {plain(name): rank for rank, name in reversed(list(enumerate(names)))}
    ranked = [
        (-1 if folder == found.root else ranks[plain(folder.name)], position, folder)
        for position, folder in enumerate(found.folders)
        if folder == found.root or plain(folder.name) in ranks
    ]
    return [folder for _, _, folder in sorted(ranked) if _has_child(folder, shape.levels[0])]


def find_files(found: Survey, stems: Iterable[str], suffixes: Sequence[str]) -> list[Path]:
    """Files that begin with one of `stems`: earlier stems first, then suffixes, then the shallowest."""
    begins = [plain(stem) for stem in stems]
    ranked = []
    for position, file in enumerate(found.files):
        rank = next((i for i, begin in enumerate(begins) if plain(file.stem).startswith(begin)), None)
        if rank is not None and file.suffix.casefold() in suffixes:
            ranked.append((rank, suffixes.index(file.suffix.casefold()), position, file))
    return [entry[-1] for entry in sorted(ranked)]


def index_videos(root: Path, tree: Path, shape: Shape) -> tuple[dict[str, Video], list[str]]:
    """Clip folders of a tree by `video_key`, in the order of their paths, and warnings about others."""
    videos: dict[str, Video] = {}
    warnings = []
    for path, names in _matching(tree, shape.levels, {}):
        subject = shape.canonical(names["subject"])
        key = video_key(subject, names["video"])
        shown = path.relative_to(root).as_posix()
        if not path.resolve().is_relative_to(root):
            warnings.append(f"{shown} is left out: it is a link that leads out of {root}.")
        elif key in videos:
            other = videos[key].path.relative_to(root).as_posix()
            warnings.append(f"{shown} is left out: {other} has the same subject and name.")
        else:
            videos[key] = Video(path, subject)
    return videos, warnings


def first_escape(root: Path, folder: Path) -> Path | None:
    """The first entry of a folder that is a link leading out of `root`, or None; raises OSError."""
    with os.scandir(folder) as entries:
        links = sorted(entry.path for entry in entries if entry.is_symlink())
    return next((Path(link) for link in links if not Path(link).resolve().is_relative_to(root)), None)


def files_of(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """A folder's files with one of the suffixes (lower case), sorted; none where it cannot be listed."""
    entries = _entries(folder)
    return [folder / e.name for e in entries if Path(e.name).suffix.casefold() in suffixes and e.is_file()]


def subfolders_of(folder: Path) -> list[Path]:
    """A folder's folders, sorted; none where it cannot be listed."""
    return [folder / entry.name for entry in _entries(folder) if entry.is_dir()]


def plain(name: str) -> str:
    """A name without what copies vary: case, blanks, hyphens, underscores, brackets."""
    return "".join(char for char in name.casefold() if char.isalnum())


def _matching(
    folder: Path, levels: Sequence[re.Pattern[str]], names: Mapping[str, str]
) -> Iterator[tuple[Path, Mapping[str, str]]]:
    for entry in _entries(folder):
        match = levels[0].fullmatch(entry.name)
        if match is None or not entry.is_dir():
            continue
        here = {**names, **match.groupdict()}
        if len(levels) == 1:
            yield folder / entry.name, here
        else:
            yield from _matching(folder / entry.name, levels[1:], here)


def _has_child(folder: Path, shape: re.Pattern[str]) -> bool:
    return any(shape.fullmatch(entry.name) and entry.is_dir() for entry in _entries(folder))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """A folder's entries by name, without hidden ones and leavings; none where it cannot be listed."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
    return [e for e in entries if not e.name.startswith((".", "~$", "__MACOSX")) and _is_text(e.name)]


def _is_text(name: str) -> bool:
    """Whether a name can be written to a table; one of undecodable bytes cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
