"""What an audit found: leaks by rule, what was looked at, and what could not be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

RULES: Mapping[str, str] = {
    "R1": "whoever is held out is neither face nor driver of a training clip",
    "R2": "nor trained the generator that made it, nor gave its action units their motion",
    "R3": "nor was looked at when its quality limits were chosen",
    "R4": "numbers that stretch or scale the data come from the clip itself or from the training clips",
    "R5": "only real clips are tested, each in one fold",
    "R6": "a person has one id, under whichever corpus, camera or name",
    "R7": "clips cut from one recording stay on one side",
    "R8": "no epoch and no parameter is chosen on the test clips",
    "R9": "what descends from a clip, mirrored copies included, inherits all who had a part in it",
}
_SHOWN = 20


@dataclass(frozen=True)
class Leak:
    """One file or row that breaks a rule.

    Attributes:
        rule: key of `RULES`.
        where: the file below what was audited, or the row.
        detail: who or what leaks, a clause.
    """

    rule: str
    where: str
    detail: str


@dataclass
class Report:
    """Grows while an audit goes on.

    Attributes:
        source: what was audited.
        kind: `flow tree`, `manifest`, `run` or the format of an export.
        counts: how many files, folds, clips …, by name.
        leaks: in the order in which they were found, each once.
        looked: rule → what was compared, as clauses.
        open: rule → what could not be, and why.
        missing: why nobody could call this input clean, whatever was found; empty where it can be judged.
    """

    source: str
    kind: str
    counts: dict[str, int] = field(default_factory=dict)
    leaks: list[Leak] = field(default_factory=list)
    looked: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    open: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    missing: list[str] = field(default_factory=list)
    _seen: set[Leak] = field(default_factory=set)

    def leak(self, rule: str, where: str, detail: str) -> None:
        """Add a leak, unless it is there already."""
        found = Leak(rule, where, detail)
        if found not in self._seen:
            self._seen.add(found)
            self.leaks.append(found)

    def verdict(self, rule: str) -> str:
        """`leak`, `clean`, `in part` (some of it could not be looked at) or `not checkable`."""
        if any(leak.rule == rule for leak in self.leaks):
            return "leak"
        if not self.looked.get(rule):
            return "not checkable"
        return "in part" if self.open.get(rule) else "clean"

    @property
    def exit_code(self) -> int:
        """0 clean, 1 a leak was found, 2 not auditable."""
        return 1 if self.leaks else 2 if self.missing else 0

    def lines(self) -> list[str]:
        """For a person."""
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        lines = [f"{self.source}: {self.kind}, {counts}."]
        for rule, meaning in RULES.items():
            lines.append(f"{rule} {self.verdict(rule):13} {meaning}")
            lines += [f"   looked at: {text}" for text in self.looked.get(rule, ())]
            lines += [f"   not checkable: {text}" for text in self.open.get(rule, ())]
        for leak in self.leaks[:_SHOWN]:
            lines.append(f"LEAK {leak.rule} {leak.where}: {leak.detail}")
        if len(self.leaks) > _SHOWN:
            rest = Counter(leak.rule for leak in self.leaks[_SHOWN:])
            each = ", ".join(f"{rule} {count}" for rule, count in sorted(rest.items()))
            lines.append(f"… and {len(self.leaks) - _SHOWN} more ({each}); --json names all.")
        return lines + [f"not auditable: {text}" for text in self.missing]

    def as_json(self) -> dict[str, object]:
        """For programs."""
        rules = {
            rule: {
                "rule": meaning,
                "verdict": self.verdict(rule),
                "looked_at": self.looked.get(rule, []),
                "not_checkable": self.open.get(rule, []),
            }
            for rule, meaning in RULES.items()
        }
        return {
            "source": self.source,
            "kind": self.kind,
            "counts": self.counts,
            "exit_code": self.exit_code,
            "rules": rules,
            "leaks": [asdict(leak) for leak in self.leaks],
            "not_auditable": self.missing,
        }
