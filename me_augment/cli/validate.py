"""`me-augment validate`: what is wrong with a manifest or run, row by row."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from me_augment.errors import MeAugmentError


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(manifest: Path, root: Path | None) -> None:
    """Check the rows of MANIFEST (or of a run) against each other and against the files on disk."""
    from me_augment.manifest import Manifest
    from me_augment.manifest.validate import findings

    opened = Manifest.open(manifest, root)
    found = findings(opened, check_files=True)
    for line in found:
        click.echo(line)
    noted = Counter(issue.code for clip in opened.clips for issue in clip.issues)
    for code, count in sorted(noted.items()):
        click.echo(f"noted on {count} clips: {code}")
    if found:
        raise MeAugmentError(f"{manifest} has {len(found)} problem(s).")
    click.echo(f"{manifest} is sound: {len(opened.clips)} clips, {len(opened.recordings)} recordings.")
