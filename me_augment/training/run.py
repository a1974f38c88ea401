"""A training run as a folder: begun or gone on with, logged, judged, and ended with a checkpoint."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import yaml

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.checkpoint import Provenance, write_checkpoint
from me_augment.generation.fpb_fomm.discriminator import Discriminator
from me_augment.generation.fpb_fomm.model import Model
from me_augment.manifest.store import write_text
from me_augment.training.clips import TrainingClip
from me_augment.training.devices import Place
from me_augment.training.logs import Table
from me_augment.training.loop import NotFiniteError, Trainer
from me_augment.training.losses import Batch
from me_augment.training.pairs import Pairs, validation_batch
from me_augment.training.perceptual import Vgg19
from me_augment.training.settings import TrainingSettings
from me_augment.training.state import write_state
from me_augment.training.validation import FIGURES, Figures, figures, predict, write_sheet
from me_augment.yaml_file import read_yaml

_SHOWN = 6  # pairs on a sheet


@dataclass(frozen=True)
class RunFolder:
    """Where a training run puts things."""

    out: Path

    @property
    def config(self) -> Path:
        """The settings, resolved."""
        return self.out / "config.yaml"

    @property
    def identity(self) -> Path:
        """What was trained from, beside the settings."""
        return self.out / "run.json"

    @property
    def cache(self) -> Path:
        """The clips as training sees them; may be deleted."""
        return self.out / "cache"

    @property
    def states(self) -> Path:
        """What a run goes on from."""
        return self.out / "state"

    @property
    def checkpoint(self) -> Path:
        """The model of the latest step that was saved."""
        return self.out / "checkpoint.safetensors"

    @property
    def best(self) -> Path:
        """The model that did best on the validation pairs where the face moves."""
        return self.out / "best.safetensors"

    @property
    def log(self) -> Path:
        """Losses, step by step."""
        return self.out / "log.csv"

    @property
    def validation(self) -> Path:
        """Figures of the validation pairs, first those of copying the source and of the weights at the start."""
        return self.out / "validation.csv"


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        checkpoint: file.
        steps: taken.
        copy, untrained, trained: figures of the validation pairs: the source as it is, the weights that the run began
            with, and the checkpoint's. None where nobody validates.
        best_step: whose model is `best.safetensors`.
    """

    checkpoint: Path
    steps: int
    copy: Figures | None
    untrained: Figures | None
    trained: Figures | None
    best_step: int | None


def begin(folder: RunFolder, settings: TrainingSettings, identity: Mapping[str, str | None]) -> None:
    """Make the folder of a run, or make sure that it is of the same run.

    Args:
        folder: of the run.
        settings: resolved.
        identity: name → fingerprint of whatever else decides the weights.

    Raises:
        UsageError: the folder is something else, or of a run with other settings; names the first that differs.
    """
    if folder.config.is_file() and folder.identity.is_file():
        try:
            before = _flat(read_yaml(folder.config))
            before |= json.loads(folder.identity.read_text(encoding="utf-8"))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError(f"{folder.config} is damaged: start the training in another folder.") from error
        for name, now in (_flat(settings.to_dict()) | dict(identity)).items():
            if before.get(name) != now:
                raise UsageError(
                    f"{folder.out} was started with {name} = {before.get(name)}, now it is {now}: give the old value "
                    "to finish that training, or another --out for a new one (--init begins from its checkpoint)."
                )
        return
    others = [path for path in folder.out.iterdir() if path != folder.cache] if folder.out.is_dir() else []
    if folder.out.exists() and (not folder.out.is_dir() or set(others) - {folder.config}):
        raise UsageError(f"{folder.out} exists and is no training run: name another --out, or empty it.")
    folder.out.mkdir(parents=True, exist_ok=True)
    write_text(folder.config, yaml.safe_dump(settings.to_dict(), sort_keys=False, default_flow_style=None))
    write_text(folder.identity, json.dumps(dict(identity), indent=2) + "\n")


def run(
    folder: RunFolder,
    settings: TrainingSettings,
    networks: tuple[Model, Discriminator],
    train: Sequence[TrainingClip],
    validation: Sequence[TrainingClip],
    provenance: Provenance,
    *,
    place: Place,
    vgg: Vgg19 | None = None,
    state: Mapping[str, Any] | None = None,
    advance: Callable[[str], None] = lambda _: None,
) -> Ended:
    """Train to the end, from where an earlier session stopped.

    On a CPU the weights are bit for bit those of a run that never stopped (with the same number of threads): every
    random choice depends on the seed and on the number of the step alone.

    Args:
        folder: begun.
        settings: resolved.
        networks: as they are at step 0.
        train, validation: prepared clips, of different people.
        provenance: of the finished model; `steps` is filled in here.
        place: of this process.
        vgg: for the perceptual loss.
        state: of `read_state`, to go on from.
        advance: told after every step what to show beside the progress.

    Raises:
        MeAugmentError: losses are no numbers any more, or memory runs out.
    """
    assert settings.steps is not None
    trainer = Trainer(settings, *networks, place, vgg)
    session = _Session(folder, settings, trainer, validation, provenance, place, state)
    pairs = Pairs(train, settings)
    started = time.monotonic()
    for step in range(session.done, settings.steps):
        try:
            found = trainer.step(step, pairs.batch(step, place.rank, place.world).to(place.device))
        except NotFiniteError as error:
            raise MeAugmentError(f"{error}: {session.way_out()}") from error
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            raise MeAugmentError(
                f"step {step}: memory is not enough for {settings.batch_size} pairs at once: give a smaller "
                f"--batch-size, such as {max(1, settings.batch_size // 2)}, and another --out."
            ) from error
        session.after(step + 1, found, time.monotonic() - started)
        advance(f"loss {sum(v for k, v in found.items() if k not in ('gradient', 'disc_gan')):.4g}")
    return session.end()


