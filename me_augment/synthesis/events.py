"""What happens in a planned long video, and what the settings of a run say about it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa

from me_augment.errors import UsageError
from me_augment.generation.action_units import read_specification
from me_augment.manifest.columns import struct_of

VERSION = "1"
"""Of how events are drawn and performed."""
EXPRESSIONS = ("micro", "macro")
DISTRACTORS = ("blink", "gaze", "head-turn")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEvent:
    """An expression, or something that is none and may be taken for one.

    Attributes:
        kind: one of `EXPRESSIONS` or `DISTRACTORS`.
        onset, apex, offset: frames of the video, from 0, offset included; the apex of a driver that states none is
            null.
        driver_clip_id: clip that is performed; null where action units are.
        action_units: specification that is performed; of a distractor how FACS writes it (45 a blink).
        strength, mirror, asymmetry: see `PlannedClip`.
        tempo_onset, tempo_offset: of a driver, factors on the durations as they came out.
        times: for each frame the performance's frame to be shown; empty shows all as they are.
        x, y: of a shift of gaze interocular distances to the right and down, of a turned head sines of its angles.
        seed: of the performance.
    """

    kind: str
    onset: int
    apex: int | None
    offset: int
    driver_clip_id: str | None = None
    action_units: str | None = None
    strength: float = 1.0
    mirror: bool = False
    asymmetry: float = 0.0
    tempo_onset: float = 1.0
    tempo_offset: float = 1.0
    times: tuple[float, ...] = ()
    x: float = 0.0
    y: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", tuple(self.times))  # tables give lists

    @property
    def is_expression(self) -> bool:
        """Whether a spotter is to find it."""
        return self.kind in EXPRESSIONS


EVENTS = pa.list_(
    struct_of(
        PlannedEvent,
        {
            "kind": pa.string(),
            "onset": pa.int32(),
            "apex": pa.int32(),
            "offset": pa.int32(),
            "driver_clip_id": pa.string(),
            "action_units": pa.string(),
            "strength": pa.float64(),
            "mirror": pa.bool_(),
            "asymmetry": pa.float64(),
            "tempo_onset": pa.float64(),
            "tempo_offset": pa.float64(),
            "times": pa.list_(pa.float64()),
            "x": pa.float64(),
            "y": pa.float64(),
            "seed": pa.int64(),
        },
    )
)

# Without parted lips: the video's renderer moves lips in one piece.
_MACRO_UNITS = ("12D+6C", "4D+7C", "1D+2D", "15D+17C", "4C+9D", "12D", "14D", "10D+4C")


@dataclass(frozen=True, kw_only=True)
class SpottingSettings:
    """What the long videos of a run are like; numbers of events are means of Poisson laws.

    The defaults for expressions are those of CAS(ME)^2 and SAMM Long Videos together: 57 + 159 micro- and 300 + 343
    macro-expressions in 98 + 147 videos. Those for blinks, gaze and head are our choice.

    Attributes:
        videos: per person.
        seconds: shortest and longest video.
        micro, macro: expressions per video.
        macro_units: action units that are performed as macro-expressions where a driver has none of its own.
        gap: least time between two expressions, seconds.
        blinks, gazes, head_turns: per minute, where the background is a still face.
        head_motion: factor on the motion of a head that is held still.
        noise: standard deviation of the sensor's noise on a still face, grey levels.
        backgrounds: `filmed` takes frames of the target's recording in which it expresses nothing, where there are
            enough, and else a still face; `still` always takes that.
    """

    videos: int = 1
    seconds: tuple[float, float] = (20.0, 40.0)
    micro: float = 0.9
    macro: float = 2.6
    macro_units: tuple[str, ...] = _MACRO_UNITS
    gap: float = 0.5
    blinks: float = 12.0
    gazes: float = 6.0
    head_turns: float = 2.0
    head_motion: float = 1.0
    noise: float = 1.0
    backgrounds: str = "filmed"

    def __post_init__(self) -> None:
        for name in ("seconds", "macro_units"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # YAML gives lists
        if self.videos < 1:
            raise UsageError(f"--videos is {self.videos}; it must be at least 1.")
        low, high = self.seconds
        if not 2 <= low <= high <= 3600:
            raise UsageError(f"--seconds is {low:g}:{high:g}; it must be LO:HI with 2 <= LO <= HI <= 3600.")
        for name, most in (
            ("micro", 100),
            ("macro", 100),
            ("gap", 60),
            ("blinks", 60),
            ("gazes", 60),
            ("head_turns", 60),
            ("head_motion", 5),
            ("noise", 20),
        ):
            if not 0 <= getattr(self, name) <= most:
                raise UsageError(
                    f"--{name.replace('_', '-')} is {getattr(self, name):g}; it must lie between 0 and {most}."
                )
        if self.backgrounds not in ("filmed", "still"):
            raise UsageError(f"--backgrounds is {self.backgrounds!r}: choose filmed or still.")
        if not self.macro_units:
            raise UsageError("--macro-units is empty: name at least one, such as 12D+6C.")
        for specification in self.macro_units:
            require_closed_lips(specification)

    def as_fields(self) -> dict[str, Any]:
        """Field → value."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def require_closed_lips(specification: str) -> None:
    """UsageError for action units that cannot be performed in a long video: those that part the lips, or no units."""
    apart = sorted({unit.number for unit in read_specification(specification)} & {25, 26, 27})
    if apart:
        raise UsageError(
            f"{specification!r} parts the lips ({apart[0]}), which long videos do not show: leave that unit out."
        )
