"""What is in a manifest, in numbers: clips by corpus, person, label, action unit, frame rate, length and state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from me_augment.manifest import Clip, Manifest
from me_augment.manifest.au import active_numbers
from me_augment.manifest.labels import LABEL_SETS, class_of
from me_augment.manifest.showing import Hidden

UNKNOWN = "(none)"


@dataclass(frozen=True)
class Span:
    """How long the clips of a corpus are.

    Attributes:
        clips: whose onset and offset are known.
        frames: shortest, median, longest; onset and offset count. The median of an even number may end in .5.
        seconds: the same from onset to offset, where frame rates are known; else None.
    """

    clips: int
    frames: tuple[int, float, int]
    seconds: tuple[float, float, float] | None


@dataclass(frozen=True)
class Overview:
    """A manifest counted.

    Attributes:
        corpus: of the manifest.
        clips, recordings, people: in all.
        counts: title → value → clips; the commonest value first, frame rates and classes in their own order.
        lengths: corpus → its clips' lengths.
    """

    corpus: str
    clips: int
    recordings: int
    people: int
    counts: Mapping[str, Mapping[str, int]]
    lengths: Mapping[str, Span]


def overview_of(manifest: Manifest) -> Overview:
    """Count a manifest or run, in one pass over its clips."""
    counters: dict[str, Counter[str]] = {
        title: Counter() for title in ("corpus", "expression", "status", "person", "emotion", *LABEL_SETS)
    }
    counters |= {title: Counter() for title in ("action unit", "frames a second", "protocol")}
    lengths: dict[str, list[tuple[int, float | None]]] = {}
    for clip in manifest.clips:
        rate = _rate(manifest, clip)
        values = {
            "corpus": clip.corpus,
            "expression": clip.expression,
            "status": clip.status,
            "person": clip.person_id,
            "emotion": clip.emotion or UNKNOWN,
            "frames a second": UNKNOWN if rate is None else f"{rate:g}",
            **{name: class_of(name, clip) or UNKNOWN for name in LABEL_SETS},
        }
        for title, value in values.items():
            counters[title][value] += 1
        counters["protocol"].update(clip.protocols)
        counters["action unit"].update(f"AU{number}" for number in active_numbers(clip.aus))
        if clip.n_frames and clip.expression != "neutral":
            lengths.setdefault(clip.corpus, []).append((clip.n_frames, (clip.n_frames - 1) / rate if rate else None))
    return Overview(
        corpus=manifest.corpus,
        clips=len(manifest.clips),
        recordings=len(manifest.recordings),
        people=len(counters["person"]),
        counts={title: dict(_ordered(title, counter)) for title, counter in counters.items()},
        lengths={corpus: _span(found) for corpus, found in lengths.items()},
    )


def examples(manifest: Manifest, most: int = 12) -> list[Clip]:
    """Clips to look at: at most so many, of every corpus and emotion in turn, and within these of drivers and faces.

    Of a run they are synthetic ones, and faces without an event are shown only where there is nothing else. Nobody who
    must never be shown is among them, nor a clip that was made with their face or motion.
    """
    hidden = Hidden(manifest.clips)
    shown = [clip for clip in manifest.usable_clips() if hidden.may_show(clip)]
    events = [clip for clip in shown if clip.expression != "neutral"]
    left = [clip for clip in events if clip.is_synthetic] or events or shown
    left.sort(key=lambda clip: (clip.corpus, clip.emotion or "", clip.name))
    emotions, drivers, faces = (Counter[tuple[str, str] | str | None]() for _ in range(3))
    chosen: list[Clip] = []
    while left and len(chosen) < most:
        # Of equals the first by name.
        rarest = min(
            range(len(left)),
            key=lambda place: (
                emotions[left[place].corpus, left[place].emotion or ""],
                drivers[left[place].driver_person_id],
                faces[left[place].person_id],
            ),
        )
        clip = left.pop(rarest)
        chosen.append(clip)
        emotions[clip.corpus, clip.emotion or ""] += 1
        drivers[clip.driver_person_id] += 1
        faces[clip.person_id] += 1
    return chosen


def _rate(manifest: Manifest, clip: Clip) -> float | None:
    recording = manifest.recording_of.get(clip.recording_id or "")
    if recording is None or not recording.fps_num or not recording.fps_den:
        return None
    return recording.fps_num / recording.fps_den


def _ordered(title: str, counter: Counter[str]) -> Sequence[tuple[str, int]]:
    if title in LABEL_SETS:
        order = [*LABEL_SETS[title].classes, UNKNOWN]
        return [(value, counter[value]) for value in order if counter[value]]
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def _span(found: Sequence[tuple[int, float | None]]) -> Span:
    frames = sorted(count for count, _ in found)
    seconds = sorted(value for _, value in found if value is not None)
    return Span(
        len(frames),
        (frames[0], median(frames), frames[-1]),
        (seconds[0], median(seconds), seconds[-1]) if seconds else None,
    )
