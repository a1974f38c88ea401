"""How the quality of a run's clips is distributed, as bars to draw and as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from me_augment.evaluation.gates import Gates, figure_of, lowest
from me_augment.evaluation.generation import FIGURES
from me_augment.report.overview import UNKNOWN

_BINS = 24
MEANINGS = {
    "reliability": "share of the driver's measured motion that is not noise",
    "correlation": "likeness of the motion of 18 face regions to the driver's, carried to this face; 1 is the same",
    "gain": "strength of the motion over the strength asked for; 1 is just that",
    "nrmse": "error of the motion over its size, root mean squares; 0 is none",
    "spill": "motion where there should be none, over the liveliest region's",
    "head": "head motion left in the clip, in distances between the eyes",
    "head_ratio": "head motion left in the clip over the driver's, where that moved",
    "flicker": "change of still pixels over time, grey levels of 255",
    "identity": "1 − SSIM of the target's face with the clip's, motion undone; 0 is the same",
    "fold": "smallest factor on the area of a patch of skin; 0 where it folds",
    "lost": "share of the face's points that a tracker loses at worst",
}
"""Figure of `Quality` → what it says."""
_LABELS = {"nrmse": "error (nrmse)"}


def label_of(figure: str) -> str:
    """What a figure of `Quality` is called on the page."""
    return _LABELS.get(figure, figure.replace("_", " "))


@dataclass(frozen=True)
class Limit:
    """A gate: the limit, and whether what is below it (or above it) is rejected."""

    value: float
    is_lowest: bool


@dataclass(frozen=True)
class Distribution:
    """One figure over all measured clips.

    Attributes:
        name: of the figure.
        meaning: in words.
        clips: that have it.
        low, high: ends of the axis.
        bins: clips in equal steps from `low` to `high`.
        limits: gates, within the axis.
        p5, p50, p95: percentiles.
        beyond: clips beyond a gate.
    """

    name: str
    meaning: str
    clips: int
    low: float
    high: float
    bins: tuple[int, ...]
    limits: tuple[Limit, ...]
    p5: float
    p50: float
    p95: float
    beyond: int

    @property
    def label(self) -> str:
        """Its name for people."""
        return label_of(self.name)

    def is_beyond(self, value: float) -> bool:
        """Whether a gate rejects it."""
        return any(value < gate.value if gate.is_lowest else value > gate.value for gate in self.limits)


@dataclass(frozen=True)
class Group:
    """The clips of one emotion: how many, how many were rejected, and medians; None where nothing was measured."""

    name: str
    clips: int
    rejected: int
    correlation: float | None
    gain: float | None
    nrmse: float | None


def distributions(clips: pa.Table, gates: Gates | None) -> tuple[Distribution, ...]:
    """Of each figure that any clip has.

    Args:
        clips: synthetic rows with the columns of `Clip`.
        gates: that they were judged by; None where nobody knows.
    """
    found = []
    for name in FIGURES:
        values = _known(clips.column(f"quality_{name}"))
        if len(values):
            found.append(_distribution(name, values, _limits(name, gates)))
    return tuple(found)


def by_emotion(clips: pa.Table) -> tuple[Group, ...]:
    """Medians of the synthetic clips of each emotion that were made, rejected ones too."""
    emotions = [emotion or UNKNOWN for emotion in clips.column("emotion").to_pylist()]
    rejected = pc.equal(clips.column("status"), "rejected").to_numpy()
    columns = {name: _with_gaps(clips.column(f"quality_{name}")) for name in ("correlation", "gain", "nrmse")}
    groups = []
    for emotion in sorted(set(emotions)):
        inside = np.array([other == emotion for other in emotions], bool)
        medians = {name: _median(values[inside]) for name, values in columns.items()}
        groups.append(Group(emotion, int(inside.sum()), int(rejected[inside].sum()), **medians))
    return tuple(groups)


def _limits(name: str, gates: Gates | None) -> tuple[Limit, ...]:
    if gates is None:
        return ()
    return tuple(
        Limit(value, lowest(gate))
        for gate, value in vars(gates).items()
        if value is not None and figure_of(gate) == name
    )


def _distribution(name: str, values: NDArray[np.float64], limits: tuple[Limit, ...]) -> Distribution:
    low, high = float(values.min()), float(values.max())
    # A gate is worth seeing where it is not so far off that all clips would stand in one bar.
    reach = max(high - low, 1e-3)
    for limit in limits:
        if low - 2 * reach <= limit.value <= high + 2 * reach:
            low, high = min(low, limit.value), max(high, limit.value)
    pad = 0.04 * (high - low) or max(abs(high), 1.0) * 0.05
    low, high = max(low - pad, 0.0) if low >= 0 else low - pad, high + pad
    bins, _ = np.histogram(values, _BINS, (low, high))
    beyond = np.zeros(len(values), bool)
    for limit in limits:
        beyond |= values < limit.value if limit.is_lowest else values > limit.value
    p5, p50, p95 = (float(value) for value in np.percentile(values, (5, 50, 95)))
    return Distribution(
        name=name,
        meaning=MEANINGS[name],
        clips=len(values),
        low=low,
        high=high,
        bins=tuple(bins.tolist()),
        limits=limits,
        p5=p5,
        p50=p50,
        p95=p95,
        beyond=int(beyond.sum()),
    )


def _with_gaps(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return pc.fill_null(column, float("nan")).to_numpy().astype(np.float64)


def _known(column: pa.ChunkedArray) -> NDArray[np.float64]:
    values = _with_gaps(column)
    return values[np.isfinite(values)]


def _median(values: NDArray[Any]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None
