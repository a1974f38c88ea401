"""`me-augment inspect`: what is in a manifest or run, in numbers and plots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.errors import UsageError

if TYPE_CHECKING:
    from me_augment.report.overview import Overview

_SHOWN = 12


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
@click.option("--plots", type=click.Path(path_type=Path), help="New folder for plots of the counts.")
@click.option("--json", "as_json", is_flag=True, help="Print all counts as JSON.")
def command(manifest: Path, root: Path | None, plots: Path | None, as_json: bool) -> None:
    """Count the clips of MANIFEST (or of a run) by corpus, person, label, action unit, frame rate and length.

    `me-augment preview` shows the clips themselves.

    \b
    Example:
      me-augment inspect work/manifest --plots work/plots
    """
    from me_augment.manifest import Manifest
    from me_augment.report.overview import overview_of

    _require_new(plots)
    opened = Manifest.open(manifest, root)
    overview = overview_of(opened)
    if as_json:
        click.echo(json.dumps(_as_json(overview), indent=2, ensure_ascii=False))
    else:
        _print(overview)
    if plots is not None:
        from me_augment.report.overview_plots import write_overview_plots

        written = write_overview_plots(plots, overview, opened)
        click.echo(f"{len(written)} plots → {plots}", err=as_json)


def _require_new(plots: Path | None) -> None:
    if plots is not None and plots.exists() and not (plots.is_dir() and not any(plots.iterdir())):
        raise UsageError(f"{plots} exists and is not an empty folder: name another for --plots.")


def _as_json(overview: Overview) -> dict[str, object]:
    return {
        "corpus": overview.corpus,
        "clips": overview.clips,
        "recordings": overview.recordings,
        "people": overview.people,
        "counts": overview.counts,
        "lengths": {
            corpus: {"clips": span.clips, "frames": span.frames, "seconds": span.seconds}
            for corpus, span in overview.lengths.items()
        },
    }


def _print(overview: Overview) -> None:
    from rich.console import Console
    from rich.table import Table

    click.echo(
        f"{overview.corpus}: {overview.clips} clips of {overview.people} people in {overview.recordings} recordings"
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for title, counts in overview.counts.items():
        if counts:
            shown = [f"{value} {count}" for value, count in list(counts.items())[:_SHOWN]]
            more = f", {len(counts) - _SHOWN} more" if len(counts) > _SHOWN else ""
            table.add_row(title, ", ".join(shown) + more)
    for corpus, span in overview.lengths.items():
        shortest, median, longest = span.frames
        text = f"{shortest} to {longest} frames, median {median}"
        if span.seconds is not None:
            text += f" ({span.seconds[0]:.2f} to {span.seconds[2]:.2f} s, median {span.seconds[1]:.2f})"
        table.add_row(f"{corpus}, length", text)
    console = Console(highlight=False, markup=False)
    console.print(table)
