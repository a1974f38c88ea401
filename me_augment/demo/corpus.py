"""Writes the demo corpus: a CASME II-shaped folder of invented clips, and beside it what truly moved in each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.corpora.registry import Progress
from me_augment.demo.actions import Side
from me_augment.demo.faces import FRAME_SHAPE, Performance, Subject, subjects

NOTE = "README.md"
SHEET = "CASME2-coding-20140508.xlsx"
_NOISE = 1.0  # standard deviation of the sensor noise, grey levels
_JPEG_QUALITY = 95

_NOTE = """# Invented corpus of the me-augment demo

Shaped like CASME II, but nobody was filmed: all faces are derived from one public-domain portrait (NASA), and the
labels are invented. `truth.json` says what truly moves in each clip.
"""

# Invented: which action units an emotion uses here, at which strength, and how the sheet writes them.
_EMOTIONS: dict[str, tuple[dict[int, float], str]] = {
    "happiness": ({6: 0.5, 12: 0.7}, "6+12"),
    "surprise": ({1: 0.8, 2: 0.7}, "1+2"),
    "disgust": ({4: 0.7, 9: 0.7}, "4+9"),
    "repression": ({15: 0.8, 17: 0.6}, "15+17"),
    "others": ({4: 0.9}, "4"),
}


@dataclass(frozen=True)
class TrueClip:
    """What is known about one demo clip.

    Attributes:
        subject, video: as in the sheet's canonical spelling, `sub91`, `EP01_02`.
        emotion: as in the sheet.
        onset, apex, offset: frame numbers.
        units: action unit, of both sides or of one (`("L", 12)`) → strength at the apex (see `actions.ACTION_UNITS`).
        amplitude: per frame, onset first, the factor on `units`; 0 at the onset, 1 at the apex.
        head: per frame, (2, 3) similarity of the head, pixels.
        coded: the action units as the sheet writes them.
    """

    subject: str
    video: str
    emotion: str
    onset: int
    apex: int
    offset: int
    units: dict[int | tuple[Side, int], float]
    amplitude: list[float]
    head: list[list[list[float]]]
    coded: str


def write_demo_corpus(
    folder: Path, people: int = 6, clips_per_subject: int = 4, progress: Progress = lambda *_: None
) -> list[TrueClip]:
    """Write `folder/CASME2` (frames and sheet) and `folder/truth.json`; the same pixels every time.

    Args:
        folder: is empty, or made.
        people: of the six that there are, the first.
        clips_per_subject: their clips.
        progress: called with clips done and clips in all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOTE).write_text(_NOTE)
    clips = write_clips(folder / "CASME2", subjects()[:people], clips_per_subject, progress=progress)
    _write_truth(folder / "truth.json", clips)
    return clips


def write_hard_corpus(
    folder: Path, people: int, clips_per_subject: int, progress: Progress = lambda *_: None
) -> list[TrueClip]:
    """Write the hard corpus (`hard`) as `write_demo_corpus` writes the plain one.

    Args:
        folder: is empty, or made.
        people: how many.
        clips_per_subject: their clips, on average.
        progress: called with clips done and clips in all.
    """
    from me_augment.demo import hard  # which stands on this module

    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOTE).write_text(_NOTE)
    crowd = hard.people(people)
    clips = hard.invent(crowd, clips_per_subject)
    by_name = {subject.name: subject for subject in crowd}
    for number, clip in enumerate(clips):
        _write_frames(folder / "CASME2", by_name[clip.subject], clip, seed=10_000 + number, noise=hard.NOISE)
        progress(number + 1, len(clips))
    _write_sheet(folder / "CASME2" / SHEET, clips)
    _write_truth(folder / "truth.json", clips)
    return clips


def write_clips(
    root: Path,
    people: Sequence[Subject],
    clips_per_subject: int,
    max_frames: int | None = None,
    progress: Progress = lambda *_: None,
) -> list[TrueClip]:
    """Write frames and sheet of some people below `root`, which must not exist.

    Args:
        root: becomes the corpus folder.
        people: who is filmed.
        clips_per_subject: their clips.
        max_frames: keep only this many frames about the apex, onset and offset included (for tests).
        progress: called with clips done and clips in all.
    """
    clips = []
    for index, subject in enumerate(people):
        for k in range(clips_per_subject):
            clip = _invent(subject, index, k)
            if max_frames is not None:
                clip = _shortened(clip, max_frames)
            _write_frames(root, subject, clip, seed=100 * index + k)
            clips.append(clip)
            progress(len(clips), len(people) * clips_per_subject)
    _write_sheet(root / SHEET, clips)
    return clips


