"""What a report says about the rows of a manifest or run, counted: made of whom, for which folds, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import persons, training_mask
from me_augment.manifest.labels import LABEL_SETS
from me_augment.manifest.sequence import Rows
from me_augment.manifest.showing import NEVER_SHOW
from me_augment.report.overview import UNKNOWN, Overview, overview_of

_MOST_PROBLEMS = 40
_MOST_VIDEOS = 40
# Titles of an overview whose counts a report shows beside each other, real and synthetic.
_COMPARED = ("emotion", *LABEL_SETS, "action unit")


@dataclass(frozen=True)
class Count:
    """Real and synthetic clips that have one value."""

    value: str
    real: int
    made: int

    @property
    def total(self) -> int:
        """Both."""
        return self.real + self.made


@dataclass(frozen=True)
class Person:
    """Somebody in the real clips.

    Attributes:
        person: id.
        real: clips of theirs that hold an expression: the test set of their fold.
        seen, drove: synthetic clips that show their face, and that perform an expression of theirs.
        may_train, barred: synthetic clips that the fold which holds them out may and may not train with.
    """

    person: str
    real: int
    seen: int
    drove: int
    may_train: int
    barred: int


@dataclass(frozen=True)
class Event:
    """Something on the timeline of a video.

    Attributes:
        kind: `micro`, `macro`, or `other`: a distractor.
        name: for people.
        onset, apex, offset: 0-based frames; the apex may be unknown.
    """

    kind: str
    name: str
    onset: int
    apex: int | None
    offset: int


@dataclass(frozen=True)
class Video:
    """A recording with several events in it."""

    name: str
    is_synthetic: bool
    frames: int
    seconds: float | None
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Facts:
    """A manifest or run in counts.

    Attributes:
        before: its real clips that hold an expression.
        made: its synthetic ones that may be used.
        faces: real clips without an expression, which lend their faces only.
        rejected, failed: synthetic clips; `unread` real ones that could not be used.
        counts: title → values with their clips, as an overview orders them.
        people: of the real clips, by id.
        reasons: why clips were not made or not read, and how many for that reason; the commonest first.
        problems: the first rows that are rejected or failed.
        videos: the first recordings with several events.
        n_videos: how many there are of these.
        terms: (corpus, its licence) of the real clips, sorted.
        flagged: people who must never be shown.
    """

    before: Overview
    made: Overview
    faces: int
    rejected: int
    failed: int
    unread: int
    counts: Mapping[str, tuple[Count, ...]]
    people: tuple[Person, ...]
    reasons: tuple[tuple[str, int], ...]
    problems: tuple[Clip, ...]
    videos: tuple[Video, ...]
    n_videos: int
    terms: tuple[tuple[str, str], ...]
    flagged: int

    @property
    def is_synthetic(self) -> bool:
        """Whether anything in it was made, or tried."""
        return self.made.clips + self.rejected + self.failed > 0


def gather(manifest: Manifest) -> Facts:
    """Count; whatever needs rows rather than columns goes through them once."""
    table = manifest.clip_table
    rows = Rows(Clip, table)
    synthetic, usable = table.column("is_synthetic"), pc.equal(table.column("status"), "ok")
    expression = pc.not_equal(table.column("expression"), "neutral")
    real = pc.invert(synthetic)
    before = overview_of(replace(manifest, clips=rows.where(_all(real, usable, expression))))
    made_mask = _all(synthetic, usable, expression)
    made = overview_of(replace(manifest, clips=rows.where(made_mask)))
    bad = rows.where(pc.invert(usable))
    found, n_videos = _videos(manifest, rows)
    licences = rows.where(real).columns("corpus", "licence")
    return Facts(
        before=before,
        made=made,
        faces=_count(_all(real, usable, pc.invert(expression))),
        rejected=_count(_all(synthetic, pc.equal(table.column("status"), "rejected"))),
        failed=_count(_all(synthetic, pc.equal(table.column("status"), "failed"))),
        unread=_count(_all(real, pc.invert(usable))),
        counts={title: _compared(title, before, made) for title in _COMPARED},
        people=_people(manifest, rows.where(made_mask).table, before),
        reasons=_reasons(bad.columns("status", "reason")),
        problems=tuple(bad[:_MOST_PROBLEMS]),
        videos=found,
        n_videos=n_videos,
        terms=tuple(sorted({(row["corpus"], row["licence"]) for row in _distinct(licences)})),
        flagged=len({clip.person_id for clip in _flagged(rows)}),
    )


def _all(first: pa.ChunkedArray, *others: pa.ChunkedArray) -> pa.ChunkedArray:
    for other in others:
        first = pc.and_(first, other)
    return first


def _count(mask: pa.ChunkedArray) -> int:
    return pc.sum(mask).as_py() or 0


def _distinct(table: pa.Table) -> list[dict[str, str]]:
    return table.group_by(table.column_names).aggregate([]).to_pylist()


def _compared(title: str, before: Overview, made: Overview) -> tuple[Count, ...]:
    real, synthetic = before.counts[title], made.counts[title]
    if title in LABEL_SETS:
        order = [*LABEL_SETS[title].classes, UNKNOWN]
    elif title == "action unit":
        order = sorted({*real, *synthetic}, key=lambda name: int(name.removeprefix("AU")))
    else:
        order = [*real, *sorted(set(synthetic) - set(real))]
    counted = [Count(value, real.get(value, 0), synthetic.get(value, 0)) for value in order]
    kept = tuple(count for count in counted if count.real or count.made)
    return () if all(count.value == UNKNOWN for count in kept) else kept


def _people(manifest: Manifest, made: pa.Table, before: Overview) -> tuple[Person, ...]:
    seen = _tally(made.column("person_id"))
    drove = _tally(made.column("driver_person_id"))
    found = []
    for person in persons(manifest.clips):
        may = _count(training_mask(made, person)) if len(made) else 0
        found.append(
            Person(person, before.counts["person"].get(person, 0), seen[person], drove[person], may, len(made) - may)
        )
    return tuple(found)


def _tally(column: pa.ChunkedArray) -> Counter[str]:
    return Counter({entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()})


def _reasons(bad: pa.Table) -> tuple[tuple[str, int], ...]:
    """Rejections name each gate on its own; figures in the reasons do not make them different."""
    found: Counter[str] = Counter()
    for status, reason in zip(*(bad.column(name).to_pylist() for name in ("status", "reason")), strict=True):
        found.update(_kinds(status, reason or "no reason was recorded"))
    return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MOST_PROBLEMS])


def _kinds(status: str, reason: str) -> Iterable[str]:
    if not reason.startswith("quality: "):
        return [f"{status}: {reason}"]
    # "correlation 0.71 is below 0.8": what was found differs from clip to clip, the limit does not.
    parts = (part.split(" ", 2) for part in reason.removeprefix("quality: ").split(", "))
    return [f"{status}: {part[0]} {part[2]}" if len(part) == 3 else f"{status}: {' '.join(part)}" for part in parts]


def _flagged(rows: Rows[Clip]) -> Iterable[Clip]:
    noted = pc.greater(pc.list_value_length(rows.table.column("issues")), 0)
    real = pc.invert(rows.table.column("is_synthetic"))
    for clip in rows.where(pc.and_(noted, real)):
        if any(issue.code == NEVER_SHOW for issue in clip.issues):
            yield clip


def _videos(manifest: Manifest, rows: Rows[Clip]) -> tuple[tuple[Video, ...], int]:
    ids = rows.columns("recording_id").column(0)
    several = sorted(name for name, count in _tally(ids).items() if name is not None and count > 1)
    recordings = [manifest.recording_of[name] for name in several]
    recordings.sort(key=lambda recording: (recording.corpus != "synthetic", recording.path))
    shown = recordings[:_MOST_VIDEOS]
    clips = rows.where(pc.is_in(ids, pa.array([recording.recording_id for recording in shown], pa.string())))
    found = []
    for recording in shown:
        inside = [clip for clip in clips if clip.recording_id == recording.recording_id]
        rate = recording.fps_num / (recording.fps_den or 1) if recording.fps_num else None
        found.append(
            Video(
                name=next((clip.name for clip in inside if _is_whole(clip)), recording.path),
                is_synthetic=any(clip.is_synthetic for clip in inside),
                frames=recording.n_frames,
                seconds=recording.n_frames / rate if rate else None,
                events=_events(inside),
            )
        )
    return tuple(found), len(recordings)


def _is_whole(clip: Clip) -> bool:
    """Whether the row stands for a synthetic long video and not for something in it."""
    return any(issue.code == "long-video" for issue in clip.issues)


def _events(clips: Sequence[Clip]) -> tuple[Event, ...]:
    found = []
    for clip in clips:
        if clip.onset_index is None or clip.offset_index is None or _is_whole(clip):
            continue
        kind = "other" if clip.expression == "neutral" else clip.expression
        what = clip.emotion or clip.au_verbatim or clip.name
        found.append(Event(kind, f"{kind}, {what}", clip.onset_index, clip.apex_index, clip.offset_index))
    return tuple(sorted(found, key=lambda event: (event.onset, event.offset)))
