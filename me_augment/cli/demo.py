"""`me-augment demo`: everything once, on a corpus that it invents."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click


@click.command()
@click.option("--out", default="demo-out", show_default=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier demo in --out.")
def command(out: Path, overwrite: bool) -> None:
    """Invent a small corpus, ingest it, synthesize, export, and open the Dataset. Offline, about a minute.

    The faces are derived from one public-domain portrait, the labels are invented, and what truly moves is known.
    """
    from me_augment.cli.progress import progress
    from me_augment.cli.working import Working, work_and_report
    from me_augment.demo import run as demo
    from me_augment.synthesis.run import begin

    folders = demo.clear_for(out, overwrite=overwrite)
    click.echo("1. Inventing a CASME II-shaped corpus")
    demo.make_corpus(folders)
    click.echo(f"   → {folders.corpus}")

    click.echo("2. me-augment ingest casme2")
    manifest = demo.ingest(folders)
    emotions = Counter(clip.emotion for clip in manifest.clips)
    persons = len({clip.person_id for clip in manifest.clips})
    click.echo(f"   {len(manifest.clips)} clips of {persons} people: " + _counts(emotions))
    click.echo(f"   → {folders.manifest}")

    click.echo("3. me-augment synthesize --per-driver 2 --strength 0.9:1.1")
    prepared = demo.plan(folders)
    begin(prepared, folders.run)
    work_and_report(folders.run, Working())
    click.echo("   made: " + _counts(Counter(row.emotion for row in prepared.plan)))

    click.echo("4. me-augment export --format norm-uv-os")
    with progress("Computing flow", len(manifest.clips) + len(prepared.plan)) as advance:
        lines = demo.export_tree(folders, lambda *_: advance())
    for line in lines:
        click.echo(f"   {line}")
    click.echo(f"   → {folders.export}")

    click.echo("5. me_augment.MicroExpressionDataset")
    for line in demo.describe_dataset(folders):
        click.echo(f"   {line}")

    demo.draw_sheet(folders)
    click.echo(f"\nLook at {folders.sheet}: each driver, and beside it another face performing its expression.")
    click.echo(
        f"The clips are described by {folders.run / 'clips.parquet'}; start reading at {folders.run / 'README.md'}."
    )


def _counts(counter: Counter[str | None]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items(), key=str))
