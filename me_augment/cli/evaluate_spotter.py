"""`me-augment evaluate spotter`: what a small baseline spotter gains from synthetic videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.cli.saying import say, say_json
from me_augment.words import count

if TYPE_CHECKING:
    from me_augment.evaluation.spotter import Comparison


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--with-synthetic", "run", type=click.Path(path_type=Path), help="A run of long videos to train with too."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON in place of the table.")
@click.option("--out", type=click.Path(path_type=Path), help="New folder for what was predicted, as MEGC2022 asks.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(source: Path, run: Path | None, as_json: bool, out: Path | None, root: Path | None) -> None:
    """Train a small spotter on the long videos of SOURCE, holding out one person at a time, and score it.

    The spotter is an anchor, not a contender: ridge regression on the motion of facial regions. With --with-synthetic
    it is trained a second time, with those videos of RUN to which the person held out contributed nothing; both are
    tested on the same real videos.

    \b
    Example:
      me-augment evaluate spotter work/manifest --with-synthetic work/run-long
    """

    from me_augment.cli.evaluate_spotting import table
    from me_augment.cli.progress import progress
    from me_augment.errors import UsageError
    from me_augment.evaluation.spotter import compare_with, count_videos
    from me_augment.evaluation.spotting_files import megc2022_lines
    from me_augment.manifest import Manifest
    from me_augment.manifest.store import write_text
    from me_augment.staging import staged

    if out is not None and out.exists():
        raise UsageError(f"{out} exists: name another --out.")
    real = Manifest.open(source, root)
    synthetic = None if run is None else Manifest.open(run)
    with progress("Measuring motion", count_videos(real, synthetic)) as advance:
        results = compare_with(real, synthetic, advance)
    if out is not None:
        with staged(out.absolute()) as folder:
            for result in results:
                write_text(folder / f"{result.name}.csv", "\n".join(megc2022_lines(result.predicted)) + "\n")
    if as_json:
        say_json({result.name: _comparison(result) for result in results})
        return
    for result in results:
        say(
            f"{result.name}: {count(result.folds, 'fold')}, trained on {result.real:.1f} real and "
            f"{result.synthetic:.1f} synthetic videos each"
        )
        for line in table(result.found, None):
            say(f"  {line}")
    if out is not None:
        say(f"→ {out}")


def _comparison(result: Comparison) -> dict[str, object]:
    from me_augment.cli.evaluate_spotting import figures

    return {
        "folds": result.folds,
        "real_videos": result.real,
        "synthetic_videos": result.synthetic,
        **figures(result.found, None),
    }
