"""`me-augment export`: a manifest or run → what a recogniser reads."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--format", "format_", required=True, help="Format: norm-uv-os, webdataset, videofolder or kinetics.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option(
    "--labels",
    default="megc3",
    show_default=True,
    help="Label set: megc3, casme2-5, samm-5, objective or emotion (verbatim).",
)
@click.option("--flow", help="Optical flow of norm-uv-os: dis or tvl1.  [default: dis]")
@click.option(
    "--size",
    type=int,
    help="webdataset, videofolder, kinetics: crop to the aligned face, pixels.  [default: as stored]",
)
@click.option("--store", help="webdataset, kinetics: clips as video or frames.  [default: video; kinetics frames]")
@click.option("--protocol", help="Only real clips of this protocol, such as megc2019.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(
    source: Path,
    format_: str,
    out: Path,
    labels: str,
    flow: str | None,
    size: int | None,
    store: str | None,
    protocol: str | None,
    root: Path | None,
) -> None:
    """Write SOURCE, a manifest or a finished run, in a recogniser's format.

    norm-uv-os is the leave-one-subject-out tree of STSTNet and HTNet: real and synthetic clips through
    the same optical flow, synthetic clips only in the u_train of folds whose held-out person had no part in them.
    webdataset (tar shards), videofolder (Hugging Face datasets) and kinetics (lists of mmaction2 and PySlowFast)
    hold the frames themselves, without loss, and a list or configuration for each of these folds.

    \b
    Example:
      me-augment export work/run --format norm-uv-os --out work/export
    """
    from me_augment.cli.progress import progress
    from me_augment.export import export
    from me_augment.manifest import Manifest

    manifest = Manifest.open(source, root)
    asked = {"flow": flow, "size": size, "store": store}
    with progress("Exporting", len(manifest.usable_clips())) as advance:
        summary = export(
            manifest,
            format_,
            out,
            labels=labels,
            protocol=protocol,
            progress=lambda *_: advance(),
            **{name: value for name, value in asked.items() if value is not None},
        )
    for line in summary.lines():
        click.echo(line)
    click.echo(f"→ {out}")
