"""`me-augment export`: a manifest or run → what a recogniser reads."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--format", "format_", required=True, help="Format: norm-uv-os.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option(
    "--labels",
    default="megc3",
    show_default=True,
    help="Label set: megc3, casme2-5, samm-5, objective or emotion (verbatim).",
)
@click.option("--flow", default="dis", show_default=True, help="Optical flow: dis or tvl1.")
@click.option("--protocol", help="Only real clips of this protocol, such as megc2019.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(
    source: Path, format_: str, out: Path, labels: str, flow: str, protocol: str | None, root: Path | None
) -> None:
    """Write SOURCE, a manifest or a finished run, in a recogniser's format.

    norm-uv-os is the leave-one-subject-out tree of STSTNet and HTNet: real and synthetic clips through
    the same optical flow, synthetic clips only in the u_train of folds whose held-out person had no part in them.

    \b
    Example:
      me-augment export work/run --format norm-uv-os --out work/export
    """
    from me_augment.cli.progress import progress
    from me_augment.export import export
    from me_augment.manifest import Manifest

    manifest = Manifest.open(source, root)
    with progress("Computing flow", len(manifest.usable_clips())) as advance:
        summary = export(
            manifest,
            format_,
            out,
            labels=labels,
            flow=flow,
            protocol=protocol,
            progress=lambda *_: advance(),
        )
    for line in summary.lines():
        click.echo(line)
    click.echo(f"→ {out}")
