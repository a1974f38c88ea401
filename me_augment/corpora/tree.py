"""Finding label files and recordings below ROOT: by comparing names, never by a path made of labels."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from me_augment.corpora.registry import Corpus
from me_augment.errors import UsageError

DEPTH = 4
"""Levels below ROOT that are searched: two above the corpus folder, its own, and one for a nested pack."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One way in which a corpus lays out its recordings below a folder.

    Attributes:
        kind: what the user calls it (`raw`, `cropped`).
        names: of the folder, in order of preference.
        levels: one pattern per level of entries below it; those that fit the last are recordings. The groups `subject`
            and `video`, on any level, say which, unless `key` does.
        canonical: from the text of the group `subject` to the subject id.
        key: from subject id and the groups of all levels to the recording's key, None where it is no recording.
        wraps: folders that some copies put around the first level, the outermost first.
        suffixes: of the recordings where they are files (`.avi`); () where they are folders of frames.
        first: frame number of the first frame, for recordings whose frames are counted and not named: video files,
            and folders that the labels count through by rank. None where file names carry the corpus' numbers.
        of: what an event is looked up by: `video`, or `clip` where its clip was cut out of the recording.
    """

    kind: str
    names: tuple[str, ...]
    levels: tuple[re.Pattern[str], ...]
    canonical: Callable[[str], str]
    key: Callable[[str, Mapping[str, str]], str | None] = field(
        default=lambda subject, names: video_key(subject, names["video"])
    )
    wraps: tuple[re.Pattern[str], ...] = ()
    suffixes: tuple[str, ...] = ()
    first: int | None = None
    of: Literal["video", "clip"] = "video"


@dataclass(frozen=True)
class Survey:
    """What lies below ROOT, level by level, sorted; ROOT itself is the first folder.

    `files` are those that are no images; `outside` are links that lead out of ROOT; they are not followed.
    """

    root: Path
    folders: tuple[Path, ...]
    files: tuple[Path, ...]
    outside: tuple[Path, ...]


@dataclass(frozen=True)
class Video:
    """A recording on disk and the canonical id of the subject it belongs to.

    Attributes:
        path: folder of frames, or video file.
        subject: canonical id.
        first: see `Shape.first`.
        names: the groups of `Shape.levels`.
    """

    path: Path
    subject: str
    first: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)


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


def survey(root: Path, shapes: Sequence[Shape]) -> Survey:
    """List ROOT down to `DEPTH`, but not the insides of folders that fit the first level below a tree."""
    from me_augment.video.names import IMAGE_SUFFIXES  # its room imports numpy and OpenCV

    firsts = [shape.levels[0] for shape in shapes]
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
                    if path.suffix.casefold() not in IMAGE_SUFFIXES:
                        files.append(path)
                elif target not in seen and entry.is_dir() and not any(first.fullmatch(entry.name) for first in firsts):
                    seen.add(target)
                    below.append((path, target))
        folders += [path for path, _ in below]
        level = below
    return Survey(root, tuple(folders), tuple(files), tuple(outside))


def find_trees(found: Survey, shape: Shape) -> list[Path]:
    """Folders called one of `shape.names` that hold what fits its first level: by name, then the shallowest first.

    A wrap of one that is found already is no tree of its own. ROOT itself counts whatever it is called, so that a
    renamed tree can be named directly.
    """
    ranks = {plain(name): rank for rank, name in reversed(list(enumerate(shape.names)))}
    ranked = [
        (-1 if folder == found.root else ranks[plain(folder.name)], position, folder)
        for position, folder in enumerate(found.folders)
        if folder == found.root or plain(folder.name) in ranks
    ]
    trees: list[Path] = []
    inside: set[Path] = set()
    for _, _, folder in sorted(ranked):
        wraps = shape.wraps if plain(folder.name) in ranks else ()
        starts = list(_starts(folder, wraps))
        fits = (_fit(entry, shape, shape.levels) for start in starts for entry in _entries(start))
        if folder not in inside and any(fits):
            trees.append(folder)
            inside.update(starts)
    return trees


def find_files(found: Survey, stems: Iterable[str], suffixes: Sequence[str]) -> list[Path]:
    """Files that begin with one of `stems`: by stem, the very name before longer ones, suffix and depth."""
    begins = [plain(stem) for stem in stems]
    ranked = []
    for position, file in enumerate(found.files):
        rank = next((i for i, begin in enumerate(begins) if plain(file.stem).startswith(begin)), None)
        if rank is not None and file.suffix.casefold() in suffixes:
            longer = plain(file.stem) != begins[rank]
            ranked.append((rank, longer, suffixes.index(file.suffix.casefold()), position, file))
    return [entry[-1] for entry in sorted(ranked)]


def index_videos(root: Path, tree: Path, shape: Shape) -> tuple[dict[str, Video], list[str]]:
    """Recordings of a tree by key, in the order of their paths, and warnings about others."""
    videos: dict[str, Video] = {}
    warnings = []
    starts = _starts(tree, shape.wraps)
    for path, names in (found for start in starts for found in _matching(root, start, shape, shape.levels, {})):
        shown = path.relative_to(root).as_posix()
        if _leads_out(root, path):
            warnings.append(f"{shown} is left out: it is a link that leads out of {root}.")
            continue
        subject = shape.canonical(names["subject"])
        key = shape.key(subject, names)
        if key is None:
            continue
        if key in videos:
            other = videos[key].path.relative_to(root).as_posix()
            warnings.append(f"{shown} is left out: {other} has the same subject and name.")
        else:
            videos[key] = Video(path, subject, shape.first, names)
    return videos, warnings


def first_escape(root: Path, folder: Path) -> Path | None:
    """The first entry of a folder that is a link leading out of `root`, or None; raises OSError."""
    with os.scandir(folder) as entries:
        links = sorted(entry.path for entry in entries if entry.is_symlink())
    # `Path.resolve` raises RuntimeError where a link leads to itself.
    return next((Path(link) for link in links if not Path(os.path.realpath(link)).is_relative_to(root)), None)


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
    root: Path, folder: Path, shape: Shape, levels: Sequence[re.Pattern[str]], names: Mapping[str, str]
) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Entries that fit all levels, and those of any level that lead out of `root`, which are not looked into."""
    for entry in _entries(folder):
        match = _fit(entry, shape, levels)
        if match is None:
            continue
        here = {**names, **{name: text for name, text in match.groupdict().items() if text is not None}}
        if len(levels) == 1 or (entry.is_symlink() and _leads_out(root, folder / entry.name)):
            yield folder / entry.name, here
        else:
            yield from _matching(root, folder / entry.name, shape, levels[1:], here)


