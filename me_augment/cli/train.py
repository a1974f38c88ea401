"""`me-augment train`: a manifest → a checkpoint of the learned generator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.cli.cache_options import CACHE_FOLDER
from me_augment.cli.choice import Choice
from me_augment.cli.saying import say, say_dry
from me_augment.errors import UsageError

if TYPE_CHECKING:
    from me_augment.manifest import Manifest
    from me_augment.training.run import Ended
    from me_augment.training.settings import TrainingSettings
    from me_augment.training.subjects import Split
    from me_augment.training.validation import Figures

# Those of me_augment.training.presets, which takes torch to import; a test compares them.
_PRESETS = ("published", "compact", "tiny")
_CONVENTIONS = ("mended", "reference")


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the training run.")
@click.option(
    "--preset",
    type=Choice(_PRESETS),
    default="published",
    show_default=True,
    help="Sizes of the networks and of the run: the paper's, for a GPU; compact, 128 x 128, which two CPU cores train "
    "in minutes; or tiny, for trying things out.",
)
@click.option(
    "--conventions",
    type=Choice(_CONVENTIONS),
    default="mended",
    show_default=True,
    help="How the model computes and learns: as the reference implementation, or with its known defects mended.",
)
@click.option(
    "--config", type=click.Path(path_type=Path), help="YAML of settings: a run's config.yaml, or the reference's."
)
@click.option("--init", type=click.Path(path_type=Path), help="Checkpoint to begin with: whatever of it fits.")
@click.option(
    "--init-saw",
    metavar="PERSON,…",
    help="Who trained --init where it does not say: person ids, or `nobody`.  [default: all of CASME II, SAMM, SMIC]",
)
@click.option("--exclude-subjects", metavar="PERSON,…", help="People whose clips are not trained from, such as sub01.")
@click.option("--fold", metavar="PERSON", help="Hold this person out, and remember it as the checkpoint's fold.")
@click.option(
    "--validation-subjects",
    metavar="PERSON,…",
    help="People whose clips judge the model, or `nobody`.  [default: 15 % of all, by a hash of their ids]",
)
@click.option(
    "--vgg", type=click.Path(path_type=Path), help="Weights of VGG-19 for the perceptual loss: .pth, .safetensors."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:N, or auto, a GPU if there is one.")
@click.option("--steps", type=int, help="Steps to take.  [default: the preset's]")
@click.option("--batch-size", type=int, help="Pairs of frames in a step, over all devices.  [default: the preset's]")
@click.option("--seed", type=int, help="Seed of every random choice.  [default: the preset's, 0]")
@click.option(
    "--cache",
    type=CACHE_FOLDER,
    help="Folder for prepared clips, to be shared by several folds.  [default: OUT/cache]",
)
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained; write nothing.")
def command(
    manifest: Path,
    out: Path,
    preset: str,
    conventions: str,
    config: Path | None,
    init: Path | None,
    init_saw: str | None,
    exclude_subjects: str | None,
    fold: str | None,
    validation_subjects: str | None,
    vgg: Path | None,
    device: str,
    steps: int | None,
    batch_size: int | None,
    seed: int | None,
    cache: Path | None,
    root: Path | None,
    dry_run: bool,
) -> None:
    """Train the paper's networks on the real clips of MANIFEST.

    Whoever is trained from, or judges, is written into the checkpoint, and `synthesize` keeps clips made with it out
    of their folds: for leave-one-subject-out, train one with --fold for each person. An interrupted training goes on
    where its last state was saved when the same command is given again. Under `torchrun` several GPUs share a batch.

    \b
    Examples:
      me-augment train work/manifest --out work/sub01 --fold sub01 --init vox.pth.tar --vgg vgg19.pth
      me-augment train work/manifest --out work/small --preset compact
    """
    from me_augment.manifest import Manifest
    from me_augment.training import presets
    from me_augment.training.devices import place_of_process
    from me_augment.training.settings import changed, read_settings
    from me_augment.training.subjects import split

    settings = presets.preset(preset, conventions)
    if config is not None:
        settings = read_settings(config, settings)
    given = {"steps": steps, "batch_size": batch_size, "seed": seed}
    settings = changed(settings, {name: value for name, value in given.items() if value is not None})
    if init_saw is not None and init is None:
        raise UsageError("--init-saw goes with --init.")
    source = Manifest.open(manifest, root)
    chosen = split(
        source,
        exclude=_listed(exclude_subjects) or (),
        fold=fold,
        validation=_listed(validation_subjects),
    )
    settings = settings.resolved(len(chosen.train))
    with place_of_process(device) as place:
        if settings.batch_size % place.world or (settings.weights.temporal and settings.batch_size // place.world % 2):
            raise UsageError(
                f"--batch-size is {settings.batch_size}, for {place.world} processes: give a multiple of "
                f"{place.world * (2 if settings.weights.temporal else 1)}."
            )
        if dry_run:
            _describe(source, chosen, settings, init, _listed(init_saw))
            return
        from me_augment.cli.train_run import train

        ended = train(
            source,
            chosen,
            settings,
            out,
            place=place,
            init=init,
            saw=_listed(init_saw),
            vgg=vgg,
            cache=cache or out / "cache",
        )
        if place.leads:
            _report(ended, settings)


def _listed(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    if text.strip() == "nobody":
        return ()
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _describe(
    manifest: Manifest, chosen: Split, settings: TrainingSettings, init: Path | None, saw: tuple[str, ...] | None
) -> None:
    from me_augment.cli.train_run import taken_from
    from me_augment.generation.fpb_fomm.model import new_model, parameters_of
    from me_augment.words import count

    model, discriminator = new_model(settings.shape, settings.seed)
    taken = None if init is None else taken_from(init, saw, (model, discriminator), chosen, manifest)
    for name, people in (("train", chosen.train), ("validate", chosen.validation)):
        persons = sorted({clip.person_id for clip in people})
        counts = "  ".join(f"{person} {sum(clip.person_id == person for clip in people)}" for person in persons)
        say(f"{name:8} {count(len(people), 'clip')}  {counts}")
    if taken is not None:
        say(f"--init: {len(taken.taken)} tensors taken over, {len(taken.fresh)} begun anew")
    say(
        f"parameters: key points {parameters_of(model.kp_detector):,}, generator {parameters_of(model.generator):,}, "
        f"discriminator {parameters_of(discriminator):,}"
    )
    say(f"pictures: {settings.shape.size} x {settings.shape.size}")
    say_dry(
        f"train {settings.steps} steps of {settings.batch_size} pairs, with a checkpoint every "
        f"{settings.checkpoint_every}"
    )


def _report(ended: Ended, settings: TrainingSettings) -> None:
    if ended.copy is not None and ended.untrained is not None and ended.trained is not None:
        say("on people whom the model never saw     L1       where the face moves   correlation   gain")
        say(_row("source as it is", ended.copy))
        say(_row("at the start", ended.untrained))
        say(_row("trained", ended.trained))
        better = ended.trained.moving_l1 < min(ended.copy.moving_l1, ended.untrained.moving_l1)
        verdict = "better" if better else "NOT better"
        figures = f"; where the face moves it is {verdict} than both"
    else:
        figures = "; nobody judged it"
    say(f"{ended.steps} steps → {ended.checkpoint}{figures}")


def _row(name: str, found: Figures) -> str:
    motion = "" if found.correlation is None else f"{found.correlation:11.3f} {found.gain:10.3f}"
    return f"  {name:32} {found.l1:8.5f} {found.moving_l1:16.5f} {motion:>30}"
