"""`me-augment report`: a manifest or run as one page to look at."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.saying import say
from me_augment.errors import UsageError


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="HTML file (.html); an earlier report there is replaced.  [default: report.html in a run]",
)
@click.option(
    "--clips",
    type=click.IntRange(0, 500),
    default=24,
    show_default=True,
    help="Clips that can be played in it, at most; it stays below 30 MB.",
)
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(source: Path, out: Path | None, clips: int, root: Path | None) -> None:
    """Write SOURCE, a manifest or a finished run, as one HTML file that opens offline in any browser.

    It says what was made from what and how good it is, plays the worst and the best clips beside their drivers, and
    lists all of them with where each comes from. It shows faces: the corpora's terms hold for passing it on.

    \b
    Example:
      me-augment report work/run
      me-augment report work/manifest --out manifest.html
    """
    from me_augment.cli.progress import progress
    from me_augment.manifest import Manifest
    from me_augment.report.render import require_replaceable, write_report
    from me_augment.synthesis.plan_file import PLAN

    manifest = Manifest.open(source, root)
    if out is None:
        if not (source / PLAN).is_file():
            raise UsageError(f"{source} is a manifest, and nothing but its rows belongs there: name a file with --out.")
        out = source / "report.html"
    require_replaceable(out)
    with progress("Drawing clips", clips) as advance:
        written = write_report(manifest, out, clips, progress=lambda total: advance(total=total))
    for name, why in written.missing[:3]:
        say(f"warning: {name} could not be shown: {why}", err=True)
    if len(written.missing) > 3:
        say(f"warning: nor could {len(written.missing) - 3} more", err=True)
    clips_word = "clip" if written.players == 1 else "clips"
    say(f"{written.players} {clips_word} to play, {written.bytes / 1e6:.1f} MB → {out}")
