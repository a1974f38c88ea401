"""CAS(ME)^3 part B: recordings that nobody labelled, each one's first frame a neutral face.

The self-reports beside them are about whole videos, and are not read.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from me_augment.corpora.build import build
from me_augment.corpora.choose import shown, trees_there
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.tree import Shape, index_videos, survey
from me_augment.errors import UsageError

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


def read(root: Path, *, progress: Progress | None = None) -> Ingested:
    """Read CAS(ME)^3 part B: a neutral clip of one frame for each recording.

    Args:
        root: absolute folder (`tree.require_folder`).
        progress: called with recordings done and in all.

    Raises:
        UsageError: there is no tree of part B, or no recording in it.
    """
    trees = trees_there(survey(root, LAYOUT.shapes), CORPUS, LAYOUT.shapes)
    indexed = ((folder, *index_videos(root, folder, shape)) for folder, shape in trees)
    folder, videos, warnings = next((tree for tree in indexed if tree[1]), (root, {}, []))
    if not videos:
        raise UsageError(f"{trees[0][0]} has {CORPUS.holds}, but no recording in them: point at {CORPUS.expects}.")
    events = [
        Event(
            where=shown(video.path, root),
            subject=video.subject,
            video=key,
            name=f"{video.subject}/{video.names['video']}",
            extent="first",
            expression="neutral",
        )
        for key, video in videos.items()
    ]
    ingested = build(CORPUS, root, events, videos, progress)
    manifest = replace(ingested.manifest, provenance={"frames": shown(folder, root)})
    return Ingested(manifest, (*warnings, *ingested.warnings))


READERS = {CORPUS.name: Reader(read, LAYOUT)}