def _starts(folder: Path, wraps: Sequence[re.Pattern[str]]) -> Iterator[Path]:
    """A folder, and what the wraps in it hold; each is passed once, so that no loop of links is endless."""
    yield folder
    for done, wrap in enumerate(wraps, 1):
        for entry in _entries(folder):
            if wrap.fullmatch(entry.name) and entry.is_dir():
                yield from _starts(folder / entry.name, wraps[done:])


def _fit(entry: os.DirEntry[str], shape: Shape, levels: Sequence[re.Pattern[str]]) -> re.Match[str] | None:
    """How an entry fits the first of the levels that are left, None where it does not."""
    if len(levels) > 1 or not shape.suffixes:
        match = levels[0].fullmatch(entry.name)
        return match if match and entry.is_dir() else None
    path = Path(entry.name)
    if path.suffix.casefold() not in shape.suffixes:
        return None
    match = levels[0].fullmatch(path.stem)
    return match if match and entry.is_file() else None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """A folder's entries by name, without hidden ones, leavings and endless links; none where it cannot be listed."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
    shown = (e for e in entries if not e.name.startswith((".", "~$", "__MACOSX")) and _is_text(e.name))
    return [e for e in shown if not e.is_symlink() or _leads_somewhere(e)]


def _leads_out(root: Path, path: Path) -> bool:
    return not path.resolve().is_relative_to(root)


def _leads_somewhere(link: os.DirEntry[str]) -> bool:
    """Whether a link can be followed, or only lacks what it leads to; one that leads to itself cannot."""
    try:
        link.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _is_text(name: str) -> bool:
    """Whether a name can be written to a table; one of undecodable bytes cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
