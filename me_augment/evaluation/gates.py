"""Limits that a synthetic clip must keep to be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING

from me_augment.errors import UsageError
from me_augment.words import choose

if TYPE_CHECKING:
    from me_augment.evaluation.quality import Quality


@dataclass(frozen=True, kw_only=True)
class Gates:
    """One limit per figure of `Quality`; None: not judged by it. A figure that cannot be said passes.

    The defaults let pass what transfers well and stop what does not, with room on both sides: on drawn drivers (six
    expressions, 0.4 to 5 px, sensor noise 0 to 4 grey levels, moving heads) the `warp` generator reached the figures
    in brackets wherever more than half of the driver's measured motion was no noise. The judge holds the driver's head
    still by a similarity: one that turns by more than some two degrees out of the picture plane leaves parallax in what
    it wants, and the clip may be rejected though the generator, which knows of parallax, did well.

    Attributes:
        reliability: lowest; below it the driver's motion is its noise, and its label is not seen (0.8 at 0.3 px).
        correlation: lowest (0.97 from 2 px on, 0.86 at 0.8 px, 0.69 at 0.4 px).
        gain_low, gain_high: range of the strength relative to what was asked for (0.86 to 1.05 from 2 px on; fainter
            motion may be weakened with the noise).
        nrmse: highest; not judged by default, since correlation and gain say the same.
        spill: highest (0.08).
        head: highest, interocular distances (0.002; a head motion of 2 px left in gives 0.02).
        head_ratio: highest (0.08).
        flicker: highest, grey levels (0.6; light swinging by 2 % gives 2.1).
        identity: highest (0.006; blur of 2 px gives 0.08, another face 0.7).
        fold: lowest (0.48 at strength 4; 0.24 and less where skin folded).
        lost: highest (0.12).
    """

    reliability: float | None = 0.3
    correlation: float | None = 0.8
    gain_low: float | None = 0.65
    gain_high: float | None = 1.5
    nrmse: float | None = None
    spill: float | None = 0.25
    head: float | None = 0.01
    head_ratio: float | None = 0.25
    flicker: float | None = 1.0
    identity: float | None = 0.05
    fold: float | None = 0.3
    lost: float | None = 0.15

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Gates:
        """Gates from `name=limit`, `name=off` and `off`, later ones overriding earlier ones.

        Raises:
            UsageError: no such gate, or no number.
        """
        names = [field.name for field in fields(cls)]
        limits: dict[str, float | None] = {}
        for text in texts:
            if text == "off":
                limits = dict.fromkeys(names)
                continue
            name, _, value = text.partition("=")
            if name not in names:
                raise UsageError(f"there is no gate {name!r}: {choose(name, [*names, 'off'])}")
            try:
                limits[name] = None if value == "off" else _number(value)
            except ValueError:
                raise UsageError(f"--gate {text}: give a number or `off`, for example {name}=0.5.") from None
        gates = cls(**limits)
        if gates.gain_low is not None and gates.gain_high is not None and gates.gain_low > gates.gain_high:
            raise UsageError(f"--gate: gain_low {gates.gain_low:g} is above gain_high {gates.gain_high:g}.")
        return gates

    def broken(self, quality: Quality) -> list[str]:
        """Names of the gates that a clip fails, in the order above."""
        found = []
        for field in fields(self):
            limit, value = getattr(self, field.name), getattr(quality, figure_of(field.name))
            if limit is not None and value is not None and not _passes(field.name, value, limit):
                found.append(field.name)
        return found

    def verdict(self, quality: Quality) -> str | None:
        """Why a clip is rejected, naming gate, value and limit; None for one that passes."""
        parts = []
        for name in self.broken(quality):
            value, limit = getattr(quality, figure_of(name)), getattr(self, name)
            parts.append(f"{figure_of(name)} {value:.3g} is {'below' if lowest(name) else 'above'} {limit:g}")
        return f"quality: {', '.join(parts)}" if parts else None


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError
    return value


def figure_of(gate: str) -> str:
    """The figure of `Quality` that a gate judges."""
    return "gain" if gate.startswith("gain_") else gate


def lowest(gate: str) -> bool:
    """Whether a gate's limit is the lowest that passes, not the highest."""
    return gate in ("reliability", "correlation", "gain_low", "fold")


def _passes(gate: str, value: float, limit: float) -> bool:
    return value >= limit if lowest(gate) else value <= limit
