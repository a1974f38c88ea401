"""What `me-augment train` does once it knows what: prepare clips, begin with a checkpoint, train, say so."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path

from me_augment.cli.progress import Advance, progress
from me_augment.cli.saying import say
from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.checkpoint import Provenance, TakenOver, take_over
from me_augment.generation.fpb_fomm.discriminator import Discriminator
from me_augment.generation.fpb_fomm.model import Model, new_model
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import covers
from me_augment.synthesis.contributors import Closure
from me_augment.training.clips import TrainingClip, prepare_clips
from me_augment.training.devices import Place
from me_augment.training.perceptual import read_vgg19
from me_augment.training.run import Ended, RunFolder, begin, run
from me_augment.training.settings import TrainingSettings
from me_augment.training.state import read_state
from me_augment.training.subjects import Split
from me_augment.versions import installed
from me_augment.words import count

# VGG-19 halves its pictures four times.
_LEAST_FOR_VGG = 16


def train(
    manifest: Manifest,
    chosen: Split,
    settings: TrainingSettings,
    out: Path,
    *,
    place: Place,
    init: Path | None = None,
    saw: tuple[str, ...] | None = None,
    vgg: Path | None = None,
    cache: Path,
) -> Ended:
    """Begin or resume the run in `out`, show progress; warnings go to stderr.

    Args:
        manifest: that `chosen` is from.
        chosen: who is trained from, and who judges.
        settings: resolved.
        out: folder.
        place: of this process.
        init: checkpoint to begin with; `saw`, who trained it, if it does not say.
        vgg: file of VGG-19's weights.
        cache: folder of prepared clips, made where it is missing.
    """
    folder = RunFolder(out.absolute())
    networks = new_model(settings.shape, settings.seed)
    likeness = read_vgg19(vgg) if vgg else None
    smallest = settings.shape.size * min(settings.scales)
    if vgg is not None and smallest < _LEAST_FOR_VGG:
        raise UsageError(
            f"pictures of {settings.shape.size} pixels are {smallest:g} at the smallest of the scales, too small for "
            f"VGG-19, which needs {_LEAST_FOR_VGG}: leave out that scale (scales in --config), or --vgg."
        )
    provenance = Provenance(
        training_subjects=chosen.persons,
        corpora=chosen.corpora,
        data=manifest.fingerprint,
        code=installed("me-augment"),
        fold=chosen.fold,
    )
    if init is not None:
        taken = taken_from(init, saw, networks, chosen, manifest)
        before = taken.provenance
        provenance = replace(
            provenance,
            training_subjects=tuple(sorted({*provenance.training_subjects, *before.training_subjects})),
            corpora=tuple(sorted({*provenance.corpora, *before.corpora})),
            steps=before.steps,
            note=f"begun with {init.name}" + (f" ({before.note})" if before.note else ""),
        )
        if place.leads:
            say(f"--init: {len(taken.taken)} tensors taken over, {len(taken.fresh)} begun anew", err=True)
            for name in taken.fresh[:8]:
                say(f"  anew: {name}", err=True)
    if place.leads:
        _announce(chosen, settings, vgg)
        begin(
            folder,
            settings,
            {
                "the clips (fingerprint)": chosen.fingerprint,
                "--init (sha256)": _sha256(init),
                "--vgg (sha256)": _sha256(vgg),
                "--fold": chosen.fold,
            },
        )
    else:
        place.wait()  # until the first process has prepared the clips, or found out why not
    parts = _prepared(manifest, chosen, settings, cache, place)
    if place.leads:
        place.wait()
    state = read_state(folder.states)
    done = 0 if state is None else int(state["step"])
    if done and place.leads:
        say(f"resuming: {done} of {settings.steps} steps are done", err=True)
    with _shown(place, "Training", settings.steps or 0, done) as advance:
        ended = run(
            folder,
            settings,
            networks,
            *parts,
            provenance,
            place=place,
            vgg=likeness,
            state=state,
            advance=lambda note: advance(1, note),
        )
    return ended


def taken_from(
    init: Path, saw: tuple[str, ...] | None, networks: tuple[Model, Discriminator], chosen: Split, manifest: Manifest
) -> TakenOver:
    """Give new networks the weights of `init`; see `take_over`.

    Args:
        init: checkpoint to begin with.
        saw: who trained it, if it does not say.
        networks: that get its weights.
        chosen: who is trained from, and who is held out.
        manifest: that `chosen` is from; it tells the ids that its people had before a person map.

    Raises:
        UsageError: it saw whom the fold holds out, and as `take_over` does.
        MeAugmentError: as `take_over` does.
    """
    taken = take_over(*networks, init, saw)
    everyone = Closure([clip for clip in manifest.clips if not clip.is_synthetic])
    learned_from = everyone((), taken.provenance.training_subjects)
    taken = replace(taken, provenance=replace(taken.provenance, training_subjects=learned_from))
    if chosen.fold is not None and covers(learned_from, chosen.fold):
        raise UsageError(
            f"{init} was trained with {chosen.fold}, whom --fold holds out: that fold could not use it. Begin "
            "with another checkpoint, or without; if it is a reference checkpoint that saw others, say --init-saw."
        )
    return taken


def _shown(place: Place, title: str, total: int, done: int = 0) -> AbstractContextManager[Advance]:
    """Progress, which one process shows for all."""
    return progress(title, total, done) if place.leads else nullcontext(lambda steps=1, note="", total=None: None)


def _announce(chosen: Split, settings: TrainingSettings, vgg: Path | None) -> None:
    judges = f"{count(len(chosen.validation), 'clip')} judge it" if chosen.validation else "nobody judges it"
    persons = len({clip.person_id for clip in chosen.train})
    say(
        f"training on {count(len(chosen.train), 'clip')} of {count(persons, 'person', 'people')}, {judges}: "
        f"{count(settings.steps or 0, 'step')} of {count(settings.batch_size, 'pair')} of frames, "
        f"{settings.shape.size} x {settings.shape.size} pixels, a checkpoint every {settings.checkpoint_every}",
        err=True,
    )
    for clip in chosen.unusable[:5]:
        say(f"left out: {clip.name}: {clip.reason}", err=True)
    if len(chosen.unusable) > 5:
        say(f"left out: {len(chosen.unusable) - 5} more", err=True)
    if vgg is None:
        say(
            "warning: no weights of VGG-19 were given (--vgg), so the perceptual loss is replaced by one of structure: "
            "colours and local detail over the same pyramid. The paper's needs torchvision's vgg19 weights.",
            err=True,
        )
    if not settings.shape.conventions.compat:
        say(
            "note: key points come from landmarks, so that the loss of their equivariance reaches no weight: left out.",
            err=True,
        )
    if not chosen.validation:
        say(
            "warning: no clips are kept to judge the model by: that takes three people, or --validation-subjects.",
            err=True,
        )


def _prepared(
    manifest: Manifest, chosen: Split, settings: TrainingSettings, cache: Path, place: Place
) -> tuple[list[TrainingClip], list[TrainingClip]]:
    parts = []
    with _shown(place, "Preparing clips", len(chosen.train) + len(chosen.validation)) as advance:
        for clips in (chosen.train, chosen.validation):
            good, bad = prepare_clips(
                manifest, clips, settings.shape, cache, gray=settings.gray, advance=lambda: advance()
            )
            if place.leads:
                _say_bad(bad)
            parts.append(good)
    if not parts[0]:
        raise MeAugmentError("no clip could be prepared for training; the reasons are above.")
    return parts[0], parts[1]


def _say_bad(bad: list[tuple[Clip, str]]) -> None:
    for clip, reason in bad[:5]:
        say(f"left out: {clip.name}: {reason}", err=True)
    if len(bad) > 5:
        say(f"left out: {len(bad) - 5} more", err=True)


def _sha256(path: Path | None) -> str | None:
    if path is None:
        return None
    with path.open("rb") as handle:
        return file_digest(handle, "sha256").hexdigest()
