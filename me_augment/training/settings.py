"""All that decides what a training run learns, as YAML and back; the layout of the reference's files is read too."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

from me_augment.errors import UsageError
from me_augment.generation.fpb_fomm.architecture import Architecture
from me_augment.generation.fpb_fomm.sizes import sensible
from me_augment.training.losses import LossWeights
from me_augment.training.reference_yaml import from_reference, is_reference
from me_augment.yaml_file import YamlError, read_yaml


@dataclass(frozen=True, kw_only=True)
class Epochs:
    """How long the reference counts: in passes over all clips.

    Attributes:
        number: passes.
        repeats: times that a pass shows each clip.
        checkpoint: passes between two checkpoints.
    """

    number: int
    repeats: int
    checkpoint: int


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings of one training run.

    Attributes:
        shape: of the networks, and the conventions they compute by.
        weights: of the losses.
        steps: to take; None where `epochs` says it, once the clips are known.
        epochs: in place of steps.
        batch_size: pairs of frames in a step, over all devices together.
        lr_generator, lr_discriminator, lr_kp_detector: of the three Adams, whose betas are 0.5 and 0.999.
        milestones: shares of the run after which the learning rates fall to a tenth.
        scales: of the pyramid that likeness is compared on.
        clip: largest norm of all gradients of the model together; 0 leaves them as they are.
        ema: share of the averaged weights that each step keeps; the average is what checkpoints hold. 0 takes the
            weights as they are.
        amp: half precision for what is not motion, on a GPU that has bfloat16.
        seed: of every random choice.
        gray: make the frames gray, as those of the published weights were.
        mirror, time_flip: flip pairs left to right, and in time.
        hue: largest shift of the hue, of a circle of 1.
        still: share of pairs in which nothing moves.
        sigma_affine, sigma_tps, points_tps: of the distortions for equivariance.
        checkpoint_every, validate_every, log_every: steps.
    """

    shape: Architecture
    weights: LossWeights = field(default_factory=LossWeights)
    steps: int | None = None
    epochs: Epochs | None = None
    batch_size: int = 9
    lr_generator: float = 2e-4
    lr_discriminator: float = 2e-4
    lr_kp_detector: float = 2e-4
    milestones: tuple[float, ...] = (0.6, 0.9)
    scales: tuple[float, ...] = (1.0, 0.5, 0.25, 0.125)
    clip: float = 0.0
    ema: float = 0.0
    amp: bool = True
    seed: int = 0
    gray: bool = False
    mirror: bool = True
    time_flip: bool = True
    hue: float = 0.1
    still: float = 0.0
    sigma_affine: float = 0.05
    sigma_tps: float = 0.005
    points_tps: int = 5
    checkpoint_every: int = 500
    validate_every: int = 500
    log_every: int = 10

    def __post_init__(self) -> None:
        for name in ("batch_size", "points_tps", "checkpoint_every", "validate_every", "log_every"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if self.steps is not None and self.steps < 1:
            raise UsageError(f"steps is {self.steps}; it must be at least 1.")
        if self.steps is None and self.epochs is None:
            raise UsageError("neither steps nor epochs are set: say how long to train.")
        if self.epochs is not None:
            for name, value in asdict(self.epochs).items():
                if value < 1:
                    raise UsageError(f"epochs.{name} is {value}; it must be at least 1.")
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"seed is {self.seed}; it must lie between 0 and 2^63 - 1.")
        for name in ("lr_generator", "lr_discriminator", "lr_kp_detector", "sigma_affine", "sigma_tps"):
            if not 0 <= getattr(self, name) < inf:
                raise UsageError(f"{name} is {getattr(self, name):g}; it must be a number not below 0.")
        if not all(0 <= share <= 1 for share in self.milestones):
            raise UsageError(f"milestones is {list(self.milestones)}; give shares of the run from 0 to 1.")
        for name, low, high in (("hue", 0, 0.5), ("still", 0, 1), ("ema", 0, 0.99999), ("clip", 0, inf)):
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"{name} is {getattr(self, name):g}; it must lie between {low:g} and {high:g}.")
        if not self.scales or not all(0 < scale <= 1 for scale in self.scales):
            raise UsageError(f"scales is {list(self.scales)}; give factors above 0, up to 1.")
        compat, weights = self.shape.conventions.compat, self.weights
        for name, value in asdict(weights).items():
            if not all(0 <= factor < inf for factor in (value if isinstance(value, tuple) else (value,))):
                raise UsageError(f"weights.{name} is {value}; a weight is not below 0.")
        drawn = (*weights.perceptual, weights.generator_gan, *weights.feature_matching, weights.reconstruction)
        if not any((*drawn, weights.motion)):
            raise UsageError("weights: no loss is left that teaches the generator anything.")
        if not compat and weights.equivariance_value:
            raise UsageError(
                "weights.equivariance_value must be 0 for a mended model: its key points come from landmarks, so that "
                "this loss reaches no weight."
            )
        measured = (weights.reconstruction, weights.temporal, weights.motion, weights.strength)
        if compat and any(measured):
            raise UsageError(
                "weights.reconstruction, temporal, motion and strength need measured motion, which a model that "
                "computes as the reference is not shown: set them to 0, or train with --conventions mended."
            )
        if weights.temporal and self.batch_size < 2:
            raise UsageError("batch_size is 1; weights.temporal compares two: make it 2, or the weight 0.")
        if len(weights.feature_matching) != self.shape.discriminator.blocks:
            raise UsageError(
                f"weights.feature_matching has {len(weights.feature_matching)} values; the discriminator has "
                f"{self.shape.discriminator.blocks} blocks."
            )

    def resolved(self, clips: int) -> TrainingSettings:
        """These settings with the steps that they mean for so many clips."""
        if self.steps is not None or self.epochs is None:
            return self
        per_epoch = max(1, clips * self.epochs.repeats // self.batch_size)  # the last, partial batch is dropped
        every = per_epoch * self.epochs.checkpoint
        return replace(
            self, steps=per_epoch * self.epochs.number, checkpoint_every=every, validate_every=every, epochs=None
        )

    def factor_at(self, step: int) -> float:
        """Factor on the learning rates in a step, counted from 0."""
        return 0.1 ** sum(step >= round(share * (self.steps or 0)) for share in self.milestones)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, nested as YAML nests them."""
        return _plain(asdict(self))


def read_settings(file: Path, start: TrainingSettings) -> TrainingSettings:
    """The settings of a YAML file; what it leaves out is as in `start`.

    The layout of `config.yaml` in a training run, or the reference's own; of the latter the conventions, which it
    does not know, are those of `start`.

    Raises:
        UsageError: it cannot be read, has a key that is unknown, or a value that does not fit.
    """
    try:
        found = read_yaml(file)
    except (OSError, YamlError) as error:
        raise UsageError(f"{file} cannot be read as YAML: {getattr(error, 'strerror', None) or error}.") from error
    if not isinstance(found, dict):
        raise UsageError(f"{file} is not a mapping of settings.")
    try:
        if is_reference(found):
            found = from_reference(found, compat=start.shape.conventions.compat)
        return changed(start, found)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error


def changed(start: Any, values: Mapping[str, Any], path: str = "") -> Any:
    """A data class like `start` with these values, nested as `to_dict` nests them."""
    known = {entry.name for entry in fields(start)}
    kinds = typing.get_type_hints(type(start))
    new: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{path}{key}"
        if key not in known:
            raise UsageError(f"{name} is no setting: there are {', '.join(path + entry for entry in sorted(known))}.")
        new[key] = _converted(kinds[key], value, getattr(start, key), name)
    if not isinstance(start, Architecture):
        return replace(start, **new)
    try:  # a checkpoint of other sizes could not be read again
        return sensible(**({entry.name: getattr(start, entry.name) for entry in fields(start)} | new))
    except ValueError as error:
        raise UsageError(f"{path.rstrip('.')}: {error}.") from error


def _converted(kind: Any, value: Any, before: Any, name: str) -> Any:
    """A YAML value as what a field of this type holds."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        if value is None:
            return None
        kind = next(option for option in typing.get_args(kind) if option is not type(None))
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise UsageError(f"{name} is {value!r}; it must be a mapping.")
        if before is None:
            wanted = {entry.name for entry in fields(kind)}
            if set(value) != wanted:
                raise UsageError(f"{name} must have {', '.join(sorted(wanted))}.")
            hints = typing.get_type_hints(kind)
            return kind(**{key: _converted(hints[key], item, None, f"{name}.{key}") for key, item in value.items()})  # type: ignore[operator]
        return changed(before, value, f"{name}.")
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        listed = value if isinstance(value, list | tuple) else [value]
        return tuple(_converted(inner, item, None, name) for item in listed)
    if typing.get_origin(kind) is typing.Literal:
        if value not in typing.get_args(kind):
            raise UsageError(f"{name} is {value!r}; it must be one of {', '.join(typing.get_args(kind))}.")
        return value
    right = isinstance(value, int | float) and not isinstance(value, bool) if kind is float else type(value) is kind
    if not right:
        raise UsageError(f"{name} is {value!r}; it must be {_WORDS[kind]}.")
    return float(value) if kind is float else value


_WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
