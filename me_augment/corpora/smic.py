"""SMIC: the short clips of its three cameras, labelled by the folders they lie in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from me_augment.corpora.corrections import require_level
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Layout
from me_augment.corpora.registry import CORPORA, Corpus, Ingested, Progress, Reader
from me_augment.corpora.tree import Shape, Video, video_key
from me_augment.corpora.unlabelled import ingest_tree
from me_augment.manifest import Issue
from me_augment.manifest.labels import MEGC3

EMOTIONS = {"ne": "negative", "po": "positive", "sur": "surprise"}
"""Code in a clip's name → emotion."""

CLIP = re.compile(r"s(?P<subject>[0-9]{1,3})_(?P<code>ne|po|sur)_(?P<take>[0-9]{1,3})", re.IGNORECASE)
_NEUTRAL = re.compile(r"s(?P<subject>[0-9]{1,3})_(?P<code>n)(?P<take>[0-9]{1,3})", re.IGNORECASE)
FOLDER = re.compile(r"s(?P<subject>[0-9]{1,3})", re.IGNORECASE)
_NAME = re.compile(r"(?P<video>.+)")


def canonical_subject(text: str) -> str:
    """`1`, `01` → `s01`."""
    return f"s{int(text):02d}"


def clip_key(subject: str, names: Mapping[str, str]) -> str:
    """What labels and folders are joined by: `s1_ne_01`, `s01_NE_1` → `s01/ne_01`; other names stay as they are."""
    match = CLIP.fullmatch(names["video"]) or _NEUTRAL.fullmatch(names["video"])
    if match is None:
        return video_key(subject, names["video"])
    return video_key(canonical_subject(match["subject"]), f"{match['code']}_{int(match['take']):02d}")


def layout_of(corpus: Corpus) -> Layout:
    """The layout of one camera's clips."""
    view = re.compile(corpus.name.removeprefix("smic-"), re.IGNORECASE)
    micro = (view, FOLDER, re.compile("micro", re.IGNORECASE), re.compile(r"(?P<emotion>.+)"), _NAME)
    neutral = (view, FOLDER, re.compile("non_?micro", re.IGNORECASE), _NAME)
    return Layout(
        corpus=corpus,
        shapes=tuple(
            Shape(kind=kind, names=(f"SMIC_all_{kind}",), levels=levels, canonical=canonical_subject, key=clip_key)
            for kind in ("raw", "cropped")
            for levels in (micro, neutral)
        ),
    )


def _event(corpus: Corpus, where: str, key: str, video: Video) -> Event:
    name, emotion = video.names["video"], video.names.get("emotion")
    said = (_NEUTRAL if emotion is None else CLIP).fullmatch(name)
    issues = []
    if said is None:
        issues.append(("row-conflict", f"{name!r} is no name of such a clip"))
    elif canonical_subject(said["subject"]) != video.subject:
        issues.append(("row-conflict", f"{name!r} is a clip of another subject"))
    if emotion is not None and emotion.casefold() not in EMOTIONS.values():
        issues.append(("emotion-unknown", f"emotion {emotion!r} is none of {', '.join(EMOTIONS.values())}"))
    elif emotion is not None and said and EMOTIONS[said["code"].casefold()] != emotion.casefold():
        issues.append(("emotion-conflict", f"{name!r} is no {emotion.casefold()} one by its name"))
    return Event(
        where=where,
        subject=video.subject,
        video=key,
        name=f"{video.subject}/{name}",
        # Clips are cut to the expression; nobody marked an apex.
        extent="whole",
        expression="neutral" if emotion is None else "micro",
        emotion=emotion,
        # The MEGC2019 composite takes all 164 clips of the high-speed camera.
        protocols=("megc2019",) if corpus.name == "smic-hs" and MEGC3.of(corpus.name, emotion) else (),
        issues=tuple(Issue(code=code, detail=f"{where}: {detail}") for code, detail in issues),
    )


def _reader(corpus: Corpus) -> Reader:
    layout = layout_of(corpus)

    def read(
        root: Path, *, tree: str | None = None, corrections: str = "safe", progress: Progress | None = None
    ) -> Ingested:
        """Read one camera of SMIC.

        Args:
            root: absolute folder (`tree.require_folder`).
            tree: `raw` or `cropped`; by default raw, unless it lacks half of the clips.
            corrections: `none`, `safe` or `all`; there are none for this corpus.
            progress: called with clip folders done and in all.

        Raises:
            UsageError: the tree is missing or is not that of SMIC.
        """
        require_level(corrections)
        return ingest_tree(root, layout, lambda *found: _event(corpus, *found), tree, progress)

    return Reader(read, layout)


READERS = {name: _reader(corpus) for name, corpus in CORPORA.items() if corpus.module == __name__}
