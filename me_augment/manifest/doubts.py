"""What may be right and yet should be looked at in a manifest: durations, and rows that seem to be there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from me_augment.manifest.rows import Clip, Recording
from me_augment.manifest.store import Manifest

LONGEST_MICRO = Fraction(1, 2)
"""Seconds from onset to offset that a micro-expression lasts at most (Yan et al., J. Nonverbal Behav. 37, 2013)."""


@dataclass(frozen=True)
class Doubt:
    """A warning: `check` is a stable word to count by, `text` a sentence that names the row."""

    check: str
    text: str


def doubts(manifest: Manifest) -> Iterator[Doubt]:
    """Warnings about the clips of a manifest.

    `duration`: a micro-expression of one frame, or longer than `LONGEST_MICRO` at the recording's frame rate, which
    may be nominal. `duplicate-name`: a name that another clip of the corpus has. `duplicate-event`: the span of
    another clip in the same recording.
    """
    recordings = manifest.recording_of
    names: dict[tuple[str, str], int] = defaultdict(int)
    spans: dict[tuple[str, int, int, str], str] = {}
    for clip in manifest.clips:
        yield from _duration(clip, recordings)
        if clip.is_synthetic:
            continue
        names[clip.corpus, clip.name] += 1
        if clip.recording_id is not None and clip.onset_index is not None and clip.offset_index is not None:
            key = (clip.recording_id, clip.onset_index, clip.offset_index, clip.expression)
            if key in spans:
                text = f"{clip.name} ({clip.clip_id}) has the recording, onset and offset of {spans[key]}."
                yield Doubt("duplicate-event", text)
            spans.setdefault(key, clip.name)
    for (corpus, name), count in names.items():
        if count > 1:
            yield Doubt("duplicate-name", f"{count} clips of {corpus} are called {name}.")


def _duration(clip: Clip, recordings: Mapping[str, Recording]) -> Iterator[Doubt]:
    if clip.expression != "micro" or clip.n_frames < 1:
        return
    if clip.n_frames == 1:
        yield Doubt("duration", f"{clip.name} ({clip.clip_id}) is one frame long.")
        return
    recording = recordings.get(clip.recording_id or "")
    if recording is None or not recording.fps_num or not recording.fps_den:
        return
    seconds = (clip.n_frames - 1) * Fraction(recording.fps_den, recording.fps_num)
    if seconds > LONGEST_MICRO:
        rate = f"{recording.fps_num / recording.fps_den:g}"
        nominal = ", nominally" if any(issue.code == "unverified-nominal" for issue in recording.issues) else ""
        yield Doubt(
            "duration",
            f"{clip.name} ({clip.clip_id}) lasts {float(seconds):.2f} s at {rate} frames a second{nominal}; "
            f"a micro-expression lasts {float(LONGEST_MICRO)} s at most.",
        )
