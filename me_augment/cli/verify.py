"""`me-augment verify`: whether a run still is what was written."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from me_augment.cli.saying import say
from me_augment.errors import MeAugmentError
from me_augment.words import count


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--mend", is_flag=True, help="Count damaged shards as missing, so that `resume` makes them again.")
def command(run: Path, mend: bool) -> None:
    """Read every byte of RUN and compare it with what was written.

    \b
    Example:
      me-augment verify work/run
    """
    from me_augment.cli.progress import progress
    from me_augment.synthesis.status import status
    from me_augment.synthesis.verify import forget, verify

    with progress("Verifying", status(run).tried) as advance:
        verdict = verify(run, lambda clips: advance(clips))
    say(
        f"{count(verdict.shards, 'shard')} whole: {count(verdict.files, 'file')}, {verdict.bytes / 1e6:.1f} MB; "
        f"{len(verdict.damaged)} damaged, {verdict.shards_missing} not made yet"
    )
    for problem in verdict.problems:
        say(problem)
    if not verdict.problems:
        return
    if mend:
        forget(run, verdict.damaged)
        missing = count(len(verdict.damaged), "shard")
        say(f"{missing} to be made anew: `me-augment resume {quote(str(run))}` does that")
        return
    shown = quote(str(run))
    raise MeAugmentError(
        f"{run} is damaged: `me-augment verify {shown} --mend` and `me-augment resume {shown}` mend it."
    )
