"""How good the clips of a run are: the figures of `Quality` by class, person and generator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from me_augment.evaluation.gates import Gates
from me_augment.evaluation.quality import Quality
from me_augment.manifest import Clip

FIGURES = tuple(field.name for field in fields(Quality))
# Strengths closer together than this tell nothing about a slope.
_LEAST_SPREAD = 0.3


@dataclass(frozen=True)
class Spread:
    """Distribution of one figure: number of clips that have it, mean, and the 5th, 50th and 95th percentile."""

    clips: int
    mean: float
    p5: float
    p50: float
    p95: float


@dataclass(frozen=True)
class Group:
    """The synthetic clips that have one thing in common.

    Attributes:
        made, rejected, failed: clips by their status in the run.
        rejected_by: gate → share of the judged clips beyond its limit, for the gates that any clip is beyond.
        figures: figure of `Quality`, or `peak_displacement_iod` → its distribution; missing where no clip has it.
    """

    made: int
    rejected: int
    failed: int
    rejected_by: dict[str, float]
    figures: dict[str, Spread]


@dataclass(frozen=True)
class Line:
    """Least-squares line of the strength found over the strength that was asked for."""

    slope: float
    intercept: float


@dataclass(frozen=True)
class RunFigures:
    """A run in figures.

    Attributes:
        gates: the limits that were applied.
        groups: `overall`, `emotion`, `target`, `driver`, `generator` → name → group.
        strength: None where all strengths are about the same.
    """

    gates: Gates
    groups: dict[str, dict[str, Group]]
    strength: Line | None

    @property
    def overall(self) -> Group:
        """All synthetic clips."""
        return self.groups["overall"]["all"]


_KEYS: dict[str, Callable[[Clip], str]] = {
    "overall": lambda clip: "all",
    "emotion": lambda clip: str(clip.emotion),
    "target": lambda clip: str(clip.target_person_id),
    "driver": lambda clip: clip.driver_person_id or f"action units {clip.action_units}",
    "generator": lambda clip: f"{clip.generator} {clip.generator_version}",
}


def quality_of(clip: Clip) -> Quality | None:
    """The figures in a clip's row; None for one that was not measured."""
    values = {name: getattr(clip, f"quality_{name}") for name in FIGURES}
    return None if values["identity"] is None else Quality(**values)


def run_figures(clips: Sequence[Clip], gates: Gates) -> RunFigures:
    """Figures of the synthetic ones among `clips`."""
    groups: dict[str, dict[str, Group]] = {}
    for key, name_of in _KEYS.items():
        members: defaultdict[str, list[Clip]] = defaultdict(list)
        for clip in clips:
            if clip.is_synthetic:
                members[name_of(clip)].append(clip)
        groups[key] = {name: _group(members[name], gates) for name in sorted(members)}
    groups["overall"].setdefault("all", _group([], gates))
    return RunFigures(gates, groups, _strength_line(clips))


def _group(clips: Sequence[Clip], gates: Gates) -> Group:
    judged = [quality for clip in clips if (quality := quality_of(clip)) is not None]
    beyond = Counter(gate for quality in judged for gate in gates.broken(quality))
    figures = {name: _spread(getattr(quality, name) for quality in judged) for name in FIGURES}
    figures["peak_displacement_iod"] = _spread(clip.peak_displacement_iod for clip in clips)
    status = Counter(clip.status for clip in clips)
    return Group(
        made=status["ok"],
        rejected=status["rejected"],
        failed=status["failed"],
        rejected_by={gate: count / len(judged) for gate, count in beyond.items()},
        figures={name: spread for name, spread in figures.items() if spread is not None},
    )


def _spread(values: Iterable[float | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(len(known), float(np.mean(known)), *(float(v) for v in np.percentile(known, (5, 50, 95))))


def achieved(clips: Iterable[Clip]) -> list[tuple[float, float]]:
    """(strength asked for, strength found) of each clip whose gain is known."""
    return [(c.strength, c.strength * c.quality_gain) for c in clips if c.strength and c.quality_gain is not None]


def _strength_line(clips: Iterable[Clip]) -> Line | None:
    pairs = achieved(clips)
    if len(pairs) < 3 or np.ptp([asked for asked, _ in pairs]) < _LEAST_SPREAD:
        return None
    asked, found = (np.array(values) for values in zip(*pairs, strict=True))
    slope, intercept = np.polyfit(asked, found, 1)
    return Line(float(slope), float(intercept))


def as_json(figures: RunFigures) -> dict[str, object]:
    """Plain dictionaries, for `json.dumps`."""
    return asdict(figures)


def table(figures: RunFigures) -> list[list[str]]:
    """Rows for people, titles first: clips, the share of them that was rejected, and medians."""
    shown = ("correlation", "gain", "nrmse", "spill", "head", "flicker", "identity", "fold")
    rows = [["medians", "clips", "rejected", *shown]]
    for key, groups in figures.groups.items():
        if key != "overall":
            rows.append([f"by {key}"])
        for name, group in groups.items():
            total = group.made + group.rejected + group.failed
            medians = (f"{group.figures[figure].p50:.4f}" if figure in group.figures else "–" for figure in shown)
            rows.append([f"  {_short(name)}", f"{total}", f"{group.rejected / max(total, 1):.1%}", *medians])
    return rows


def notes(figures: RunFigures) -> list[str]:
    """What the table does not say: which gates clips are beyond, and how strength follows what was asked for."""
    out = []
    beyond = sorted(figures.overall.rejected_by.items(), key=lambda item: -item[1])
    if beyond:
        out.append("beyond a gate: " + ", ".join(f"{gate} {share:.1%}" for gate, share in beyond))
    if figures.strength is not None:
        line = figures.strength
        out.append(f"strength found = {line.slope:.3f} x strength asked for {line.intercept:+.3f}")
    return out


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"