class _Session:
    """What one start of the program does for a run besides taking its steps."""

    def __init__(
        self,
        folder: RunFolder,
        settings: TrainingSettings,
        trainer: Trainer,
        validation: Sequence[TrainingClip],
        provenance: Provenance,
        place: Place,
        state: Mapping[str, Any] | None,
    ) -> None:
        self.folder, self.settings, self.trainer, self.place = folder, settings, trainer, place
        self.provenance = provenance
        self.judged: Batch | None = validation_batch(validation, settings) if validation else None
        self.copy: Figures | None = None
        self.untrained: Figures | None = None
        self.trained: Figures | None = None
        if self.judged is not None and place.leads:
            self.copy = figures(self.judged, self.judged.source, None)
            self.untrained = figures(self.judged, *predict(trainer.average, self.judged, place.device))
        self.done = 0
        self.best: tuple[float, int] | None = None
        sizes = (0, 0)
        if state is not None:
            trainer.load_state(state)
            self.done, sizes = state["step"], state["log_sizes"]
            self.best = None if state["best"] is None else (state["best"][0], state["best"][1])
        if not place.leads:
            return
        self.log = Table(folder.log, ("step", "seconds", "learning_rate", *trainer.term_names), sizes[0])
        self.figures = Table(folder.validation, ("step", *FIGURES), sizes[1])
        if state is None and self.copy is not None and self.untrained is not None:
            self.figures.add({"step": "copy", **asdict(self.copy)})
            self.figures.add({"step": 0, **asdict(self.untrained)})

    def after(self, done: int, found: Mapping[str, float], seconds: float) -> None:
        """Write what is due once `done` steps are taken."""
        settings, last = self.settings, done == self.settings.steps
        if not self.place.leads:
            return
        if done % settings.log_every == 0 or last:
            rate = settings.lr_generator * settings.factor_at(done - 1)
            self.log.add({"step": done, "seconds": round(seconds, 2), "learning_rate": rate, **found})
        if self.judged is not None and (done % settings.validate_every == 0 or last):
            self._validate(done)
        if done % settings.checkpoint_every == 0 or last:
            self._save(done)

    def _validate(self, done: int) -> None:
        assert self.judged is not None
        prediction, moved = predict(self.trainer.average, self.judged, self.place.device)
        self.trained = figures(self.judged, prediction, moved)
        self.figures.add({"step": done, **asdict(self.trained)})
        write_sheet(self.folder.out / "samples" / f"{done:08d}.png", self.judged, prediction[:_SHOWN])
        if self.best is None or self.trained.moving_l1 < self.best[0]:
            self.best = (self.trained.moving_l1, done)
            self._write_model(self.folder.best, done)

    def _save(self, done: int) -> None:
        """Checkpoint first, state last: what is redone after a sudden end gives the same files."""
        self._write_model(self.folder.checkpoint, done)
        sizes = (self.log.sync(), self.figures.sync())
        write_state(self.folder.states, done, {**self.trainer.state(), "log_sizes": sizes, "best": self.best})

    def _write_model(self, path: Path, done: int) -> None:
        steps = (self.provenance.steps or 0) + done
        write_checkpoint(path, self.trainer.average, self.trainer.discriminator, replace(self.provenance, steps=steps))

    def way_out(self) -> str:
        """What to do about losses that are no numbers."""
        last = self.folder.checkpoint
        kept = f"the model of an earlier step is in {last}; " if last.is_file() else ""
        return f"{kept}begin anew in another --out with lower learning rates (lr_… in --config) or a clip of gradients."

    def end(self) -> Ended:
        """The run is complete."""
        self.place.wait()
        if self.place.leads:
            self.log.close()
            self.figures.close()
            if self.trained is None and self.judged is not None:  # it was complete before
                self.trained = figures(self.judged, *predict(self.trainer.average, self.judged, self.place.device))
        steps = self.settings.steps or 0
        return Ended(
            self.folder.checkpoint, steps, self.copy, self.untrained, self.trained, self.best[1] if self.best else None
        )


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "not enough memory" in str(error)


def _flat(values: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in values.items():
        result |= _flat(value, f"{path}{key}.") if isinstance(value, Mapping) else {f"{path}{key}": value}
    return result
