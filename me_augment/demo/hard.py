"""The demo corpus made hard: many people and few clips of each, faint, ambiguous and uneven expressions, noise.

It is there to measure what synthetic clips are worth to a recogniser where real corpora leave it: classes are as uneven
as in the MEGC2019 composite, one class is many patterns, classes share action units, everybody has habits of their own
that say nothing, and the motion is about as large as the noise of its measurement.
"""

from __future__ import annotations

import numpy as np

from me_augment.demo.actions import Side
from me_augment.demo.corpus import TrueClip, draw_timing, head_drift
from me_augment.demo.faces import Look, Subject, make_subject

NOISE = 5.0
"""Standard deviation of the sensor noise, grey levels."""

# Invented. Of each emotion how often it comes, and how it may look: action units at full strength.
_EMOTIONS: dict[str, tuple[float, tuple[dict[int | tuple[Side, int], float], ...]]] = {
    "disgust": (0.34, ({4: 0.8, 9: 0.5}, {4: 0.7, 7: 0.6}, {9: 0.5, 10: 0.6}, {4: 0.8}, {10: 0.5, ("L", 14): 0.6})),
    "repression": (0.22, ({15: 0.6, 17: 0.7}, {17: 0.8}, {24: 0.7, 15: 0.4}, {14: 0.6})),
    "happiness": (0.25, ({6: 0.6, 12: 0.7}, {12: 0.7}, {("L", 12): 0.8}, {("R", 12): 0.8, 6: 0.3}, {12: 0.5, 17: 0.4})),
    "surprise": (0.19, ({1: 0.7, 2: 0.7}, {1: 0.8}, {2: 0.8, 5: 0.6}, {("R", 2): 0.8, 1: 0.4}, {1: 0.6, 4: 0.5})),
}  # fmt: skip
_HABITS = (4, 7, 12, 14, 15, 17, 1, 24)
_STRENGTH = (0.12, 0.4)  # factor on the units: peaks of a third of a pixel to one


def people(count: int, seed: int = 0) -> list[Subject]:
    """Invented people `sub901` and on, no two alike, always the same.

    Args:
        count: how many.
        seed: of their looks.
    """
    return [
        make_subject(f"sub{901 + i}", _look(np.random.default_rng([17, seed, i])), seed=1000 + i) for i in range(count)
    ]


def invent(subjects: list[Subject], clips: int, seed: int = 0) -> list[TrueClip]:
    """What each person does: on average `clips` clips, one more or less, of emotions drawn with their frequencies.

    Args:
        subjects: the people.
        clips: mean number of clips of a person, at least 1.
        seed: of the draws.
    """
    made = []
    for index, subject in enumerate(subjects):
        rng = np.random.default_rng([18, seed, index])
        habits = {int(unit): float(rng.uniform(0.2, 0.8)) for unit in rng.choice(_HABITS, 2, replace=False)}
        shares = np.array([share for share, _ in _EMOTIONS.values()])
        for number in range(max(1, clips + int(rng.integers(-1, 2)))):
            emotion = str(rng.choice(list(_EMOTIONS), p=shares / shares.sum()))
            looks = _EMOTIONS[emotion][1]
            shown = looks[int(rng.integers(len(looks)))]
            strength = rng.uniform(*_STRENGTH)
            units: dict[int | tuple[Side, int], float] = {}
            for unit, full in (*shown.items(), *habits.items()):
                # A habit does not always come, and everything varies.
                if unit in shown or rng.random() < 0.7:
                    units[unit] = units.get(unit, 0.0) + full * strength * rng.uniform(0.7, 1.3)
            onset, apex, amplitude = draw_timing(rng)
            made.append(
                TrueClip(
                    subject.name,
                    f"EP{index + 1:02d}_{number + 1:02d}",
                    emotion,
                    onset,
                    apex,
                    onset + len(amplitude) - 1,
                    units,
                    amplitude,
                    head_drift(subject.landmarks[30], len(amplitude), rng).tolist(),
                    "+".join(_written(unit) for unit in shown),
                )
            )
    return made


def _look(rng: np.random.Generator) -> Look:
    tone = rng.uniform(0, 1)
    return Look(
        mirrored=bool(rng.integers(2)),
        width=rng.uniform(-0.06, 0.08),
        eyes=rng.uniform(-0.04, 0.04),
        nose=rng.uniform(-0.06, 0.08),
        mouth=rng.uniform(-0.08, 0.08),
        jaw=rng.uniform(-0.08, 0.12),
        brow=rng.uniform(-0.05, 0.05),
        turn=rng.uniform(-0.05, 0.05),
        size=rng.uniform(0.93, 1.08),
        skin=(1.0 - 0.4 * tone, 1.0 - 0.52 * tone, 1.0 - 0.6 * tone),
        gamma=rng.uniform(0.82, 1.1) + 0.3 * tone,
        light=(rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.25)),
    )


def _written(unit: int | tuple[Side, int]) -> str:
    return str(unit) if isinstance(unit, int) else f"{unit[0]}{unit[1]}"
