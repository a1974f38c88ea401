"""Progress of long jobs: a display with rates and ETA on a terminal, a line now and then elsewhere; on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING, Protocol

from me_augment.pace import per_minute, seconds_left, spoken

if TYPE_CHECKING:
    from rich.console import RenderableType

    from me_augment.synthesis.shard import ShardResult

_QUIET_SECONDS = 30.0


class Advance(Protocol):
    """Reports `steps` more units done; `note` is shown beside the bar, `total` is how many there are after all."""

    def __call__(self, steps: int = 1, note: str = "", total: int | None = None) -> None: ...


class Report(Protocol):
    """Reports a finished shard."""

    def __call__(self, result: ShardResult) -> None: ...


@dataclass
class _Work:
    """What is known of a job; the thread that works writes it, the one that shows it reads it.

    Attributes:
        title: what is being done.
        total: units of the whole job.
        before: units that were done when this process began; they count in no rate.
        done: units that it did.
        note: shown beside the bar.
        unit: `clips`, where units are clips of a run; else empty, and nothing below is known.
        outcomes: clips made, rejected, failed, with those from before.
        frames: written.
        stages: stage → seconds, summed over all processes.
        started: by a clock that nobody sets, seconds.
    """

    title: str
    total: int
    before: int
    done: int = 0
    note: str = ""
    unit: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)
    frames: int = 0
    stages: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=lambda: time.monotonic())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def count(self) -> str:
        return f"{self.before + self.done} of {self.total}{self.unit and ' '}{self.unit}"

    @property
    def left(self) -> float | None:
        return seconds_left(self.total - self.before - self.done, self.done, self.seconds)

    @property
    def clock(self) -> str:
        """How long it takes yet or, where nobody can tell, how long it took until now."""
        if self.before + self.done >= self.total:
            return f"in {spoken(self.seconds)}"
        return f"{spoken(self.seconds)} so far" if self.left is None else f"about {spoken(self.left)} left"

    @property
    def rate(self) -> float | None:
        return per_minute(self.done, self.seconds)

    def shares(self) -> list[tuple[str, float, float]]:
        """Stages with their share of the time, 0 to 1, and the frames that one process does in a second of it."""
        spent = {name: seconds for name, seconds in dict(self.stages).items() if seconds > 0}
        if not spent:
            return []
        from me_augment.synthesis.shard import STAGES  # a run is at work: all that this imports is there

        whole = sum(spent.values())
        return [(name, spent[name] / whole, self.frames / spent[name]) for name in STAGES if name in spent]


@contextmanager
def progress(title: str, total: int, done: int = 0) -> Iterator[Advance]:
    """Show that `total` units are being worked on, while the context lasts; `done` were finished before."""
    work = _Work(title, total, done)

    def advance(steps: int = 1, note: str = "", total: int | None = None) -> None:
        work.done += steps
        work.note = note
        work.total = total or work.total

    with _shown(work):
        yield advance


@contextmanager
def run_progress(title: str, total: int, *, made: int = 0, rejected: int = 0, failed: int = 0) -> Iterator[Report]:
    """Show how a run gets on, with its outcomes, its rate and where its time goes.

    Args:
        title: what is being done.
        total: clips of the plan.
        made, rejected, failed: clips that earlier sessions did.
    """
    outcomes = {"made": made, "rejected": rejected, "failed": failed}
    work = _Work(title, total, sum(outcomes.values()), unit="clips", outcomes=outcomes)

    def report(result: ShardResult) -> None:
        for name in outcomes:
            outcomes[name] += getattr(result, name)
        work.done += result.made + result.rejected + result.failed
        work.frames += result.frames
        for stage, seconds in result.seconds.items():
            work.stages[stage] = work.stages.get(stage, 0.0) + seconds

    with _shown(work):
        yield report


@contextmanager
def _shown(work: _Work) -> Iterator[None]:
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown"):
        from rich.console import Console
        from rich.live import Live

        # What a command prints goes above the display, unless stdout leads elsewhere.
        with Live(
            get_renderable=lambda: _board(work),
            console=Console(stderr=True),
            refresh_per_second=4,
            redirect_stdout=sys.stdout.isatty(),
        ):
            yield
        return

    over = Event()

    def tell() -> None:
        while not over.wait(_QUIET_SECONDS):
            print(_line(work), file=sys.stderr, flush=True)

    teller = Thread(target=tell, name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
    print(f"{work.title}: {work.count} in {work.seconds:.1f} s", file=sys.stderr, flush=True)


def _line(work: _Work) -> str:
    """All that is known, in short."""
    parts = [f"{work.title}: {work.count}", *_outcomes(work)]
    if work.unit and work.rate is not None:
        parts.append(f"{_figure(work.rate)} {work.unit}/min")
    parts.append(work.clock)
    parts += [f"{name} {share:.0%}" for name, share, _ in work.shares()]
    return f"{', '.join(parts)} {work.note}".rstrip()


def _outcomes(work: _Work) -> list[str]:
    return [f"{count} {name}" for name, count in work.outcomes.items() if count or name == "made"]


def _board(work: _Work) -> RenderableType:
    """The display on a terminal: the bar, and, of a run, its outcomes and a line for each stage."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 1), expand=True)
    for ratio in (None, 1, None, None, None):
        head.add_column(ratio=ratio, no_wrap=True)
    bar = ProgressBar(total=max(work.total, 1), completed=work.before + work.done if work.total else 1)
    head.add_row(Text(work.title), bar, Text(work.count), Text(work.clock, "cyan"), Text(work.note))
    if not work.unit:
        return head
    rate = [] if work.rate is None else [f"{_figure(work.rate)} {work.unit}/min"]
    lines: list[RenderableType] = [head, Text("  " + ", ".join([*_outcomes(work), *rate]), no_wrap=True)]
    stages = Table.grid(padding=(0, 1))
    for side in ("left", "left", "right", "right"):
        stages.add_column(no_wrap=True, justify=side)
    for name, share, rate_of_stage in work.shares():
        stages.add_row(
            Text(f"  {name}"),
            ProgressBar(total=1.0, completed=share, width=16, complete_style="cyan", finished_style="cyan"),
            Text(f"{share:.0%}"),
            Text(f"{_figure(rate_of_stage)} frames/s", "dim"),
        )
    return Group(*lines, stages) if stages.row_count else Group(*lines)


def _figure(value: float) -> str:
    """Three digits, more before the point: 0.125, 61.2, 1240."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
