"""How many rows and people the known copies of each label file have: unlike totals mean another version, or a hole.

Counts of labelled events as found in, or stated with, the files (never of rows that are read here). A corpus of which
only unverified totals are known is not listed: such a figure could raise a false alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Labelled(Protocol):
    """What totals are taken of: an event, or a clip of a manifest."""

    @property
    def subject(self) -> str: ...
    @property
    def expression(self) -> str: ...
    @property
    def emotion(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The totals of one version.

    Attributes:
        version: what its authors, or its readers, call it; "" where only one is known.
        events: labelled events, by expression (`micro`, `macro`).
        subjects: people with an event; None where unknown.
        emotions: events by emotion word, lower case; empty where the version has none, or they are not known. A sheet
            without emotions (that of all expressions of CAS(ME)^3) is not compared.
    """

    version: str = ""
    events: Mapping[str, int]
    subjects: int | None = None
    emotions: Mapping[str, int] = field(default_factory=dict)


def _micro(count: int, subjects: int | None = None, version: str = "", **emotions: int) -> Totals:
    return Totals(version=version, events={"micro": count}, subjects=subjects, emotions=emotions)


PUBLISHED: dict[str, tuple[Totals, ...]] = {
    "casme": tuple(_micro(count, version=f"copy of {count} rows") for count in (189, 193, 195)),
    "casme2": (
        _micro(
            255, 26, "2019", others=99, disgust=63, happiness=32, repression=27, surprise=28, sadness=4, fear=2
        ),
        _micro(
            255, 26, "2014", others=99, disgust=63, happiness=32, repression=27, surprise=25, sadness=7, fear=2
        ),
    ),
    "casme-sq": (
        Totals(
            events={"micro": 57, "macro": 300},
            subjects=22,
            emotions={"negative": 126, "positive": 124, "others": 82, "surprise": 25},
        ),
    ),
    "casme3-a": (
        _micro(860, 94, "micro, v2", disgust=250, surprise=187, others=161, fear=86, anger=64, sad=57, happy=55),
        Totals(version="all, v2", events={"micro": 860, "macro": 3346}, subjects=98),
    ),
    "casme3-c": (
        _micro(165, 30, "micro", negative=99, surprise=30, others=20, positive=16),
        Totals(version="all", events={"micro": 160, "macro": 303}),
    ),
    "samm": (
        _micro(
            159, 29, "v2", anger=57, other=26, happiness=26, surprise=15, contempt=12, disgust=9, fear=8, sadness=6
        ),
    ),
    "samm-lv": (Totals(events={"micro": 159, "macro": 343}, subjects=30),),
    "smic-hs": (_micro(164, 16, negative=70, positive=51, surprise=43),),
    # The long clips' sheet was typed with one emotion that contradicts its clip's name.
    "smic-vis": (_micro(71, 8, negative=23, positive=28, surprise=20), _micro(71, 8)),
    "smic-nir": (_micro(71, 8, negative=23, positive=28, surprise=20), _micro(71, 8)),
    "mmew": (_micro(300, 30, happiness=36, anger=8, surprise=89, disgust=72, fear=16, sadness=13, others=66),),
    "4dme": (_micro(267, 41),),
    "dfme": (
        _micro(1856, 176, "training"),
        _micro(474, 42, "test A"),
        _micro(299, 41, "test B"),
        _micro(
            2629, None, "all three",
            disgust=735, surprise=447, fear=365, sadness=359, happiness=311, anger=241, contempt=171,
        ),
    ),
    "meview": (),
}  # fmt: skip


def about_totals(corpus: str, title: str, events: Iterable[Labelled]) -> list[str]:
    """A sentence where the events' totals are those of no known version; none where they are, or none is known.

    Args:
        corpus: key of `PUBLISHED`.
        title: where the labels come from, for the sentence.
        events: all labelled ones; neutral faces do not count.
    """
    events = [event for event in events if event.expression != "neutral"]
    known = PUBLISHED.get(corpus, ())
    if not known or not events:
        return []
    counts = Counter(event.expression for event in events)
    subjects = len({event.subject for event in events})
    words = Counter(event.emotion.strip().casefold() for event in events if event.emotion)
    if any(_fits(totals, counts, subjects, words) for totals in known):
        return []
    nearest = min(known, key=lambda totals: sum(abs(counts[k] - totals.events.get(k, 0)) for k in ("micro", "macro")))
    return [
        f"label-version-unknown: {title} has {_said(counts, subjects, words)}; the nearest known version"
        f"{f' ({nearest.version})' if nearest.version else ''} has "
        f"{_said(nearest.events, nearest.subjects, nearest.emotions)}."
    ]


def _fits(totals: Totals, counts: Mapping[str, int], subjects: int, words: Mapping[str, int]) -> bool:
    return (
        dict(counts) == dict(totals.events)
        and totals.subjects in (None, subjects)
        and (not totals.emotions or not words or dict(words) == dict(totals.emotions))
    )


def _said(counts: Mapping[str, int], subjects: int | None, words: Mapping[str, int]) -> str:
    rows = " and ".join(f"{count} {name} events" for name, count in sorted(counts.items(), reverse=True) if count)
    people = "" if subjects is None else f" of {subjects} subjects"
    listed = ", ".join(f"{word} {count}" for word, count in sorted(words.items()))
    return f"{rows}{people}{f' ({listed})' if listed else ''}"
