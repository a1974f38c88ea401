"""`me-augment extend`: more clips for a run, beside those that it has."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.saying import say
from me_augment.cli.working import Working, work_and_report, working_options


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--per-driver", type=int, help="Clips from each driving clip, in all.")
@click.option("--per-target", type=int, help="Of a run with --action-units: clips per face and expression, in all.")
@click.option(
    "--action-units", "specifications", multiple=True, help="Of such a run: further expressions, such as 4B+7,L14."
)
@working_options
@click.option("--dry-run", is_flag=True, help="Say what would be made; write nothing.")
def command(
    run: Path,
    per_driver: int | None,
    per_target: int | None,
    specifications: tuple[str, ...],
    working: Working,
    dry_run: bool,
) -> None:
    """Plan more clips for RUN and make them; those that it has stay as they are, byte for byte.

    \b
    Example:
      me-augment extend work/run --per-driver 5
    """
    from me_augment.synthesis.extend import extend, would_add

    units = tuple(part.strip() for text in specifications for part in text.split(","))
    if dry_run:
        from me_augment.cli.describing import describe

        describe(*would_add(run, per_driver=per_driver, per_target=per_target, action_units=units))
        return
    before, now = extend(run, per_driver=per_driver, per_target=per_target, action_units=units)
    say(f"{now} clips are planned, {now - before} more than before", err=True)
    work_and_report(run, working)
