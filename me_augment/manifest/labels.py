"""Label sets: which classes a protocol has, and which emotion word of which corpus falls into which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from me_augment.errors import UsageError
from me_augment.manifest.rows import Clip


@dataclass(frozen=True)
class LabelSet:
    """A protocol's classes in index order, and per corpus the emotion words that fall into each.

    Words missing from a corpus' table are dropped by the protocol.
    """

    column: str
    classes: tuple[str, ...]
    words: Mapping[str, Mapping[str, str]]

    def of(self, corpus: str, emotion: str | None) -> str | None:
        """Class of an emotion word (any case) of a corpus, or None where the protocol drops it."""
        if emotion is None:
            return None
        return self.words.get(corpus, {}).get(emotion.strip().casefold())


# MEGC2019 call (composite database): the CASME II part of "negative" is disgust and repression only.
MEGC3 = LabelSet(
    column="label_megc3",
    classes=("negative", "positive", "surprise"),
    words={
        "casme2": {
            "disgust": "negative",
            "repression": "negative",
            "happiness": "positive",
            "surprise": "surprise",
        },
        "casme": {
            **dict.fromkeys(("contempt", "disgust", "fear", "repression", "sadness"), "negative"),
            "happiness": "positive",
            "surprise": "surprise",
        },
        "casme-sq": {word: word for word in ("negative", "positive", "surprise")},
        "casme3-a": {
            **dict.fromkeys(("anger", "disgust", "fear", "sad"), "negative"),
            "happy": "positive",
            "surprise": "surprise",
        },
        "casme3-c": {word: word for word in ("negative", "positive", "surprise")},
        # Clips made from action units: the composite database's own rule (See et al., FG 2019).
        "action-units": {
            **dict.fromkeys(("anger", "contempt", "disgust", "fear", "repression", "sadness"), "negative"),
            "happiness": "positive",
            "surprise": "surprise",
        },
    },
)
FIVE_CLASS = LabelSet(
    column="label_5class",
    classes=("happiness", "surprise", "disgust", "repression", "others"),
    words={
        "casme2": {word: word for word in ("happiness", "surprise", "disgust", "repression", "others")},
        "action-units": {word: word for word in ("happiness", "surprise", "disgust", "repression")},
    },
)
LABEL_SETS = {"megc3": MEGC3, "casme2-5": FIVE_CLASS}


def classes_of(labels: str, clips: list[Clip]) -> tuple[str, ...]:
    """Classes of a label set in index order; for `emotion`, the words present, sorted.

    Raises:
        UsageError: there is no such label set.
    """
    return classes_among(labels, pa.chunked_array([[class_of(labels, clip) for clip in clips]], pa.string()))


def classes_among(labels: str, column: pa.ChunkedArray) -> tuple[str, ...]:
    """`classes_of` of the clips whose cells of `column_of(labels)` are given."""
    if labels == "emotion":
        return tuple(sorted(word for word in column.unique().to_pylist() if word))
    return label_set(labels).classes


def column_of(labels: str) -> str:
    """The column that holds a clip's class in a label set; UsageError where there is no such set."""
    return "emotion" if labels == "emotion" else label_set(labels).column


def class_of(labels: str, clip: Clip) -> str | None:
    """The clip's class in a label set, or None where the set drops it."""
    return getattr(clip, column_of(labels))


def label_set(name: str) -> LabelSet:
    """The label set called `name`; UsageError naming the known ones otherwise."""
    if name not in LABEL_SETS:
        raise UsageError(f"there is no label set {name!r}: choose one of emotion, {', '.join(LABEL_SETS)}.")
    return LABEL_SETS[name]
