"""Progress of long jobs: a bar with ETA on a terminal, a plain line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

_QUIET_SECONDS = 15.0


class Advance(Protocol):
    """Reports `steps` more units done; `note` is shown beside the bar."""

    def __call__(self, steps: int = 1, note: str = "") -> None: ...


@contextmanager
def progress(title: str, total: int, done: int = 0) -> Iterator[Advance]:
    """Show that `total` units are being worked on, while the context lasts; `done` were finished before."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
        ) as bar:
            task = bar.add_task(title, total=total, completed=done, note="")

            def advance(steps: int = 1, note: str = "") -> None:
                bar.update(task, advance=steps, note=note)

            yield advance
        return

    started = shown = time.monotonic()
    before = done

    def advance_plainly(steps: int = 1, note: str = "") -> None:
        nonlocal done, shown
        done += steps
        now = time.monotonic()
        if now - shown >= _QUIET_SECONDS and before < done < total:
            left = (now - started) / (done - before) * (total - done)
            print(
                f"{title}: {done} of {total}, about {left:.0f} s left {note}".rstrip(),
                file=sys.stderr,
                flush=True,
            )
            shown = now

    yield advance_plainly
    print(f"{title}: {done} of {total} in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
