"""When each frame of a synthetic clip happens in its driver: tempo, frame rate, and the new onset, apex and offset."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from me_augment.errors import UsageError

# Seconds. Yan, Wu, Liang, Chen & Fu (J. Nonverbal Behav. 37, 2013, 217-230) bound a micro-expression by a total
# duration of 500 ms and an onset phase of 260 ms; 1/25 s is the shortest that Ekman and Friesen speak of.
_SHORTEST, _LONGEST, _LONGEST_ONSET = Fraction(1, 25), Fraction(1, 2), Fraction(13, 50)
# Factors on duration beyond which no expression is the same any more.
TEMPO = (0.25, 4.0)
# Below this many frames a second, half a second does not hold an onset, an apex and an offset of their own.
SLOWEST_RATE = 4


@dataclass(frozen=True)
class Timeline:
    """The frames of a synthetic clip.

    Attributes:
        times: for each frame the driver's frame to be shown, 0-based, fractions allowed; None shows all of them as
            they are.
        n_frames: number of frames.
        apex: index of the frame that shows the driver's apex; None where that is not known.
        tempo_onset, tempo_offset: factors on the durations of the driver's two phases as they came out: limits and
            the grid of frames move what was asked for. 1 for a phase that the driver does not have; both the same
            where the apex is not known.
        tempo: factor on the whole duration.
    """

    times: tuple[float, ...] | None
    n_frames: int
    apex: int | None
    tempo_onset: float
    tempo_offset: float
    tempo: float


def timeline(
    n_frames: int,
    apex: int | None,
    *,
    tempo_onset: float = 1.0,
    tempo_offset: float = 1.0,
    fps: Fraction | None = None,
    rate: Fraction | None = None,
    micro: bool = False,
) -> Timeline:
    """Spread a driver's frames over a new duration and frame rate.

    Onset, apex and offset of the driver each get a frame of their own, so that the labels stay exact; the frames
    between them are spread evenly over each phase. The number of frames is the nearest to the duration asked for.

    Args:
        n_frames: of the driver, onset to offset, at least 1.
        apex: the driver's apex, counted from its onset; None scales the clip as a whole, by the mean of the factors.
        tempo_onset, tempo_offset: factors on the durations from onset to apex and from apex to offset, within
            `TEMPO`; 2 is half as fast.
        fps: the driver's frames per second; None where it is not known, and then no limit can be kept.
        rate: frames per second of the new clip; None keeps the driver's. Needs `fps`.
        micro: keep whichever limits of a micro-expression the driver keeps: 1/25 s to 1/2 s, and 0.26 s from onset
            to apex. Durations are those from first to last frame.

    Raises:
        UsageError: a factor is outside `TEMPO`.
    """
    for factor in (tempo_onset, tempo_offset):
        if not TEMPO[0] <= factor <= TEMPO[1]:
            raise UsageError(f"tempo is {factor:g}; it must lie between {TEMPO[0]:g} and {TEMPO[1]:g}.")
    last = n_frames - 1
    if apex is None:
        both = (tempo_onset + tempo_offset) / 2
        phases, factors = (0, last), (both, both)
    else:
        phases, factors = (apex, last - apex), (tempo_onset, tempo_offset)
    density = Fraction(1) if fps is None or rate is None else rate / fps  # new frames per frame of the driver
    asked = tuple(_exact(factor) * phase * density for phase, factor in zip(phases, factors, strict=True))
    limits = _limits(phases, fps, rate or fps) if micro else _Limits()
    counts = _counts(phases, asked, limits)
    new, old = density.numerator, density.denominator
    came_out = [1.0 if not p else n * old / (p * new) for p, n in zip(phases, counts, strict=True)]
    total = sum(counts)
    whole = total * old / (last * new) if last else 1.0
    if apex is None:
        came_out = [whole, whole]
    same = counts == phases
    return Timeline(
        None if same else _times(phases, counts),
        total + 1,
        None if apex is None else counts[0],
        came_out[0],
        came_out[1],
        whole,
    )


@dataclass(frozen=True)
class _Limits:
    """Bounds on a clip, in frames after the first; None where there is none. Fractions allowed."""

    shortest: Fraction | None = None
    longest: Fraction | None = None
    longest_onset: Fraction | None = None


def _exact(factor: float) -> Fraction:
    """The number as it is written, 0.1 as one tenth."""
    return Fraction(*Decimal(str(factor)).as_integer_ratio())


@lru_cache(maxsize=256)
def _limits(phases: tuple[int, int], fps: Fraction | None, rate: Fraction | None) -> _Limits:
    """The limits of a micro-expression that the driver keeps, at the new rate."""
    if fps is None or rate is None:
        return _Limits()
    total_kept = _SHORTEST <= sum(phases) / fps <= _LONGEST
    onset_kept = 0 < phases[0] / fps <= _LONGEST_ONSET
    return _Limits(
        _SHORTEST * rate if total_kept else None,
        _LONGEST * rate if total_kept else None,
        _LONGEST_ONSET * rate if onset_kept else None,
    )


def _counts(phases: tuple[int, int], asked: tuple[Fraction, ...], limits: _Limits) -> tuple[int, int]:
    """Frames after the first of either phase: whole numbers, at least one for a phase that exists."""
    rise, fall = asked
    if limits.longest_onset is not None:
        rise = min(rise, limits.longest_onset)
    if limits.shortest is not None and limits.longest is not None and rise + fall:
        # Beyond a limit both phases give way in proportion.
        excess = min(max(rise + fall, limits.shortest), limits.longest) / (rise + fall)
        rise, fall = rise * excess, fall * excess
    rises, falls = int(phases[0] > 0), int(phases[1] > 0)
    total = max(round(rise + fall), rises + falls)
    if limits.shortest is not None and limits.longest is not None:
        total = min(max(total, ceil(limits.shortest)), floor(limits.longest))
    rising = min(max(round(rise), rises), total - falls) if falls else total
    if limits.longest_onset is not None:
        rising = min(rising, floor(limits.longest_onset))
    return (rising, total - rising) if falls else (rising, 0)


def _times(phases: tuple[int, int], counts: tuple[int, int]) -> tuple[float, ...]:
    # One division of whole numbers per time: correctly rounded, so that apex and offset are met exactly.
    rising = [phases[0] * k / counts[0] for k in range(counts[0])]
    falling = [(phases[0] * counts[1] + phases[1] * k) / counts[1] for k in range(counts[1])]
    return (*rising, *falling, float(sum(phases)))
