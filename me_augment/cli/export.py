"""`me-augment export`: a manifest or run → what a recogniser reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from me_augment.cli.cache_options import CACHE_FOLDER, cache_size, open_cache
from me_augment.cli.choice import Choice
from me_augment.cli.saying import say
from me_augment.export import FORMATS, export, format_meant, options_of_formats


def _formats_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what the formats declare; those of some formats only say so."""
    for option, formats in reversed(options_of_formats().items()):
        some = "" if len(formats) == len(FORMATS) else f" [{', '.join(formats)}]"
        command = click.option(
            f"--{option.name}", type=CACHE_FOLDER if option.kind is Path else option.kind, help=option.help + some
        )(command)
    return command


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=Choice(FORMATS, format_meant), required=True, help="Format to write.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@_formats_options
@cache_size
@click.option("--overwrite", is_flag=True, help="Do not go on with what an interrupted export left, but start anew.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(
    source: Path,
    format_: str,
    out: Path,
    cache: Path | None,
    cache_size: float,
    overwrite: bool,
    root: Path | None,
    **options: str | int | None,
) -> None:
    """Write SOURCE, a manifest or a finished run, in a recogniser's format.

    The motion of real and synthetic clips is measured in the same way; a synthetic clip trains only the folds whose
    held-out persons had no part in it, and is tested in none. The README.md in OUT says what lies there and how to use
    it. The same export again goes on with one that was interrupted.

    \b
    norm-uv-os  the leave-one-subject-out tree of flow pictures of STSTNet and HTNet
    frames      frames and label sheet as CASME II, SAMM or SMIC ship them, and a sheet for each fold
    arrays      motion of all clips as one array, with a table beside it
    webdataset, videofolder, kinetics
                frames without loss, for WebDataset, Hugging Face datasets, mmaction2, PySlowFast
    spotting    intervals of long videos, and on request the videos

    \b
    Example:
      me-augment export work/run --format norm-uv-os --out work/export
    """
    from me_augment.cli.progress import progress
    from me_augment.manifest import Manifest

    manifest = Manifest.open(source, root)
    with progress("Exporting", len(manifest.usable_clips())) as advance:
        summary = export(
            manifest,
            format_,
            out,
            overwrite=overwrite,
            progress=lambda _, total: advance(total=total),
            cache=open_cache(cache, cache_size),
            **options,
        )
    for line in summary.lines():
        say(line)
    say(f"→ {out}")
