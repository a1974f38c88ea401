"""`me-augment status`: how far a run is, read from its folder alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from me_augment.cli.saying import say, say_json

if TYPE_CHECKING:
    from me_augment.manifest import Clip
    from me_augment.synthesis.progress_log import Session
    from me_augment.synthesis.status import Status


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of lines.")
def command(run: Path, as_json: bool) -> None:
    """Say how far RUN is, and why clips were rejected or failed.

    --json has planned, made, rejected, failed, missing, shards, shards_done, finished, running, session (began, clips,
    seconds and clips_per_minute of the one at work or the last one; null before the first) and unused (name, status
    and reason of each clip that was rejected or failed).

    \b
    Example:
      me-augment status work/run
    """
    from me_augment.synthesis.progress_log import read_progress
    from me_augment.synthesis.status import status, unused

    state = status(run)
    session = read_progress(run)
    if as_json:
        say_json(_as_json(state, session, unused(run)))
        return
    say(
        f"{state.made} of {state.planned} clips made, {state.rejected} rejected, {state.failed} failed, "
        f"{state.missing} missing; "
        f"{state.shards_done} of {state.shards} shards complete; "
        f"{_word(state, run)}"
    )
    if session is not None and session.clips_per_minute is not None:
        say(_pace(session, state))
    for clip in unused(run):
        say(f"{clip.status}: {clip.name}: {clip.reason}")


def _as_json(state: Status, session: Session | None, unused: Iterator[Clip]) -> dict[str, object]:
    last = session and {
        "began": session.began,
        "clips": session.done,
        "seconds": session.seconds,
        "clips_per_minute": session.clips_per_minute,
    }
    left_out = [{"name": clip.name, "status": clip.status, "reason": clip.reason} for clip in unused]
    return {**asdict(state), "missing": state.missing, "session": last, "unused": left_out}


def _pace(session: Session, state: Status) -> str:
    """What the session that is at work does, or what the last one did."""
    from me_augment.pace import spoken

    pace = f"{session.done} clips in {spoken(session.seconds)}, {session.clips_per_minute:,.1f} a minute"
    if not state.running:
        return f"last session, {session.began[:16]} UTC: {pace}"
    left = session.seconds_left(state.missing)
    return f"this session: {pace}" + ("" if left is None else f", about {spoken(left)} left")


def _word(state: Status, run: Path) -> str:
    if state.finished:
        return "finished"
    return "running" if state.running else f"not finished: `me-augment resume {quote(str(run))}` goes on"
