"""Who makes the clips of a run: one generator, or for each fold one that never saw the person whom it holds out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation import Generator, GeneratorChoice, create_generator
from me_augment.manifest import Clip
from me_augment.manifest.folds import covers
from me_augment.synthesis.contributors import Closure

# What a training leaves in its folder, the best first.
_OF_A_TRAINING = ("best.safetensors", "checkpoint.safetensors")
_SUFFIXES = (".safetensors", ".pth.tar")


@dataclass(frozen=True, kw_only=True)
class Maker:
    """A generator, known by what it is: where its checkpoint lies decides nothing.

    Attributes:
        choice: how to get it.
        version: see `Generator`.
        training_subjects: see `Generator`.
        checkpoint: fingerprint of its weights; None for one that has none.
        fold: person id of whoever was held out from its training, where it is a fold's.
        device: kind of processor that it draws on, `cpu` or `cuda`; None where that decides nothing.
    """

    choice: GeneratorChoice
    version: str
    training_subjects: tuple[str, ...] = ()
    checkpoint: str | None = None
    fold: str | None = None
    device: str | None = None

    @property
    def name(self) -> str:
        """For people; what a training left is called as everybody's is, and known by its folder."""
        file = self.choice.checkpoint
        if file is None:
            return self.choice.name
        return f"{file.parent.name}/{file.name}" if file.name in _OF_A_TRAINING else file.name

    def generator(self) -> Generator:
        """The generator; loaded once while its turn lasts.

        Raises:
            MeAugmentError: its checkpoint is not what it was when the run was planned.
        """
        with _LOADING:
            found = _loaded(self.choice, self.checkpoint)
        if found.version != self.version:
            raise MeAugmentError(f"{self.choice.checkpoint} has changed since the run was planned: start it again.")
        return found


# Threads that ask at once get one generator.
_LOADING = threading.Lock()


# The shards of a run come maker by maker: one is at work, and the next is being loaded.
@lru_cache(maxsize=2)
def _loaded(choice: GeneratorChoice, checkpoint: str | None) -> Generator:
    return create_generator(choice)


def checkpoint_files(paths: Iterable[Path]) -> list[Path]:
    """The checkpoints that files and folders stand for, each once.

    A folder stands for what `me-augment train` left in it (the best checkpoint), or, where it is none of a training,
    for the checkpoints in it and the best of each training's folder in it.

    Raises:
        UsageError: a folder holds no checkpoint, or a path is nothing.
    """
    files: dict[Path, None] = {}
    for path in paths:
        found = _files_in(path) if path.is_dir() else [path]
        if path.is_dir() and not found:
            found = [file for child in sorted(path.iterdir()) if child.is_dir() for file in _of_training(child)]
        if not found:
            raise UsageError(f"{path} holds no checkpoint, {' or '.join(_SUFFIXES)}.")
        files |= dict.fromkeys(file.absolute() for file in found)
    return list(files)


def _files_in(folder: Path) -> list[Path]:
    return _of_training(folder) or sorted(
        file for file in folder.iterdir() if file.name.endswith(_SUFFIXES) and not file.name.startswith(".")
    )


def _of_training(folder: Path) -> list[Path]:
    return [folder / name for name in _OF_A_TRAINING if (folder / name).is_file()][:1]


def makers_of(choices: Sequence[GeneratorChoice], clips: Sequence[Clip] = ()) -> tuple[Maker, ...]:
    """Open the generators of a run and see that they go together; sorted by fold.

    Args:
        choices: how to get them.
        clips: the real ones of the run, which tell people's ids from before a person map.

    Raises:
        UsageError: several that are not each of another fold, or a fold's generator that saw whom it holds out.
        MeAugmentError: a checkpoint cannot be read.
    """
    makers = [_maker(choice) for choice in choices]
    if len(makers) > 1 and any(maker.fold is None for maker in makers):
        nobody = ", ".join(str(maker.choice.checkpoint) for maker in makers if maker.fold is None)
        raise UsageError(
            f"several checkpoints make a run only where each holds out one person (`me-augment train --fold`): "
            f"{nobody} holds out nobody. Make a run with each."
        )
    close = Closure(clips)
    by_fold: dict[str | None, Maker] = {}
    for maker in makers:
        if maker.fold in by_fold:
            raise UsageError(
                f"{by_fold[maker.fold].choice.checkpoint} and {maker.choice.checkpoint} both hold out {maker.fold}: "
                "give one of them."
            )
        if maker.fold is not None and covers(close((), maker.training_subjects), maker.fold):
            raise UsageError(
                f"{maker.choice.checkpoint} is said to hold out {maker.fold}, who is among those it learned from (by "
                "what its training began with, perhaps): no fold could use its clips. Train it from weights that "
                "never saw that person."
            )
        by_fold[maker.fold] = maker
    return tuple(sorted(makers, key=lambda maker: maker.fold or ""))


def _maker(choice: GeneratorChoice) -> Maker:
    if choice.checkpoint is None:
        generator = _loaded(choice, None)
        return Maker(choice=choice, version=generator.version, training_subjects=generator.training_subjects)
    from me_augment.generation.fpb_fomm.checkpoint import read_provenance
    from me_augment.generation.fpb_fomm.inference import choose_device

    choice = replace(choice, checkpoint=choice.checkpoint.absolute())
    assert choice.checkpoint is not None
    provenance, fingerprint = read_provenance(choice.checkpoint)
    device = choose_device(choice.device).type
    generator = _loaded(choice, fingerprint)  # unsound weights are to stop the run before it begins
    return Maker(
        choice=choice,
        version=generator.version,
        training_subjects=generator.training_subjects,
        checkpoint=fingerprint,
        fold=provenance.fold,
        device=device,
    )


def maker_for(makers: Sequence[Maker], person_id: str) -> Maker | None:
    """Who makes clips for the fold of a person; None where that fold's generator is not among them."""
    if makers[0].fold is None:
        return makers[0]
    return next((maker for maker in makers if maker.fold == person_id), None)


def leakage_warnings(makers: Sequence[Maker], folds: Sequence[str], clips: Sequence[Clip] = ()) -> list[str]:
    """What the generators' training does to the use of their clips, one sentence each.

    Args:
        makers: of the run.
        folds: person ids, one fold each.
        clips: the real ones of the run, which tell people's ids from before a person map.
    """
    if makers[0].fold is not None:
        held_out = {maker.fold for maker in makers}
        lacking = [person for person in folds if person not in held_out]
        if not lacking:
            return []
        return [
            f"no checkpoint holds out {_some(lacking)}: to train these folds there are few synthetic clips or none. "
            "Train their generators with `me-augment train --fold`."
        ]
    (maker,) = makers
    saw = Closure(clips)((), maker.training_subjects)
    free = [person for person in folds if not covers(saw, person)]
    if not folds or len(free) == len(folds):
        return []
    doubt = (
        " If it is known who trained this file, say so with `me-augment checkpoint convert --saw`."
        if maker.name.endswith(".pth.tar")
        else ""
    )
    if not free:
        return [
            f"everyone in the manifest trained {maker.name}, as far as is known, so no fold may train with these "
            f"clips: make a generator for each fold with `me-augment train --fold PERSON`.{doubt}"
        ]
    return [
        f"{maker.name} learned from {len(folds) - len(free)} of {len(folds)} people of the manifest: only the folds of "
        f"{_some(free)} may train with these clips.{doubt}"
    ]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
