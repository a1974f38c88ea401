"""`me-augment resume`: go on with a run, from its folder alone."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.working import Working, work_and_report, working_options


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@working_options
def command(run: Path, working: Working) -> None:
    """Make what is missing of RUN, with the settings that it was begun with.

    The same as giving its `synthesize` command again, which also knows where a corpus or a checkpoint lies by now.

    \b
    Example:
      me-augment resume work/run --retry-failed
    """
    from me_augment.synthesis.run import require_same_packages

    require_same_packages(run)
    work_and_report(run, working)
