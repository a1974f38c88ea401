"""`me-augment animate`: one driver or list of action units, one target, one clip."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from me_augment.cli.detector_options import detector_options
from me_augment.cli.generator_options import generator_options
from me_augment.cli.saying import say
from me_augment.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from me_augment.face import LandmarkDetector
    from me_augment.generation.motion import DriverMotion

_UNKNOWN_FPS = Fraction(25)
_FASTEST = 1000


@click.command()
@click.option("--driver", type=click.Path(path_type=Path), help="Clip whose motion is taken.")
@click.option("--action-units", "specification", help="Action units to perform without a driver, such as 12B+6A.")
@click.option("--action-units-basis", "basis", type=click.Path(path_type=Path), help="Their motion, from `au-basis`.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="With --action-units: draws how long the phases last.",
)
@click.option("--target", required=True, type=click.Path(path_type=Path), help="Face that is to move.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help=".mkv (lossless), .gif, .webp or .mp4 (lossy preview), or a folder (PNG).",
)
@click.option("--strength", default=1.0, show_default=True, help="Factor on the expression's displacement, 0 to 4.")
@click.option(
    "--tempo",
    default=1.0,
    show_default=True,
    help="Factor on the clip's duration, 0.25 to 4; 2 is half as fast, with twice as many frames.",
)
@click.option("--mirror", is_flag=True, help="Exchange left and right of the expression.")
@click.option(
    "--asymmetry",
    default=0.0,
    show_default=True,
    help="How much stronger the face's left side moves, and weaker its right, -1 to 1.",
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
@generator_options
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Weights of fpb-fomm.")
@click.option(
    "--paste-back/--no-paste-back",
    default=True,
    show_default=True,
    help="fpb-fomm: give the target's own frame, changed where the face moves, or the square that the network draws.",
)
@click.option("--keep-head-motion", is_flag=True, help="Also move the head as the driver's moves.")
@click.option(
    "--fps",
    help="Frame rate of the output, such as 200 or 30000/1001.  [default: the driver's, or 25; action units: 200]",
)
@detector_options
@click.option("--watermark", is_flag=True, help="Write SYNTHETIC visibly on every frame: to show, not to train with.")
@click.option("--overwrite", is_flag=True, help="Replace the file --out.")
def command(
    driver: Path | None,
    specification: str | None,
    basis: Path | None,
    seed: int,
    target: Path,
    out: Path,
    strength: float,
    tempo: float,
    mirror: bool,
    asymmetry: float,
    eyes: float,
    shading: float,
    generator: str,
    device: str,
    precision: str,
    driving: str,
    checkpoint: Path | None,
    paste_back: bool,
    keep_head_motion: bool,
    fps: str | None,
    landmarks_backend: str,
    landmark_weights: Path | None,
    landmarks_device: str | None,
    watermark: bool,
    overwrite: bool,
) -> None:
    """Let the face of --target perform the expression of --driver, or action units.

    Driver and target may be an image, a folder of frames or a video (GIF included). The driver's first frame is its
    onset; of the target the first frame is used, and it is the first frame of the result, which has as many frames
    as the driver unless --tempo is given. Action units have an intensity from A to E (B where none is stated) and,
    where they can, a side: L is the subject's own left. They rise and fall within the time that micro-expressions
    take. Whatever is written says in its metadata that it is synthetic, and what made it.

    \b
    Examples:
      me-augment animate --driver CASME2/Cropped/sub01/EP02_01f --target me.jpg --out clip.mkv
      me-augment animate --action-units 12B+6A --target me.jpg --out clip.mkv
      me-augment animate --driver a.avi --target b.jpg --out c.mkv --generator fpb-fomm --checkpoint F
    """
    if basis is not None and specification is None:
        raise UsageError("--action-units-basis goes with --action-units.")
    if (driver is None) == (specification is None):
        raise UsageError("give either --driver or --action-units.")
    _require_writable(out, overwrite, sources=(driver, target) if driver else (target,))
    rate = _fps(fps)

    from me_augment.face import create_detector
    from me_augment.generation import GeneratorChoice, Rendition, create_generator
    from me_augment.synthesis.timeline import timeline
    from me_augment.threads import one_thread
    from me_augment.video import PREVIEW_SUFFIXES, open_frames, synthetic_comment

    rendition = Rendition(
        strength=strength,
        mirror=mirror,
        asymmetry=asymmetry,
        eyes=eyes,
        shading=shading,
        keep_head_motion=keep_head_motion,
    )
    performed = _Performed(specification, basis, seed, rate) if specification is not None else None
    made_by = create_generator(
        GeneratorChoice(
            name=generator,
            checkpoint=checkpoint,
            device=device,
            precision=precision,
            driving=driving,
            paste_back=paste_back,
        )
    )
    detector = create_detector(landmarks_backend, device=landmarks_device, weights=landmark_weights)
    with one_thread():
        if driver is not None:
            source = open_frames(driver)
            frames = source.read(range(len(source)))
            observed = made_by.observe(list(frames), _landmarks(detector, frames[0], driver))
            # Which frame is the apex is not known here, so both phases are scaled alike.
            whole = timeline(len(frames), None, tempo_onset=tempo, tempo_offset=tempo)
            rate = rate or source.fps or _UNKNOWN_FPS
            if len(frames) == 1:
                say("warning: the driver is a single frame, so nothing moves.", err=True)
        picture = open_frames(target).read([0])[0]
        landmarks = _landmarks(detector, picture, target)
        if performed is not None:
            observed, rate = performed.motion_for(landmarks), performed.profile.fps
            whole = timeline(len(observed), performed.profile.apex, tempo_onset=tempo, tempo_offset=tempo)
            say(f"apex at frame {whole.apex} of {whole.n_frames}; {performed.note}")
        animation = made_by.animate(observed, picture, landmarks, replace(rendition, times=whole.times))
        comment = synthetic_comment(f"{made_by.name} {made_by.version}")
        count = _write(out, _marked(animation) if watermark else animation, rate or _UNKNOWN_FPS, comment)
    kind = "lossy preview, not for training" if out.suffix.lower() in PREVIEW_SUFFIXES else "lossless"
    say(f"{count} frames, largest displacement {animation.peak_displacement_px:.2f} px, {kind} → {out}")


def _landmarks(detector: LandmarkDetector, image: NDArray[Any], path: Path) -> NDArray[np.float32]:
    from me_augment.face import NoFaceError
    from me_augment.face.pose import pose_warning

    try:
        landmarks = detector.detect(image)
    except NoFaceError as error:
        raise NoFaceError(f"{path}: {error}") from error
    warning = pose_warning(landmarks)
    if warning:
        say(f"warning: {path}: {warning}", err=True)
    return landmarks


class _Performed:
    """A specification that was found sound, before anything slow begins."""

    def __init__(self, specification: str, basis: Path | None, seed: int, rate: Fraction | None) -> None:
        from me_augment.generation.action_units import DEFAULT_FPS, draw_profile, read_specification
        from me_augment.generation.au_basis import Basis
        from me_augment.manifest.au_emotions import emotion_of

        self._units = read_specification(specification)
        self._basis = Basis.read(basis) if basis else None
        self._seed = seed
        self.profile = draw_profile(seed, rate or DEFAULT_FPS)
        self.note = f"emotion: {emotion_of(self._units) or 'none by the table'}"
        if self._basis is not None:
            self.note += f"; the motion holds that of {', '.join(self._basis.person_ids)}: keep them out of its test"

    def motion_for(self, landmarks: NDArray[np.float32]) -> DriverMotion:
        """The motion, to be carried to a face with these landmarks."""
        from me_augment.generation.action_units import perform
        from me_augment.generation.canonical_face import CanonicalFace

        face = CanonicalFace.like(landmarks)
        patterns = self._basis.on(face) if self._basis else None
        return perform(self._units, self.profile, seed=self._seed, face=face, patterns=patterns)


def _fps(text: str | None) -> Fraction | None:
    if text is None:
        return None
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= _FASTEST:
        raise UsageError(f"--fps is {text!r}; it must be a number from 1 to {_FASTEST} such as 200 or 30000/1001.")
    return rate


def _require_writable(out: Path, overwrite: bool, sources: tuple[Path, ...]) -> None:
    if os.path.realpath(out) in [os.path.realpath(source) for source in sources]:
        raise UsageError(f"{out} is the driver or the target: name another --out.")
    if out.suffix.lower() not in (".mkv", ".gif", ".webp", ".mp4", ""):
        raise UsageError(
            f"--out is {out}: give a name ending in .mkv, .gif, .webp or .mp4, or a folder for PNG frames."
        )
    if out.is_dir() and (out.suffix or any(out.iterdir())):
        raise UsageError(f"{out} is a folder that holds something, and --overwrite is for files: name another --out.")
    if out.is_file() and not (overwrite and out.suffix):
        raise UsageError(f"{out} exists: pass --overwrite to replace it, or name another --out.")


def _marked(frames: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    from me_augment.report.words import watermarked

    return (watermarked(frame) for frame in frames)


def _write(out: Path, frames: Iterable[NDArray[Any]], fps: Fraction, comment: str) -> int:
    from me_augment.video import write_lossless, write_png_folder, write_preview

    suffix = out.suffix.lower()
    if suffix == ".mkv":
        return write_lossless(out, frames, fps, {"comment": comment})
    if suffix:
        return write_preview(out, frames, fps, comment)
    return write_png_folder(out, frames, comment=comment)
