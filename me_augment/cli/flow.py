"""`me-augment flow`: the motion of a manifest's or run's clips as arrays."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.cache_options import flow_cache, open_cache
from me_augment.cli.saying import say


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option(
    "--part",
    "parts",
    multiple=True,
    help="Between which frames: onset-apex or apex-offset; repeatable.  [default: onset-apex]",
)
@click.option("--method", default="dis", show_default=True, help="Optical flow: dis or tvl1.")
@click.option("--size", default=28, show_default=True, help="Side of the maps u, v and strain, pixels.")
@click.option("--labels", default="verbatim", show_default=True, help="Label set, as `export` has them.")
@click.option("--protocol", help="Only real clips of this protocol, such as megc2019.")
@flow_cache
@click.option("--overwrite", is_flag=True, help="Do not go on with what an interrupted call left, but start anew.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(
    source: Path,
    out: Path,
    parts: tuple[str, ...],
    method: str,
    size: int,
    labels: str,
    protocol: str | None,
    cache: Path | None,
    cache_size: float,
    overwrite: bool,
    root: Path | None,
) -> None:
    """Write the optical flow of SOURCE, a manifest or a finished run: as floats, as maps and as 8 bits.

    The same call again goes on with one that was interrupted.

    \b
    Example:
      me-augment flow work/run --out work/flow --part onset-apex --part apex-offset --cache work/fc
    """
    from typing import cast

    from me_augment.cli.progress import progress
    from me_augment.export.flow_fields import write_flow
    from me_augment.flow.clip import Part
    from me_augment.manifest import Manifest

    manifest = Manifest.open(source, root)
    with progress("Computing flow", len(manifest.usable_clips())) as advance:
        summary = write_flow(
            manifest,
            out,
            method=method,
            parts=cast("tuple[Part, ...]", parts or ("onset-apex",)),
            size=size,
            labels=labels,
            protocol=protocol,
            cache=open_cache(cache, cache_size),
            overwrite=overwrite,
            progress=lambda *_: advance(),
        )
    say(f"{summary.real} real + {summary.synthetic} synthetic clips.")
    for line in summary.lines()[1:]:
        say(line.replace("export.json", "flow.json"))
    say(f"→ {out}")
