"""`me-augment verify`: whether a run still is what was written."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.saying import say
from me_augment.errors import MeAugmentError


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--mend", is_flag=True, help="Count damaged shards as missing, so that `resume` makes them again.")
def command(run: Path, mend: bool) -> None:
    """Read every byte of RUN and compare it with what was written."""
    from me_augment.cli.progress import progress
    from me_augment.synthesis.status import status
    from me_augment.synthesis.verify import forget, verify

    with progress("Verifying", status(run).tried) as advance:
        verdict = verify(run, lambda clips: advance(clips))
    say(
        f"{verdict.shards} shards whole: {verdict.files} files, {verdict.bytes / 1e6:.1f} MB; "
        f"{len(verdict.damaged)} damaged, {verdict.shards_missing} not made yet"
    )
    for problem in verdict.problems:
        say(problem)
    if not verdict.problems:
        return
    if mend:
        forget(run, verdict.damaged)
        say(f"{len(verdict.damaged)} shards count as missing now: `me-augment resume {run}` makes them again")
        return
    raise MeAugmentError(f"{run} is damaged: `me-augment verify {run} --mend` and `me-augment resume {run}` mend it.")
