"""Label sets: which classes a protocol has, and which emotion word of which corpus falls into which.

Two more have the classes that the clips have: `verbatim`, emotion words as the corpora write them, and `au`, the action
units that a clip shows together, such as 4+7, whichever side of the face and however strong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from me_augment.errors import UsageError
from me_augment.manifest.au import ActionUnit, active_numbers
from me_augment.manifest.rows import Clip
from me_augment.words import choose

BY_ACTION_UNITS = "action-units"
"""Stands among the corpora for clips that were made from action units, whose emotion is ours."""


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """A protocol's classes in index order, and per corpus the emotion words that fall into each.

    Attributes:
        column: of the manifest that holds the classes.
        classes: in index order.
        words: corpus → emotion word, lower case → class; words that are missing are dropped by the protocol.
    """

    column: str
    classes: tuple[str, ...]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, corpus: str, emotion: str | None) -> str | None:
        """Class of an emotion word (any case) of a corpus, or None where the protocol drops it.

        A composed word (`Surprise+Positive`) has a class where all its parts have that one.
        """
        if emotion is None:
            return None
        known = self.words.get(corpus, {})
        found = {known.get(part.strip()) for part in emotion.casefold().split("+")}
        return found.pop() if len(found) == 1 else None


def _same(*words: str) -> dict[str, str]:
    return {word: word for word in words}


_THREE = ("negative", "positive", "surprise")
_UNPLEASANT = ("anger", "contempt", "disgust", "fear", "repression", "sadness")
# The rule of the MEGC2019 composite database (See et al., FG 2019) for words that it was not stated for.
_BY_RULE = {**dict.fromkeys(_UNPLEASANT, "negative"), "happiness": "positive", "surprise": "surprise"}
# Of these CASME II events the composite took disgust and repression only, for want of others.
_CASME2 = {"disgust": "negative", "repression": "negative", "happiness": "positive", "surprise": "surprise"}
# MMEW's copies call its others repression.
_SIX = {word: label for word, label in _BY_RULE.items() if word not in ("contempt", "repression")}
_SAMM = {word: label for word, label in _BY_RULE.items() if word != "repression"}
_SAMM_FIVE = {**_same("anger", "contempt", "happiness", "surprise", "other"), "others": "other"}

MEGC3 = LabelSet(
    column="label_megc3",
    classes=_THREE,
    words={
        "casme": _BY_RULE,
        "casme2": _CASME2,
        "casme-sq": _same(*_THREE),
        "casme3-a": {
            **dict.fromkeys(("anger", "disgust", "fear", "sad"), "negative"),
            "happy": "positive",
            "surprise": "surprise",
        },
        "casme3-c": _same(*_THREE),
        "samm": _SAMM,
        "samm-lv": _SAMM,
        **{f"smic-{view}": _same(*_THREE) for view in ("hs", "vis", "nir", "e-hs", "e-vis", "e-nir")},
        "mmew": _SIX,
        "4dme": {**_same(*_THREE), "repression": "negative"},
        "dfme": _SAMM,
        "meview": _BY_RULE,
        "generic": {**_BY_RULE, **_same(*_THREE), "happy": "positive", "sad": "negative"},
        BY_ACTION_UNITS: _BY_RULE,
    },
)
CASME2_FIVE = LabelSet(
    column="label_casme2_5",
    classes=("happiness", "surprise", "disgust", "repression", "others"),
    words={
        "casme2": _same("happiness", "surprise", "disgust", "repression", "others"),
        BY_ACTION_UNITS: _same("happiness", "surprise", "disgust", "repression"),
    },
)
SAMM_FIVE = LabelSet(
    column="label_samm_5",
    classes=("anger", "contempt", "happiness", "surprise", "other"),
    words={
        "samm": _SAMM_FIVE,
        "samm-lv": _SAMM_FIVE,
        BY_ACTION_UNITS: _same("anger", "contempt", "happiness", "surprise"),
    },
)
# The classes stand in the sheets, or follow from the action units that were performed; no word says them.
OBJECTIVE = LabelSet(column="objective_class", classes=tuple("1234567"))
LABEL_SETS = {"megc3": MEGC3, "casme2-5": CASME2_FIVE, "samm-5": SAMM_FIVE, "objective": OBJECTIVE}
NAMES = (*LABEL_SETS, "verbatim", "au")


def label_columns(corpus: str, emotion: str | None) -> dict[str, str | None]:
    """What an emotion word of a corpus puts into the columns of the label sets that know words."""
    return {labels.column: labels.of(corpus, emotion) for labels in LABEL_SETS.values() if labels.words}


def columns_of_driver(driver: Clip) -> dict[str, str | int | None]:
    """What a clip's driver puts into the columns of all label sets."""
    return {labels.column: getattr(driver, labels.column) for labels in LABEL_SETS.values()}


def classes_of(labels: str, clips: Iterable[Clip]) -> tuple[str, ...]:
    """Classes of a label set in index order; for `verbatim` and `au`, those present, sorted.

    Raises:
        UsageError: there is no such label set.
    """
    return classes_among(labels, pa.chunked_array([[class_of(labels, clip) for clip in clips]], pa.string()))


def classes_among(labels: str, column: pa.ChunkedArray) -> tuple[str, ...]:
    """`classes_of` of the clips whose cells of `class_column` are given."""
    if labels in LABEL_SETS:
        return LABEL_SETS[labels].classes
    require_label_set(labels)
    present = [word for word in column.unique().to_pylist() if word]
    return tuple(sorted(present, key=_numbers if labels == "au" else None))


def class_of(labels: str, clip: Clip) -> str | None:
    """The clip's class in a label set, or None where the set drops it, or has no place for the clip's corpus."""
    require_label_set(labels)
    if labels == "verbatim":
        return clip.emotion or None
    if labels == "au":
        return _together(clip.aus)
    known = LABEL_SETS[labels]
    value = getattr(clip, known.column)
    return None if value is None or str(value) not in known.classes else str(value)


def class_column(labels: str, clips: pa.Table) -> pa.ChunkedArray:
    """`class_of` for every row of a table of clips, (len,) strings.

    Args:
        labels: name of a label set.
        clips: with the set's column, `emotion` or `aus`.

    Raises:
        UsageError: there is no such label set.
    """
    require_label_set(labels)
    if labels == "verbatim":
        words = clips.column("emotion")
        return pc.if_else(pc.not_equal(words, ""), words, pa.scalar(None, pa.string()))
    if labels == "au":
        cells = ([ActionUnit(**unit) for unit in cell] for cell in clips.column("aus").to_pylist())
        return pa.chunked_array([[_together(cell) for cell in cells]], pa.string())
    known = LABEL_SETS[labels]
    values = clips.column(known.column).cast(pa.string())
    fits = pc.is_in(values, pa.array(known.classes))
    return pc.if_else(fits, values, pa.scalar(None, pa.string()))


def require_label_set(name: str) -> None:
    """UsageError naming the known label sets unless `name` is one."""
    if name not in NAMES:
        raise UsageError(f"there is no label set {name!r}: {choose(name, NAMES)}")


def _together(units: Iterable[ActionUnit]) -> str | None:
    return "+".join(map(str, active_numbers(units))) or None


def _numbers(units: str) -> list[int]:
    return [int(number) for number in units.split("+")]
