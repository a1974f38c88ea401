"""CAS(ME)^3 part B: recordings that nobody labelled, each one's first frame a neutral face.

The self-reports beside them are about whole videos, and are not read.
"""

from __future__ import annotations

import re
from pathlib import Path

from me_augment.corpora.corrections import require_level
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.tree import Shape, Video
from me_augment.corpora.unlabelled import ingest_tree

CORPUS = CORPORA["casme3-b"]

_SUBJECT = re.compile(r"spno\.?([0-9]{1,4})", re.IGNORECASE)


def canonical_subject(text: str) -> str:
    """`spNo.18`, `spNO18` → `spNO.18`."""
    match = _SUBJECT.fullmatch(text.strip())
    assert match is not None, "folders are matched before they come here"
    return f"spNO.{int(match[1])}"


def _shape(*below: str, suffixes: tuple[str, ...] = ()) -> Shape:
    levels = (rf"(?P<subject>{_SUBJECT.pattern})", *below)
    return Shape(
        kind="raw",
        names=("part_B",),
        levels=tuple(re.compile(level, re.IGNORECASE) for level in levels),
        canonical=canonical_subject,
        suffixes=suffixes,
    )


# How the recordings lie is not known: as those of part A, or simpler.
LAYOUT = Layout(
    corpus=CORPUS,
    shapes=(
        _shape("(?P<video>.+)", "color"),
        _shape("(?P<video>.+)"),
        _shape("(?P<video>.+)", suffixes=(".avi", ".mp4", ".mkv", ".mov")),
    ),
)


def read(root: Path, *, corrections: str = "safe", progress: Progress | None = None) -> Ingested:
    """Read CAS(ME)^3 part B: a neutral clip of one frame for each recording.

    Args:
        root: absolute folder (`tree.require_folder`).
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with recordings done and in all.

    Raises:
        UsageError: there is no tree of part B, or no recording in it.
    """
    require_level(corrections)
    return ingest_tree(root, LAYOUT, _event, progress=progress)


def _event(where: str, key: str, video: Video) -> Event:
    return Event(
        where=where,
        subject=video.subject,
        video=key,
        name=f"{video.subject}/{video.names['video']}",
        extent="first",
        expression="neutral",
    )


READERS = {CORPUS.name: Reader(read, LAYOUT)}
