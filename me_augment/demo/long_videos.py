"""Draws long videos of the demo's people, with expressions at known frames: a spotting corpus that nobody filmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from me_augment.demo.faces import FRAME_SHAPE, Performance, Subject
from me_augment.generation.idle import IdleHead, swell
from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.ids import content_id
from me_augment.video import write_lossless
from me_augment.video.source import open_frames

_NOISE = 1.5
_FPS = Fraction(30)
# What is performed: action units at full strength, how a sheet writes them, the emotion, and its class.
_EXPRESSIONS = (
    ({6: 0.6, 12: 0.8}, "6+12", "happiness", "positive"),
    ({1: 0.9, 2: 0.8}, "1+2", "surprise", "surprise"),
    ({4: 0.8, 9: 0.8}, "4+9", "disgust", "negative"),
    ({15: 0.9, 17: 0.7}, "15+17", "sadness", "negative"),
)
_MICRO = (0.45, 0.8)  # strength of a micro-expression; a macro-expression has more
_MACRO = (1.0, 1.6)
_LICENCE = "Invented: drawn from one public-domain portrait (NASA)."


@dataclass(frozen=True)
class _Drawn:
    kind: str
    onset: int
    apex: int
    offset: int
    strength: float
    what: int


def write_long_videos(
    folder: Path,
    people: Sequence[Subject],
    *,
    videos: int,
    seconds: float,
    micro: int,
    macro: int,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Manifest:
    """Write `folder/corpus` and a manifest of it in `folder/manifest`; the same pixels every time.

    Args:
        folder: is empty, or made.
        people: who is seen.
        videos: of each of them.
        seconds: length of a video, at 30 frames per second.
        micro, macro: expressions in each.
        seed: of everything by chance.
        progress: called with videos done and videos in all.
    """
    root = folder / "corpus"
    root.mkdir(parents=True)
    recordings, clips = [], []
    for index, person in enumerate(people):
        for number in range(videos):
            rng = np.random.default_rng([seed, 77, index, number])
            count = round(seconds * _FPS)
            drawn = _draw(rng, count, ["micro"] * micro + ["macro"] * macro)
            path = f"{person.name}/{person.name}_{number + 1}.mkv"
            _write(root / path, person, drawn, count, rng)
            recording = _recording(path, person, count)
            recordings.append(recording)
            source = open_frames(root / path)
            clips += [
                _clip(recording, person, event, place, source.content_digest(event.onset, event.offset + 1))
                for place, event in enumerate(drawn)
            ]
            progress(len(recordings), len(people) * videos)
    manifest = Manifest(
        corpus="demo-long",
        roots={"demo-long": root.resolve()},
        licence=_LICENCE,
        recordings=tuple(recordings),
        clips=tuple(sorted(clips, key=lambda clip: clip.clip_id)),
    )
    return manifest.write(folder / "manifest")


def _draw(rng: np.random.Generator, count: int, kinds: list[str]) -> list[_Drawn]:
    """Events one after the other, with pauses by chance."""
    lengths = [
        (round(rng.uniform(0.12, 0.2) * _FPS), round(rng.uniform(0.15, 0.28) * _FPS))
        if kind == "micro"
        else (round(rng.uniform(0.4, 0.7) * _FPS), round(rng.uniform(0.5, 1.0) * _FPS))
        for kind in kinds
    ]
    order = rng.permutation(len(kinds))
    free = count - sum(rise + fall + 1 for rise, fall in lengths) - 15 * (len(kinds) + 1)
    if free < 0:
        raise ValueError(f"{count} frames do not hold {kinds}")
    pauses = rng.dirichlet(np.ones(len(kinds) + 1)) * free
    at, drawn = 0.0, []
    for place, pause in zip(order, pauses, strict=False):
        at += pause + 15
        rise, fall = lengths[place]
        strength = rng.uniform(*(_MICRO if kinds[place] == "micro" else _MACRO))
        onset = int(at)
        what = int(rng.integers(len(_EXPRESSIONS)))
        drawn.append(_Drawn(kinds[place], onset, onset + rise, onset + rise + fall, float(strength), what))
        at += rise + fall + 1
    return drawn


def _write(path: Path, person: Subject, drawn: Sequence[_Drawn], count: int, rng: np.random.Generator) -> None:
    unit = float(np.hypot(*(person.landmarks[42:48].mean(0) - person.landmarks[36:42].mean(0))))
    head = IdleHead.drawn(int(rng.integers(2**31)), person.landmarks, unit)
    still = Performance(person, {})
    performances = [Performance(person, _EXPRESSIONS[event.what][0]) for event in drawn]
    blinks = rng.choice(count - 12, max(1, count // 150), replace=False)

    def frames() -> object:
        for t in range(count):
            amplitude, performance = 0.0, still
            for event, candidate in zip(drawn, performances, strict=True):
                if event.onset <= t <= event.offset:
                    rise, fall = event.apex - event.onset, event.offset - event.apex
                    amplitude, performance = event.strength * swell(t - event.onset, rise, 0, fall), candidate
            blink = max(swell(t - start, 3, 1, 5) for start in blinks)
            frame = performance.frame(amplitude, head.at(t / float(_FPS)).similarity, blink)
            noise = rng.standard_normal((*FRAME_SHAPE, 3), np.float32) * np.float32(_NOISE)
            yield np.clip(np.rint(frame + noise), 0, 255).astype(np.uint8)

    write_lossless(path, frames(), _FPS)  # type: ignore[arg-type]


def _recording(path: str, person: Subject, count: int) -> Recording:
    return Recording(
        recording_id=content_id("rec", "demo-long", path),
        corpus="demo-long",
        root="demo-long",
        path=path,
        storage="video",
        first_number=0,
        last_number=count - 1,
        n_frames=count,
        fps_num=_FPS.numerator,
        fps_den=_FPS.denominator,
        height=FRAME_SHAPE[0],
        width=FRAME_SHAPE[1],
        gray=False,
        bit_depth=8,
        subject=person.name,
        person_id=f"demo-long:{person.name}",
    )


def _clip(recording: Recording, person: Subject, event: _Drawn, place: int, sha256: str) -> Clip:
    from me_augment.manifest.au import parse_aus

    _, cell, emotion, label = _EXPRESSIONS[event.what]
    return Clip(
        clip_id=content_id("clip", recording.recording_id, event.onset, sha256),
        name=f"{Path(recording.path).stem}_{place + 1}",
        corpus="demo-long",
        recording_id=recording.recording_id,
        subject=person.name,
        person_id=recording.person_id,
        onset=event.onset,
        apex=event.apex,
        offset=event.offset,
        onset_index=event.onset,
        apex_index=event.apex,
        offset_index=event.offset,
        expression=event.kind,
        emotion=emotion,
        label_megc3=label,
        au_verbatim=cell,
        aus=parse_aus(cell).units,
        licence=_LICENCE,
        landmarks=tuple(np.asarray(person.landmarks, np.float32).ravel().tolist()),
        content_sha256=sha256,
        forbidden_subjects=(recording.person_id,),
    )
