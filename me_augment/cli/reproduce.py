"""`me-augment reproduce`: one clip of a run again, from its plan."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.saying import say
from me_augment.errors import MeAugmentError


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("clip_id")
@click.option("--out", type=click.Path(path_type=Path), help="Where to put the clip (.mkv).  [default: nowhere]")
def command(run: Path, clip_id: str, out: Path | None) -> None:
    """Make the clip CLIP_ID of RUN again and compare it with the one in RUN, byte for byte.

    \b
    Example:
      me-augment reproduce work/run syn-0123456789abcdef --out again.mkv
    """
    from me_augment.synthesis.reproduce import reproduce

    result = reproduce(run, clip_id, out)
    for change in result.packages:
        say(f"warning: the run was made with {change}", err=True)
    say(f"{result.clip.name}: {result.clip.status}" + (f": {result.clip.reason}" if result.clip.reason else ""))
    say(f"now     {result.sha256 or 'no file'}")
    say(f"in run  {result.expected or 'no file'}")
    for difference in result.differences:
        say(f"differs: {difference}")
    if not result.same:
        raise MeAugmentError(f"{clip_id} did not come out as it is in {run}.")
    say("the same, byte for byte")
