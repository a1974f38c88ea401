"""What an export tells its caller: how much was written, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from me_augment.flow.choose import Skipped
from me_augment.words import count

_REASONS_SHOWN = 3


@dataclass(frozen=True)
class ClassCount:
    """Clips of one class."""

    real: int
    synthetic: int


@dataclass(frozen=True)
class ExportSummary:
    """What was written.

    Attributes:
        out: the folder.
        classes: class → number of clips, in index order.
        folds: number of persons held out in turn.
        skipped: clips left out, by name.
    """

    out: Path
    classes: Mapping[str, ClassCount]
    folds: int
    skipped: tuple[Skipped, ...]

    @property
    def real(self) -> int:
        """Real clips written."""
        return sum(count.real for count in self.classes.values())

    @property
    def synthetic(self) -> int:
        """Synthetic clips written."""
        return sum(count.synthetic for count in self.classes.values())

    def lines(self) -> list[str]:
        """The summary for a person: counts, then how many clips were left out for the commonest reasons."""
        per_class = ", ".join(f"{name} {count.real} + {count.synthetic}" for name, count in self.classes.items())
        folds = f" in {count(self.folds, 'fold')}" if self.folds else ""
        lines = [f"{self.real} real + {self.synthetic} synthetic clips{folds} ({per_class})."]
        if self.skipped:
            reasons = Counter(clip.reason for clip in self.skipped).most_common()
            shown = [f"{reason.rstrip('.')} ({count})" for reason, count in reasons[:_REASONS_SHOWN]]
            more = " …" if len(reasons) > _REASONS_SHOWN else ""
            lines.append(f"{count(len(self.skipped), 'clip')} left out: {'; '.join(shown)}{more}. See export.json.")
        return lines
