"""Face images as targets: every picture of a folder is a neutral clip of one frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from me_augment.corpora.build import build
from me_augment.corpora.events import Event
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.tree import Video, files_of, subfolders_of
from me_augment.errors import UsageError
from me_augment.video.names import IMAGE_SUFFIXES

CORPUS = CORPORA["faces"]


def read(root: Path, *, progress: Progress | None = None) -> Ingested:
    """Read face images: a picture in root is a person called like the file, a subfolder is one person.

    Args:
        root: absolute folder (`tree.require_folder`).
        progress: called with pictures done and in all.

    Raises:
        UsageError: there is no picture.
    """
    pictures = list(_pictures(root))
    if not pictures:
        raise UsageError(f"{root} holds no picture: give {CORPUS.expects}.")
    videos, events = {}, []
    for path, subject in pictures:
        shown = path.relative_to(root)
        videos[shown.as_posix()] = Video(path, subject)
        events.append(
            Event(
                where=shown.as_posix(),
                subject=subject,
                video=shown.as_posix(),
                name=shown.with_suffix("").as_posix(),
                extent="whole",
                expression="neutral",
            )
        )
    return build(CORPUS, root, events, videos, progress)


def _pictures(root: Path) -> Iterator[tuple[Path, str]]:
    """Pictures and the subjects they show."""
    for file in files_of(root, IMAGE_SUFFIXES):
        yield file, file.stem
    for folder in subfolders_of(root):
        for file in files_of(folder, IMAGE_SUFFIXES):
            yield file, folder.name


READERS = {CORPUS.name: Reader(read)}
