"""Motion prediction without a driver: a micro-expression from the action units that it shall show.

`perform` draws the motion on the canonical face as if it had been measured there, so that a generator carries it to
any face as it carries a driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.face.geometry import MIRRORED
from me_augment.generation.action_unit_table import (
    ACTIONS,
    AMPLITUDE,
    DEFAULT_INTENSITY,
    INTERACTIONS,
    JAW_WITH_LIPS_APART,
    SIDED,
    Pull,
)
from me_augment.generation.canonical_face import PIXELS, SHAPE, CanonicalFace, positions
from me_augment.generation.motion import DriverMotion
from me_augment.manifest.au import ActionUnit, format_aus, parse_aus

VERSION = "1"
DEFAULT_FPS = Fraction(200)
# Phases of a micro-expression, seconds. Bounds: Yan, Wu, Liang, Chen & Fu, "How fast are the leaked facial
# expressions", J. Nonverbal Behavior 37 (2013): the whole lasts less than 0.5 s or its onset phase less than 0.26 s;
# their shortest are near 0.17 s and 0.065 s. Between the bounds a log-normal law, as durations are skewed to the long
# side. Its median for the whole lets the mean be near 0.32 s, the mean of 233 micro-expressions measured by EMG in
# CASMEMG (interval 0.307-0.327 s). Medians and widths are our choice, not fits to a corpus.
_TOTAL = (0.17, 0.50)
_TOTAL_LAW = (0.32, 0.30)  # median, standard deviation of the logarithm
_ONSET = (0.065, 0.26)
# The onset phase is somewhat shorter than the offset phase: share of the whole, mean and standard deviation.
_ONSET_SHARE = (0.43, 0.07)
# Units begin up to this share of the onset phase after the first and end as much before the last; all peak together.
_LAG = 0.12
# The weaker side of an asymmetric action, as a share of the stronger.
_WEAKER_SIDE = 0.55


@dataclass(frozen=True)
class Profile:
    """When a micro-expression rises and falls, in frames: onset is frame 0.

    Attributes:
        apex: frame of the full motion.
        offset: last frame, at rest again.
        fps: frames per second.
    """

    apex: int
    offset: int
    fps: Fraction = DEFAULT_FPS

    def __post_init__(self) -> None:
        if not 0 < self.apex < self.offset:
            raise UsageError(f"an apex at frame {self.apex} does not lie between onset 0 and offset {self.offset}.")

    @property
    def n_frames(self) -> int:
        """Frames from onset to offset, both included."""
        return self.offset + 1


def draw_profile(seed: int, fps: Fraction = DEFAULT_FPS) -> Profile:
    """A profile with the durations of micro-expressions (see `_TOTAL` above); the same for the same seed.

    Raises:
        UsageError: at `fps` the shortest micro-expression has no frame between its onset and offset.
    """
    if fps * Fraction(_TOTAL[0]).limit_denominator(1000) < 2:
        raise UsageError(f"at {float(fps):g} frames per second a micro-expression shows no apex: ask for 12 or more.")
    rng = np.random.default_rng([seed, 1])
    total = _draw_within(lambda: _TOTAL_LAW[0] * np.exp(_TOTAL_LAW[1] * rng.standard_normal()), *_TOTAL)
    onset = _draw_within(lambda: total * (_ONSET_SHARE[0] + _ONSET_SHARE[1] * rng.standard_normal()), *_ONSET)
    # Rounded down, so that no clip lasts longer than a micro-expression does.
    offset = max(2, int(total * fps))
    return Profile(int(np.clip(round(onset * fps), 1, offset - 1)), offset, fps)


def read_specification(text: str) -> tuple[ActionUnit, ...]:
    """The units of a specification such as `12B+6A`, `L12C` or `4+7+9`.

    Raises:
        UsageError: it is not one, a unit is unknown, doubtful or named twice for one side, or it has a side that it
            cannot have.
    """
    cell = parse_aus(text)
    if cell.status != "parsed" or cell.issues:
        what = f"{cell.unparsed[0]!r} in it is no action unit" if cell.unparsed else "it is no list of action units"
        raise UsageError(f"the specification {text!r} cannot be performed: {what}; write it like 12B+6A or L14C.")
    taken: set[tuple[int, str]] = set()
    for unit in cell.units:
        name = format_aus([unit])
        if unit.kind != "AU" or unit.number not in ACTIONS:
            known = ", ".join(map(str, ACTIONS))
            raise UsageError(f"{text!r}: there is no motion for {name}; known are the action units {known}.")
        if unit.status != "active" or unit.group is not None:
            raise UsageError(f"{text!r}: {name} leaves open what is to be performed; state one unit and one side.")
        if unit.side is not None and (unit.side not in "LRA" or unit.number not in SIDED):
            raise UsageError(f"{text!r}: {name} cannot be performed on the side {unit.side}.")
        sides = {(unit.number, side) for side in (unit.side if unit.side in ("L", "R") else "LR")}
        if sides & taken:
            raise UsageError(f"{text!r} names {name} twice.")
        taken |= sides
    return cell.units


def perform(
    units: Sequence[ActionUnit],
    profile: Profile,
    *,
    seed: int = 0,
    face: CanonicalFace | None = None,
    patterns: Mapping[int, NDArray[np.float32]] | None = None,
) -> DriverMotion:
    """The motion of a canonical face that performs action units.

    The motion of each unit rises and falls with zero speed at onset, apex and offset (minimum-jerk course, Flash &
    Hogan, J. Neurosci. 1985). Frame 0 and the last are at rest; frame `profile.apex` has the full motion.

    Args:
        units: from `read_specification`.
        profile: when.
        seed: of the small differences in time between units, and of the stronger side of an asymmetric one.
        face: canonical face to perform on; by default the one with its mouth closed. Use `CanonicalFace.like` the
            target.
        patterns: for units that it has, motion of both sides at intensity E to be used in place of the table's: unit
            → (H, W, 2) float32, interocular distances, on the canonical picture of `SHAPE`.
    """
    face = face or CanonicalFace()
    apexes = apex_fields(units, seed=seed, face=face, patterns=patterns)
    rng = np.random.default_rng([seed, 3])
    residual = np.zeros((profile.n_frames, *SHAPE, 2), np.float32)
    for apex in apexes:
        for t, level in enumerate(_course(profile, *rng.uniform(0, _LAG, 2))):
            if level:
                residual[t] += level * apex
    head = np.tile(np.eye(2, 3), (profile.n_frames, 1, 1))
    return DriverMotion(landmarks=face.pixel_landmarks, origin=np.zeros(2), step=1.0, residual=residual, head=head)


def apex_fields(
    units: Sequence[ActionUnit],
    *,
    seed: int = 0,
    face: CanonicalFace | None = None,
    patterns: Mapping[int, NDArray[np.float32]] | None = None,
) -> list[NDArray[np.float32]]:
    """Full displacement (H, W, 2), canonical pixels, of each unit in the company of the others. See `perform`."""
    face = face or CanonicalFace()
    rng = np.random.default_rng([seed, 2])
    present = frozenset(unit.number for unit in units)
    fields = []
    for unit in units:
        weaker = rng.integers(2) if unit.side == "A" else None
        right, left, middle = _sides(unit.number, face, present, patterns)
        gains = {"L": (0.0, 1.0), "R": (1.0, 0.0)}.get(unit.side or "", (1.0, 1.0))
        if weaker is not None:
            gains = (_WEAKER_SIDE, 1.0) if weaker == 0 else (1.0, _WEAKER_SIDE)
        field = gains[0] * right + gains[1] * left + sum(gains) / 2 * middle
        factor = np.ones(2)
        for interaction in INTERACTIONS:
            if interaction.number == unit.number and interaction.present <= present:
                factor = factor * interaction.factor
        amplitude = PIXELS * intensity_of(unit)
        fields.append((amplitude * factor * field).astype(np.float32))
    return fields


def intensity_of(unit: ActionUnit) -> float:
    """Share of the motion at intensity E; the mean of two levels where the unit states a choice."""
    levels = (unit.intensity or DEFAULT_INTENSITY).split("/")
    return float(np.mean([AMPLITUDE[level] for level in levels]))


def _sides(
    number: int,
    face: CanonicalFace,
    present: frozenset[int],
    patterns: Mapping[int, NDArray[np.float32]] | None,
) -> tuple[NDArray[np.float32], ...]:
    """Motion at intensity E of the subject's right side, of the left, and of what has no side."""
    if patterns is not None and number in patterns:
        whole = patterns[number]
        # Half and half about the midline, over an eighth of the distance between the eyes.
        ramp = np.clip(0.5 + positions()[..., :1] / 0.125, 0, 1).astype(np.float32)
        return whole * (1 - ramp), whole * ramp, np.zeros_like(whole)
    return _drawn(number, face, number == 26 and 25 in present)


