"""What a label row says, and where its frames lie in a recording."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from me_augment.manifest import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One labelled row, understood but not yet looked up on disk.

    Attributes:
        where: file, sheet and row, for messages.
        subject: canonical subject id.
        video: key of the recording (`tree.Shape.key`), for most corpora `tree.video_key`.
        clip: key of the clip that was cut out of it, for corpora that come as long recordings or as clips.
        name: name for people, `sub01/EP02_01f`.
        onset, apex, offset: frame numbers of the corpus, offset inclusive; None where the label gives none.
        extent: `labelled` by the three numbers; `begun`, the same, but its onset lies before the first frame, which
            stands in for it; `whole`, the recording from end to end, which nobody annotated frame by frame; or
            `first`, its first frame alone.
        numbering: the numbers are those `given` by the recording (file names, or `tree.Shape.first`); or `evidence`
            decides whether they are file names or ranks in the folder from 1: that by which the whole span is there.
        apex_estimated: `apex` is an estimate, not an annotation.
        expression: `micro`, `macro` or `neutral`.
        fps: frame rate that the label states (numerator, denominator).
        emotion, au: cells, verbatim; None where the corpus has no such column, or no emotion.
        objective_class: 1-7.
        classes: column of a label set → class, where a table of the user's gives it; elsewhere words decide.
        licence: terms of the frames, where they are others than the corpus'.
        protocols: published protocols that include the row.
        issues: what was odd about the row itself.
    """

    where: str
    subject: str
    video: str
    clip: str | None = None
    name: str
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None
    extent: Literal["labelled", "begun", "whole", "first"] = "labelled"
    numbering: Literal["given", "evidence"] = "given"
    apex_estimated: bool = False
    expression: str = "micro"
    fps: tuple[int, int] | None = None
    emotion: str | None = None
    au: str | None = None
    objective_class: int | None = None
    classes: Mapping[str, str | None] = field(default_factory=dict)
    licence: str | None = None
    protocols: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Where an event lies in a recording (0-based positions, None where unknown), and what was odd."""

    onset: int | None = None
    apex: int | None = None
    offset: int | None = None
    issues: tuple[Issue, ...] = ()


def locate(event: Event, numbers: Sequence[int]) -> Span:
    """Look up an event's frame numbers among those present (ascending).

    No position has a number without image (`frame-missing`), a span that ends before it begins (`order`), an apex
    outside the span (`apex-outside`), and a span that fits file names and ranks alike, or neither
    (`numbering-undecided`).
    """
    if event.extent == "first":
        return Span(0, None, 0)
    if event.extent == "whole":
        return Span(0, None, len(numbers) - 1, tuple(_missing(numbers)))
    onset, apex, offset = event.onset, event.apex, event.offset
    if onset is not None and offset is not None and onset > offset:
        return Span(issues=(Issue(code="order", detail=f"onset {onset} lies after offset {offset}"),))
    issues = []
    if event.numbering == "evidence":
        decided = _decide(onset, offset, numbers)
        if isinstance(decided, Issue):
            return Span(issues=(decided,))
        if decided != numbers:
            detail = (
                f"onset {onset} and offset {offset} count the images of the folder, whose names begin at {numbers[0]}"
            )
            issues.append(Issue(code="numbering-ranks", detail=detail))
        numbers = decided
    if apex is not None and not ((onset is None or onset <= apex) and (offset is None or apex <= offset)):
        issues.append(Issue(code="apex-outside", detail=f"apex {apex} lies outside {onset} to {offset}"))
        apex = None
    elif apex is not None and onset != offset and apex in (onset, offset):
        end = "onset" if apex == onset else "offset"
        issues.append(Issue(code=f"apex-at-{end}", detail=f"apex and {end} are both {apex}"))
    places = {}
    for name, number in (("onset", onset), ("apex", apex), ("offset", offset)):
        places[name] = None if number is None else _position(numbers, number)
        if name == "onset" and event.extent == "begun":
            places[name] = 0
        elif number is not None and places[name] is None:
            issues.append(Issue(code="frame-missing", detail=f"{name} {number} has no image"))
    first, last = places["onset"], places["offset"]
    if first is not None and last is not None:
        issues += _missing(numbers[first : last + 1])
    return Span(first, places["apex"], last, tuple(issues))


def _decide(onset: int | None, offset: int | None, names: Sequence[int]) -> Sequence[int] | Issue:
    """What an event's numbers count: the file names, or the ranks from 1 on."""
    fits = []
    for numbers in (names, range(1, len(names) + 1)):
        first = None if onset is None else _position(numbers, onset)
        last = None if offset is None else _position(numbers, offset)
        if first is not None and last is not None and numbers[last] - numbers[first] == last - first:
            fits.append((first, numbers))
    if len({first for first, _ in fits}) == 1:
        return fits[0][1]
    found = "fit both names and ranks" if fits else "fit neither names nor ranks"
    detail = f"onset {onset} and offset {offset} {found} of the {len(names)} images {names[0]} to {names[-1]}"
    return Issue(code="numbering-undecided", detail=detail)


def _position(numbers: Sequence[int], number: int) -> int | None:
    place = bisect_left(numbers, number)
    return place if place < len(numbers) and numbers[place] == number else None


def _missing(numbers: Sequence[int]) -> list[Issue]:
    gaps = _gaps(numbers)
    return [Issue(code="frame-missing", detail=f"no images between onset and offset for {gaps}")] if gaps else []


def _gaps(numbers: Sequence[int]) -> str:
    """The numbers missing between the first and the last, as `48, 51-53`."""
    ends = [(before + 1, after - 1) for before, after in pairwise(numbers) if after > before + 1]
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ends)
