"""Manifest rows from labelled events and recordings: the one way, for every corpus."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from me_augment.corpora.events import Event, Span, locate
from me_augment.corpora.registry import Corpus, Ingested, Progress, person_of
from me_augment.corpora.tree import Video, first_escape
from me_augment.errors import MeAugmentError, UsageError
from me_augment.manifest import Clip, Issue, Manifest, Recording
from me_augment.manifest.au import AuCell, parse_aus
from me_augment.manifest.ids import content_id
from me_augment.manifest.labels import label_columns
from me_augment.video import FrameSource, open_frames

_NAMES_SHOWN = 5
_LARGEST_NUMBER = 2**31 - 1


def build(
    corpus: Corpus,
    root: Path,
    events: Sequence[Event],
    videos: Mapping[str, Video],
    progress: Progress | None = None,
) -> Ingested:
    """Look up events in their recordings, one recording at a time.

    Every event becomes a clip row, in the order given: `failed` where folder or pixels are missing, with null
    positions where only frames are. Every readable recording becomes a recording, labelled or not. The frames at
    onset, apex and offset are decoded, those between only hashed.

    Args:
        corpus: what holds for all rows; its name is the key of `root` in the manifest.
        root: absolute corpus folder; nothing outside it is opened.
        events: the labels; equal names are told apart by `#2`, `#3` ….
        videos: recordings by `Event.video`.
        progress: called after each recording.

    Raises:
        UsageError: there are events, and none has a recording.
    """
    named = _with_unique_names(events)
    _require_some_folder(named, videos, root)
    of_video: dict[str, list[Event]] = defaultdict(list)
    for event in named:
        of_video[event.video].append(event)
    recordings: list[Recording] = []
    clips: list[Clip] = []
    warnings: list[str] = []
    for done, (key, video) in enumerate(videos.items(), 1):
        labelled = of_video.pop(key, [])
        try:
            source = _open(root, video.path)
            recording = _recording(corpus, root, video, source, labelled)
        except (MeAugmentError, OSError) as error:
            reason = _without(root, error)
            clips += [_failed(corpus, event, "unreadable", reason) for event in labelled]
            if not labelled:
                warnings.append(f"a recording without label row cannot be read: {reason}.")
        else:
            recordings.append(recording)
            numbers = source.numbers if video.first is None else range(video.first, video.first + len(source))
            clips += [_clip(corpus, root, event, recording, source, numbers) for event in labelled]
        if progress is not None:
            progress(done, len(videos))
    for event in (event for events_left in of_video.values() for event in events_left):
        reason = f"there is no folder for {event.name} ({event.where})"
        clips.append(_failed(corpus, event, "folder-missing", reason))
    order = {event.name: place for place, event in enumerate(named)}
    manifest = Manifest(
        corpus=corpus.name,
        roots={"": Path(), corpus.name: root},
        licence=corpus.licence,
        recordings=tuple(sorted(recordings, key=lambda row: row.path)),
        clips=tuple(sorted(clips, key=lambda row: order[row.name])),
    )
    return Ingested(manifest, (*warnings, *_summary(manifest)))


def _with_unique_names(events: Iterable[Event]) -> list[Event]:
    first: dict[str, Event] = {}
    count: dict[str, int] = defaultdict(int)
    named = []
    for event in events:
        count[event.name] += 1
        if count[event.name] == 1:
            first[event.name] = event
        else:
            detail = f"{event.where}: the name {event.name} is taken by {first[event.name].where}"
            issue = Issue(code="duplicate-name", detail=detail)
            event = replace(event, name=f"{event.name}#{count[event.name]}", issues=(*event.issues, issue))
        named.append(event)
    return named


def _require_some_folder(events: Sequence[Event], videos: Mapping[str, Video], root: Path) -> None:
    if not events or any(event.video in videos for event in events):
        return
    there = next((video.path.relative_to(root).as_posix() for video in videos.values()), "no clip folder at all")
    raise UsageError(
        f"no row of the labels has a folder below {root}: {events[0].where} looks for {events[0].name}, and "
        f"the tree holds {there}. Give the tree that belongs to the labels, or the other way round."
    )


def _open(root: Path, path: Path) -> FrameSource:
    """Open a recording; MeAugmentError or OSError where it cannot be read or leads out of the corpus."""
    link = path if not path.resolve().is_relative_to(root) else None
    if link is None and path.is_dir():
        link = first_escape(root, path)
    if link is not None:
        raise MeAugmentError(f"{link} is a link that leads out of the corpus folder; put the file itself there")
    source = open_frames(path)
    if source.numbers[-1] > _LARGEST_NUMBER:
        raise MeAugmentError(f"{path} holds a frame number {source.numbers[-1]}, which no camera counts to")
    return source


def _recording(corpus: Corpus, root: Path, video: Video, source: FrameSource, labelled: Sequence[Event]) -> Recording:
    path = video.path.relative_to(root).as_posix()
    issues = [] if labelled else [Issue(code="label-missing", detail="no label row names this recording")]
    rate = None if source.fps is None else (source.fps.numerator, source.fps.denominator)
    if rate is None:
        stated = {event.fps for event in labelled if event.fps is not None}
        if len(stated) > 1:
            rates = ", ".join(f"{fps[0] / fps[1]:g}" for fps in sorted(stated))
            issues.append(Issue(code="fps-conflict", detail=f"its label rows state {rates} frames per second"))
        elif stated:
            (rate,) = stated
        elif corpus.nominal_fps is not None:
            rate = corpus.nominal_fps
            detail = f"{rate[0] / rate[1]:g} frames per second is what {corpus.title} states; the files carry no rate"
            issues.append(Issue(code="unverified-nominal", detail=detail))
    return Recording(
        recording_id=content_id("rec", corpus.name, corpus.name, path),
        corpus=corpus.name,
        root=corpus.name,
        path=path,
        storage=source.storage,
        frame_pattern=source.pattern,
        first_number=source.numbers[0],
        last_number=source.numbers[-1],
        n_frames=len(source),
        fps_num=rate[0] if rate else None,
        fps_den=rate[1] if rate else None,
        height=source.height,
        width=source.width,
        gray=source.gray,
        bit_depth=source.bit_depth,
        subject=video.subject,
        person_id=person_of(corpus, video.subject),
        issues=tuple(issues),
    )


def _clip(
    corpus: Corpus,
    root: Path,
    event: Event,
    recording: Recording,
    source: FrameSource,
    numbers: Sequence[int],
) -> Clip:
    span = locate(event, numbers)
    labelled = sorted({place for place in (span.onset, span.apex, span.offset) if place is not None})
    try:
        source.read(labelled)
        sha = None
        if span.onset is not None and span.offset is not None:
            sha = source.content_digest(span.onset, span.offset + 1)
    except MeAugmentError as error:
        failed = _failed(corpus, event, "unreadable", _without(root, error))
        return replace(failed, recording_id=recording.recording_id)
    if event.extent in ("whole", "first"):
        event = replace(event, onset=numbers[0], offset=numbers[span.offset or 0])
    return _row(corpus, event, span, sha, recording_id=recording.recording_id)


def _failed(corpus: Corpus, event: Event, code: str, reason: str) -> Clip:
    clip = _row(corpus, event, Span(issues=(Issue(code=code, detail=reason),)), None, recording_id=None)
    return replace(clip, status="failed", reason=reason)


def _row(corpus: Corpus, event: Event, span: Span, sha: str | None, *, recording_id: str | None) -> Clip:
    person = person_of(corpus, event.subject)
    aus = AuCell(verbatim="", status="blank") if event.au is None else parse_aus(event.au)
    row = Clip(
        clip_id=content_id("clip", corpus.name, person, event.name, event.onset, event.offset, sha),
        name=event.name,
        corpus=corpus.name,
        recording_id=recording_id,
        subject=event.subject,
        person_id=person,
        onset=event.onset,
        apex=event.apex,
        offset=event.offset,
        onset_index=span.onset,
        apex_index=span.apex,
        offset_index=span.offset,
        apex_estimated=event.apex_estimated,
        expression=event.expression,
        emotion=event.emotion,
        objective_class=event.objective_class,
        au_verbatim=event.au,
        aus=aus.units,
        protocols=event.protocols,
        licence=event.licence or corpus.licence,
        issues=(*event.issues, *_au_issues(aus), *span.issues),
        content_sha256=sha,
        forbidden_subjects=(person,),
    )
    return replace(row, **{**label_columns(corpus.name, event.emotion), **event.classes})  # type: ignore[arg-type]


def _au_issues(cell: AuCell) -> list[Issue]:
    issues = [Issue(code=code, detail=f"action units {cell.verbatim!r}") for code in cell.issues]
    if cell.status == "unknown":
        issues.append(Issue(code="au-unknown", detail=f"action units {cell.verbatim!r}"))
    if cell.unparsed:
        rest = ", ".join(map(repr, cell.unparsed))
        issues.append(Issue(code="au-unparsed", detail=f"{rest} of {cell.verbatim!r} is kept as text only"))
    return issues


def _summary(manifest: Manifest) -> list[str]:
    """One sentence for each thing that concerns several rows."""
    clips = manifest.clips
    lines = [
        ("cannot be used, see their reason", [c.name for c in clips if c.status == "failed"]),
        ("lack their onset or offset", [c.name for c in clips if c.status == "ok" and c.n_frames < 1]),
    ]
    unlabelled = [r.path for r in manifest.recordings if any(i.code == "label-missing" for i in r.issues)]
    return [f"{len(names)} of {len(clips)} clips {what}: {_some(names)}." for what, names in lines if names] + (
        [f"{len(unlabelled)} recordings have no label row: {_some(unlabelled)}."] if unlabelled else []
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def _without(root: Path, error: Exception) -> str:
    """An error's text with paths below ROOT, so that rows are the same wherever the corpus lies."""
    return str(error).replace(f"{root}{os.sep}", "")
