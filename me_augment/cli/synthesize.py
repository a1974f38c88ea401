"""`me-augment synthesize`: a manifest → a run with labelled clips on other faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.cli.detector_options import detector_options
from me_augment.cli.generator_options import generator_options
from me_augment.cli.interval import Interval
from me_augment.cli.saying import say
from me_augment.cli.spotting_options import spotting_options
from me_augment.cli.working import Working, work_and_report, working_options
from me_augment.errors import UsageError

if TYPE_CHECKING:
    from me_augment.synthesis.events import SpottingSettings


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--per-driver", default=1, show_default=True, help="Clips made from each driving clip.")
@click.option(
    "--action-units",
    "specifications",
    multiple=True,
    help="Instead of drivers: what the faces are to perform, such as 12B+6A,4B+7,L14; repeatable.",
)
@click.option("--per-target", default=1, show_default=True, help="With --action-units: clips per face and expression.")
@click.option(
    "--action-units-basis", "basis", type=click.Path(path_type=Path), help="Motion of the units, from `au-basis`."
)
@click.option(
    "--targets",
    type=click.Path(path_type=Path),
    help="Faces to animate: another manifest, or a folder of face images.  [default: MANIFEST]",
)
@click.option(
    "--strength",
    type=Interval(),
    default="1.0:1.0",
    show_default=True,
    help="Factor on the driver's displacement, 0 to 4, drawn between LO and HI for each clip.",
)
@click.option(
    "--tempo",
    type=Interval(),
    default="1.0:1.0",
    show_default=True,
    help="Factor on the durations from onset to apex and from apex to offset, 0.25 to 4, drawn for either; 2 is half "
    "as fast. Micro-expressions stay within 1/25 s to 1/2 s, and 0.26 s to the apex, where the driver does and its "
    "frame rate is known.",
)
@click.option("--fps", help="Frames per second of all clips, such as 100 or 30000/1001.  [default: each driver's]")
@click.option(
    "--mirror",
    default=0.0,
    show_default=True,
    help="Share of clips, 0 to 1, with left and right exchanged, in the motion and in its action units.",
)
@click.option(
    "--asymmetry",
    type=Interval(),
    default="0.0:0.0",
    show_default=True,
    help="How much stronger the face's left side moves, and weaker its right, -0.5 to 0.5, drawn for each clip: at "
    "0.2 the left moves 1.2 and the right 0.8 times as much.",
)
@click.option(
    "--eyes", default=0.0, show_default=True, help="Factor on the driver's blinks and shifts of gaze, 0 to 1."
)
@click.option(
    "--shading",
    default=0.0,
    show_default=True,
    help="Factor on the change of brightness that the expression brought (furrows), 0 to 1.",
)
@click.option(
    "--transforms",
    multiple=True,
    help="Change each clip's light and colour, the same in all its frames: brightness-contrast, gamma, hue-saturation; "
    "repeatable.",
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="NAME=LIMIT",
    help="Limit on a figure of quality, such as correlation=0.9; NAME=off or off lifts one or all. A clip beyond it "
    "stays in the run as `rejected` and is not exported. Names and defaults are in the run's config.yaml.",
)
@click.option(
    "--gates-chosen-on",
    multiple=True,
    metavar="PERSON",
    help="Whose clips were looked at when limits of --gate were chosen, such as casme2:sub01,casme2:sub02 or casme2:*; "
    "repeatable. Folds that hold one of them out train with none of the clips.",
)
@click.option("--balance", is_flag=True, help="Make rare emotions more often; --per-driver is then the mean.")
@click.option("--seed", default=0, show_default=True, help="Seed of every random choice.")
@generator_options
@click.option(
    "--checkpoint",
    "checkpoints",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Weights of fpb-fomm; several, or a folder of them, where each holds out one person (`train --fold`): each "
    "then makes the clips for that fold.",
)
@click.option(
    "--paste-back/--no-paste-back",
    default=True,
    show_default=True,
    help="fpb-fomm: give the target's own frames, changed where the face moves, or the square that the network draws.",
)
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
@detector_options
@spotting_options
@working_options
@click.option("--dry-run", is_flag=True, help="Say what would be made; write nothing.")
def command(
    manifest: Path,
    out: Path,
    per_driver: int,
    specifications: tuple[str, ...],
    per_target: int,
    basis: Path | None,
    targets: Path | None,
    strength: tuple[float, float],
    tempo: tuple[float, float],
    fps: str | None,
    mirror: float,
    asymmetry: tuple[float, float],
    eyes: float,
    shading: float,
    transforms: tuple[str, ...],
    gates: tuple[str, ...],
    gates_chosen_on: tuple[str, ...],
    balance: bool,
    seed: int,
    generator: str,
    device: str,
    precision: str,
    driving: str,
    checkpoints: tuple[Path, ...],
    paste_back: bool,
    root: Path | None,
    landmarks_backend: str,
    landmark_weights: Path | None,
    landmarks_device: str | None,
    dry_run: bool,
    spotting: SpottingSettings | None,
    working: Working,
) -> None:
    """Let other people's faces perform the labelled clips of MANIFEST, or everyone's face action units.

    With --task spotting every person's face lives through long videos: expressions of one other person at known
    frames, macro-expressions, and blinks, gaze and turns of the head that are labelled as what they are.

    The plan is written first. A run that was interrupted is finished by the same command, with the same bytes as
    if nothing had happened. Every file says in its metadata that it is synthetic; no visible mark is drawn, since
    whoever trains on the clips would train on the mark (`animate` and `preview` have --watermark).

    \b
    Examples:
      me-augment synthesize work/manifest --out work/run --per-driver 2 --strength 0.8:1.2
      me-augment synthesize work/manifest --out work/run-au --action-units 12B+6A,4B+7 --per-target 2
      me-augment synthesize work/manifest --out work/run-net --generator fpb-fomm --checkpoint F
      me-augment synthesize work/manifest --out work/run-long --task spotting --videos 2 --micro 2
    """
    if basis is not None and not specifications:
        raise UsageError("--action-units-basis goes with --action-units.")

    from me_augment.evaluation.gates import Gates
    from me_augment.generation import GeneratorChoice
    from me_augment.generation.au_basis import Basis
    from me_augment.manifest.folds import persons
    from me_augment.synthesis.contributors import Closure
    from me_augment.synthesis.makers import checkpoint_files, leakage_warnings
    from me_augment.synthesis.prepare import prepare
    from me_augment.synthesis.run import begin, require_place
    from me_augment.synthesis.sources import is_folder_of_images, open_sources

    detector = None
    if is_folder_of_images(targets):
        from me_augment.face import create_detector

        detector = create_detector(landmarks_backend, device=landmarks_device, weights=landmark_weights)
    elif (landmarks_backend, landmark_weights, landmarks_device) != ("dlib", None, None):
        raise UsageError(
            "landmarks are only looked for in a folder of face images (--targets); a manifest has them: give the "
            "landmark options to `me-augment ingest`."
        )
    choices = [
        GeneratorChoice(
            name=generator,
            checkpoint=checkpoint,
            device=device,
            precision=precision,
            driving=driving,
            paste_back=paste_back,
        )
        for checkpoint in (checkpoint_files(checkpoints) if checkpoints else [None])
    ]
    sources = open_sources(manifest, targets, detector, root)
    prepared = prepare(
        sources,
        generators=choices,
        basis=Basis.read(basis) if basis else None,
        per_driver=per_driver,
        action_units=tuple(part.strip() for text in specifications for part in text.split(",")),
        per_target=per_target,
        strength=strength,
        tempo=tempo,
        fps=fps,
        mirror=mirror,
        asymmetry=asymmetry,
        eyes=eyes,
        shading=shading,
        transforms=tuple(name.strip() for text in transforms for name in text.split(",")),
        gates=Gates.parse(gates),
        gates_chosen_on=tuple(sorted({name.strip() for text in gates_chosen_on for name in text.split(",")})),
        seed=seed,
        balance=balance,
        spotting=spotting,
    )
    if prepared.basis is not None:
        close, everyone = Closure(prepared.real.clips), {clip.person_id for clip in prepared.real.clips}
        if everyone <= set(close((), prepared.basis.person_ids)):
            say(
                "warning: everyone in MANIFEST gave motion to the basis, so no fold may train with these clips: make a "
                "basis for each fold with `me-augment au-basis --exclude PERSON`.",
                err=True,
            )
    for warning in leakage_warnings(prepared.makers, persons(sources.drivers.clips), prepared.real.clips):
        say(f"warning: {warning}", err=True)
    for name in sources.namesakes:
        say(
            f"warning: {name} is a driver and, elsewhere, a target under another id. If they are one person, "
            "leave that face out: folds would not know.",
            err=True,
        )
    if len(prepared.plan) < prepared.asked:
        planned, asked = len(prepared.plan), prepared.asked
        say(f"warning: {planned} clips instead of {asked}: there are no more faces.", err=True)
    for clip in prepared.unusable[:5]:
        say(f"left out: {clip.name}: {clip.reason}", err=True)
    if len(prepared.unusable) > 5:
        say(f"left out: {len(prepared.unusable) - 5} more, see stats.json", err=True)
    if dry_run:
        from me_augment.cli.describing import describe
        from me_augment.synthesis.overview import overview

        require_place(prepared, out)
        describe(prepared, overview(prepared.plan))
    else:
        begin(prepared, out)
        work_and_report(out, working)