@lru_cache(maxsize=64)
def _drawn(number: int, face: CanonicalFace, lips_apart: bool) -> tuple[NDArray[np.float32], ...]:
    action = ACTIONS[number]
    middle = (*action.middle, JAW_WITH_LIPS_APART) if lips_apart else action.middle
    parts = (action.paired, tuple(_mirrored(pull) for pull in action.paired), middle)
    return tuple(sum((_bump(pull, face) for pull in pulls), np.zeros((*SHAPE, 2), np.float32)) for pulls in parts)


def _mirrored(pull: Pull) -> Pull:
    return Pull(
        tuple(MIRRORED[i] for i in pull.landmarks),
        (-pull.shift[0], pull.shift[1]),
        (-pull.move[0], pull.move[1]),
        pull.spread,
        pull.only,
    )


def _bump(pull: Pull, face: CanonicalFace) -> NDArray[np.float32]:
    centre = face.landmarks[list(pull.landmarks)].mean(0) + pull.shift
    bump = np.exp(-0.5 * (((positions() - centre) / pull.spread) ** 2).sum(-1)) * face.skin
    if pull.only:
        above = face.above_eyes if pull.only.endswith("lids") else face.above_mouth
        bump = bump * (above if pull.only.startswith("upper") else 1 - above)
    return (bump[..., None] * np.array(pull.move)).astype(np.float32)


def _course(profile: Profile, late: float, early: float) -> NDArray[np.float64]:
    """Level (T,) in [0, 1] of one unit: it begins `late` and ends `early`, as shares of the two phases."""
    t = np.arange(profile.n_frames)
    rise = (t / profile.apex - late) / (1 - late)
    fall = ((profile.offset - t) / (profile.offset - profile.apex) - early) / (1 - early)
    s = np.clip(np.minimum(rise, fall), 0, 1)
    return s**3 * (10 - 15 * s + 6 * s**2)


def _draw_within(draw: Callable[[], float], low: float, high: float) -> float:
    """The first of some draws that lies between the bounds; the nearer bound of the last if none does."""
    value = low
    for _ in range(100):
        value = float(draw())
        if low <= value <= high:
            return value
    return float(np.clip(value, low, high))
