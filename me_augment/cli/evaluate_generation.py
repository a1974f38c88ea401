"""`me-augment evaluate generation`: how well synthetic clips do what they were asked to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.cli.choice import Choice
from me_augment.cli.figures import say_figures
from me_augment.cli.generator_options import DRIVINGS, PRECISIONS
from me_augment.cli.saying import say, say_json
from me_augment.words import count as counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from me_augment.evaluation.generation import RunFigures
    from me_augment.evaluation.reenactment import Reenactment
    from me_augment.generation import Generator
    from me_augment.manifest import Clip, Manifest
    from me_augment.synthesis.makers import Maker


@click.command()
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
    "--generators",
    "--generator",
    "generators",
    multiple=True,
    help="Who makes them again, such as warp,fpb-fomm; repeatable.  [default: the run's]",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Weights of fpb-fomm. Several are compared; where each holds out one person, each makes that person's clips.",
)
@click.option(
    "--driving",
    type=Choice(DRIVINGS),
    default="cleaned",
    show_default=True,
    help="What fpb-fomm is shown: the first frame performing what was measured, head motion and blinks too, or the "
    "frames as filmed.",
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="Where fpb-fomm runs: cpu, cuda, cuda:N, or auto, the GPU if there is one.",
)
@click.option(
    "--precision",
    type=Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Of fpb-fomm's drawing on a GPU.",
)
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(
    run: Path,
    out: Path | None,
    as_json: bool,
    clips: int | None,
    generators: tuple[str, ...],
    checkpoints: tuple[Path, ...],
    driving: str,
    device: str,
    precision: str,
    root: Path | None,
) -> None:
    """Tell how well the synthetic clips of RUN do what they were asked to do.

    The table has medians by class, person and generator: correlation and gain of the motion against the driver's,
    its error, motion where there should be none, head motion left in (interocular distances), flicker (grey levels),
    change of identity, and the most compressed patch of skin. Without --out nothing is written.

    Self-reenactment compares all generators on the same clips, as far as possible of people who trained none of them.

    \b
    Examples:
      me-augment evaluate generation work/run --out work/quality --self-reenactment 20
      me-augment evaluate generation work/run --self-reenactment 9 --generators warp --out work/q
    """

    from me_augment.errors import UsageError
    from me_augment.evaluation import generation as figures_of
    from me_augment.evaluation import reenactment
    from me_augment.manifest import Manifest
    from me_augment.synthesis.inputs import read_settings
    from me_augment.synthesis.plan_file import PLAN, PlanFile

    if (generators or checkpoints) and clips is None:
        raise UsageError(
            "--generators and --checkpoint say who makes real clips again: say how many with --self-reenactment N."
        )
    if clips is None and any(_given(name) for name in ("driving", "device", "precision")):
        raise UsageError(
            "--driving, --device and --precision are for making real clips again: say how many with "
            "--self-reenactment N."
        )
    PlanFile.open(run / PLAN)  # a training has settings, too, and a manifest has none
    settings = read_settings(run)
    manifest = Manifest.open(run, root)
    if out is not None and out.exists():
        raise UsageError(f"{out} exists: name another --out.")  # before the work, not after
    figures = figures_of.run_figures(manifest.clips, settings.gates)
    again: list[Reenactment] = []
    if clips is not None:
        names = tuple(dict.fromkeys(name.strip() for text in generators for name in text.split(",")))
        real = [clip for clip in manifest.clips if not clip.is_synthetic]
        makers = _makers(names or (settings.generator,), checkpoints, device, precision, driving, real)
        again = _made_again(manifest, clips, makers)
    content = figures_of.as_json(figures) | ({"self_reenactment": reenactment.means(again)} if again else {})
    if out is not None:
        _write(out, content, manifest.clips, figures, again)
    if as_json:
        say_json(content)
        return
    say_figures(figures_of.table(figures))
    for line in figures_of.notes(figures):
        say(line)
    if again:
        say()
        say_figures(reenactment.table(again))
    if out is not None:
        say(f"→ {out}")


def _given(option: str) -> bool:
    """Whether the user said it, be it the default."""
    return click.get_current_context().get_parameter_source(option) is not click.core.ParameterSource.DEFAULT


def _makers(
    names: tuple[str, ...],
    checkpoints: tuple[Path, ...],
    device: str,
    precision: str,
    driving: str,
    real: Sequence[Clip],
) -> dict[str, tuple[Maker, ...]]:
    """Generators by the name that the table gives them; those of folds are one generator together."""
    from functools import partial

    from me_augment.generation import GeneratorChoice
    from me_augment.synthesis.makers import checkpoint_files, makers_of

    as_asked = partial(GeneratorChoice, device=device, precision=precision, driving=driving)
    learned = [name for name in names if name != "warp"]
    makers = {}
    if "warp" in names:
        # On its own it is asked for with all that is said, so that what it has not got is refused, not ignored.
        warp = GeneratorChoice() if learned else as_asked(checkpoint=next(iter(checkpoints), None))
        makers["warp"] = makers_of([warp])
    for name in learned:
        found = [
            makers_of([as_asked(name=name, checkpoint=file)], real)
            for file in (checkpoint_files(checkpoints) if checkpoints else [None])
        ]
        if len(found) == 1 or all(maker.fold for (maker,) in found):
            makers[name] = makers_of([maker.choice for (maker,) in found], real)
        else:
            makers |= {f"{name} {maker.checkpoint}": (maker,) for (maker,) in found}
    return makers


def _made_again(manifest: Manifest, count: int, makers: dict[str, tuple[Maker, ...]]) -> list[Reenactment]:
    from me_augment.cli.progress import progress
    from me_augment.errors import UsageError
    from me_augment.evaluation.reenactment import choose_clips, reenact
    from me_augment.face import create_detector
    from me_augment.manifest.folds import covers
    from me_augment.synthesis.contributors import Closure
    from me_augment.synthesis.makers import maker_for

    close = Closure([clip for clip in manifest.clips if not clip.is_synthetic])
    saw = {maker: close((), maker.training_subjects) for those in makers.values() for maker in those}

    def can(clip: Clip) -> bool:
        return all(maker_for(those, clip.person_id) is not None for those in makers.values())

    def unseen(clip: Clip) -> bool:
        found = [maker_for(those, clip.person_id) for those in makers.values()]
        return all(one is not None and not covers(saw[one], clip.person_id) for one in found)

    chosen = choose_clips(manifest, count, unseen)
    if not chosen:
        chosen = choose_clips(manifest, count, can)
        if chosen:
            say(
                "warning: everyone in the run trained one of the generators, as far as is known: its figures are "
                "better than they would be on people whom it never saw.",
                err=True,
            )
    if not chosen:
        raise UsageError(
            "no real clip of the run, of whoever the checkpoints hold out, has frames and landmarks to be made again "
            "from."
        )
    if len(chosen) < count:
        say(f"{counted(len(chosen), 'clip')} instead of {count}: there are no more that suit.", err=True)
    with progress("Making real clips again", len(chosen)) as advance:
        return reenact(
            manifest,
            chosen,
            {name: _generator_for(those) for name, those in makers.items()},
            create_detector(),
            advance,
        )


def _generator_for(makers: tuple[Maker, ...]) -> Callable[[Clip], Generator]:
    from me_augment.synthesis.makers import maker_for

    def made_by(clip: Clip) -> Generator:
        maker = maker_for(makers, clip.person_id)
        assert maker is not None
        return maker.generator()

    return made_by


def _write(
    out: Path, content: dict[str, object], clips: Sequence[Clip], figures: RunFigures, again: list[Reenactment]
) -> None:
    """`figures.json`, `clips.parquet` and `.csv`, the plots, and, where asked for, the same of the self-reenactment."""
    import json
    from dataclasses import asdict

    import pandas as pd

    from me_augment.evaluation.generation import FIGURES
    from me_augment.evaluation.plots import write_plots
    from me_augment.export.table import csv_cell
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
            table.astype(object).map(csv_cell).to_csv(folder / f"{name}.csv", index=False)
        write_plots(folder, clips, figures)
