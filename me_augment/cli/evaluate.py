"""`me-augment evaluate`: how good what was made is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from me_augment.evaluation.generation import RunFigures
    from me_augment.evaluation.reenactment import Reenactment
    from me_augment.manifest import Clip, Manifest


@click.group()
def command() -> None:
    """Measure what was made."""


@command.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="New folder for figures, tables and plots.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON in place of the table.")
@click.option(
    "--self-reenactment",
    "clips",
    type=click.IntRange(min=1),
    help="Also make this many real clips again from their own first frame, and compare frame by frame.",
)
@click.option(
    "--generator", "generators", multiple=True, help="Who makes them again; repeatable.  [default: the run's]"
)
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def generation(
    run: Path, out: Path | None, as_json: bool, clips: int | None, generators: tuple[str, ...], root: Path | None
) -> None:
    """Tell how well the synthetic clips of RUN do what they were asked to do.

    The table has medians by class, person and generator: correlation and gain of the motion against the driver's,
    its error, motion where there should be none, head motion left in (interocular distances), flicker (grey levels),
    change of identity, and the most compressed patch of skin. Without --out nothing is written.

    \b
    Example:
      me-augment evaluate generation work/run --out work/quality --self-reenactment 20
    """
    import json

    from me_augment.errors import UsageError
    from me_augment.evaluation import generation as figures_of
    from me_augment.evaluation import reenactment
    from me_augment.manifest import Manifest
    from me_augment.synthesis.settings import Settings

    if generators and clips is None:
        raise UsageError("--generator names who makes real clips again: say how many with --self-reenactment N.")
    manifest = Manifest.open(run, root)
    config = run / "config.yaml"
    if not config.is_file():
        raise UsageError(f"{run} is not a run: it holds no config.yaml. Make one with `me-augment synthesize`.")
    if out is not None and out.exists():
        raise UsageError(f"{out} exists: name another --out.")  # before the work, not after
    settings = Settings.read(config)
    figures = figures_of.run_figures(manifest.clips, settings.gates)
    again: list[Reenactment] = []
    if clips is not None:
        again = _made_again(manifest, clips, generators or (settings.generator,))
    content = figures_of.as_json(figures) | ({"self_reenactment": reenactment.means(again)} if again else {})
    if out is not None:
        _write(out, content, manifest.clips, figures, again)
    if as_json:
        click.echo(json.dumps(content, indent=1))
        return
    for line in figures_of.lines(figures) + (reenactment.lines(again) if again else []):
        click.echo(line)
    if out is not None:
        click.echo(f"→ {out}")


def _made_again(manifest: Manifest, count: int, generators: tuple[str, ...]) -> list[Reenactment]:
    from me_augment.cli.progress import progress
    from me_augment.errors import UsageError
    from me_augment.evaluation.reenactment import choose_clips, reenact
    from me_augment.face import create_detector

    chosen = choose_clips(manifest, count)
    if not chosen:
        raise UsageError("no real clip of the run has frames and landmarks to be made again from.")
    with progress("Making real clips again", len(chosen)) as advance:
        return reenact(manifest, chosen, generators, create_detector(), advance)


def _write(
    out: Path, content: dict[str, object], clips: tuple[Clip, ...], figures: RunFigures, again: list[Reenactment]
) -> None:
    """`figures.json`, `clips.parquet` and `.csv`, the plots, and, where asked for, the same of the self-reenactment."""
    import json
    from dataclasses import asdict

    import pandas as pd

    from me_augment.evaluation.generation import FIGURES
    from me_augment.evaluation.plots import write_plots
    from me_augment.staging import staged

    columns = (
        *("clip_id", "name", "emotion", "driver_person_id", "target_person_id", "generator", "generator_version"),
        *("strength", "mirror", "asymmetry", "time_scale", "status", "reason"),
        *("peak_displacement_px", "peak_displacement_iod"),
        *(f"quality_{name}" for name in FIGURES),
    )
    rows = [{name: getattr(clip, name) for name in columns} for clip in clips if clip.is_synthetic]
    with staged(out.absolute()) as folder:
        (folder / "figures.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        tables = {"clips": pd.DataFrame(rows, columns=list(columns))}
        if again:
            tables["self-reenactment"] = pd.DataFrame([asdict(result) for result in again])
        for name, table in tables.items():
            table.to_parquet(folder / f"{name}.parquet", index=False)
            table.to_csv(folder / f"{name}.csv", index=False)
        write_plots(folder, clips, figures)