def _shortened(clip: TrueClip, frames: int) -> TrueClip:
    """The same event filmed at a lower rate: `frames` samples, the apex among them."""
    last, apex = len(clip.amplitude) - 1, clip.apex - clip.onset
    before = max(1, round((frames - 1) * apex / last))
    kept = [*np.linspace(0, apex, before + 1), *np.linspace(apex, last, frames - before)[1:]]
    places = [round(place) for place in kept]
    return replace(
        clip,
        apex=clip.onset + before,
        offset=clip.onset + frames - 1,
        amplitude=[clip.amplitude[place] for place in places],
        head=[clip.head[place] for place in places],
    )


def read_truth(file: Path) -> list[TrueClip]:
    """The clips written by `write_demo_corpus`."""
    rows = json.loads(file.read_text())
    return [TrueClip(**{**row, "units": {_unit(key): v for key, v in row["units"].items()}}) for row in rows]


def _write_truth(file: Path, clips: Sequence[TrueClip]) -> None:
    rows = [{**asdict(clip), "units": {_key(unit): v for unit, v in clip.units.items()}} for clip in clips]
    file.write_text(json.dumps(rows) + "\n")


def _key(unit: int | tuple[Side, int]) -> str:
    return str(unit) if isinstance(unit, int) else f"{unit[0]}{unit[1]}"


def _unit(key: str) -> int | tuple[Side, int]:
    if key.isdigit():
        return int(key)
    return ("L" if key[0] == "L" else "R", int(key[1:]))


def _invent(subject: Subject, index: int, k: int) -> TrueClip:
    rng = np.random.default_rng([2021, index, k])
    emotion = list(_EMOTIONS)[(index + k) % len(_EMOTIONS)]
    units: dict[int | tuple[Side, int], float] = {
        unit: strength * rng.uniform(0.7, 1.2) for unit, strength in _EMOTIONS[emotion][0].items()
    }
    onset, apex, amplitude = draw_timing(rng)
    return TrueClip(
        subject.name,
        f"EP{index + 1:02d}_{k + 1:02d}",
        emotion,
        onset,
        apex,
        onset + len(amplitude) - 1,
        units,
        amplitude,
        head_drift(subject.landmarks[30], len(amplitude), rng).tolist(),
        _EMOTIONS[emotion][1],
    )


def draw_timing(rng: np.random.Generator) -> tuple[int, int, list[float]]:
    """Frame numbers of onset and apex, and the amplitude of every frame from onset to offset."""
    onset = int(rng.integers(20, 90))
    rise, fall = int(rng.integers(5, 9)), int(rng.integers(6, 10))
    t = np.arange(rise + fall + 1)
    phase = np.where(t <= rise, t / rise, 1 - (t - rise) / fall)
    return onset, onset + rise, (np.sin(np.pi / 2 * phase) ** 2).tolist()


def head_drift(centre: NDArray[np.floating], length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A slow drift (T, 2, 3), as people who hold still make it: a pixel or two, a few milliradians."""
    time = np.linspace(0, 1, length)
    shift = np.stack([a * np.sin(b * time) for a, b in zip(rng.normal(0, 1.2, 2), (2.1, 1.6), strict=True)], 1)
    angle = rng.normal(0, 0.006) * np.sin(1.8 * time)
    scale = 1 + rng.normal(0, 0.003) * time
    linear = scale[:, None, None] * np.stack(
        [np.stack([np.cos(angle), -np.sin(angle)], 1), np.stack([np.sin(angle), np.cos(angle)], 1)], 1
    )
    return np.concatenate([linear, (centre - linear @ centre + shift)[..., None]], axis=2)


def _write_frames(root: Path, subject: Subject, clip: TrueClip, seed: int, noise: float = _NOISE) -> None:
    folder = root / "Cropped" / subject.name / clip.video
    folder.mkdir(parents=True)
    rng = np.random.default_rng([7, seed])
    performance = Performance(subject, clip.units)
    for t, (amplitude, head) in enumerate(zip(clip.amplitude, clip.head, strict=True)):
        frame = performance.frame(amplitude, np.asarray(head) if t else None)
        grain = rng.standard_normal((*FRAME_SHAPE, 3), np.float32) * np.float32(noise)
        pixels = np.clip(np.rint(frame + grain), 0, 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        (folder / f"reg_img{clip.onset + t}.jpg").write_bytes(data.tobytes())


def _write_sheet(path: Path, clips: list[TrueClip]) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    sheet.append(
        [
            "Subject",
            "Filename",
            None,
            "OnsetFrame",
            "ApexFrame",
            "OffsetFrame",
            None,
            "Action Units",
            "Estimated Emotion",
        ]
    )
    for clip in clips:
        sheet.append(
            [
                clip.subject.removeprefix("sub"),
                clip.video,
                None,
                clip.onset,
                clip.apex,
                clip.offset,
                None,
                int(clip.coded) if clip.coded.isdigit() else clip.coded,
                clip.emotion,
            ]
        )
    for name in ("Sheet2", "Sheet3"):  # the distributed workbook has them, empty
        book.create_sheet(name)
    book.save(path)
