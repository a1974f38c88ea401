"""Checkpoints: whole models in files, read in our layout and in the reference's, written in either."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor, nn

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.architecture import Architecture
from me_augment.generation.fpb_fomm.discriminator import Discriminator
from me_augment.generation.fpb_fomm.header import header_of, read_header, require_silent
from me_augment.generation.fpb_fomm.model import Model
from me_augment.generation.fpb_fomm.provenance import Provenance, of_reference
from me_augment.generation.fpb_fomm.sizes import infer_architecture
from me_augment.generation.fpb_fomm.take_over import TakenOver, take_over
from me_augment.generation.fpb_fomm.weights import HEADER_KEY, Stored, fill, open_weights
from me_augment.manifest.store import publish, temporary_name

__all__ = [
    "Checkpoint",
    "Provenance",
    "TakenOver",
    "read_checkpoint",
    "read_provenance",
    "reference_checkpoint",
    "take_over",
    "write_checkpoint",
]

_FINGERPRINT = 12
# Of the reference's optimisers.
_LEARNING_RATE, _BETAS = 2e-4, (0.5, 0.999)


@dataclass(frozen=True)
class Checkpoint:
    """A model out of a file.

    Attributes:
        shape: sizes and conventions.
        model: on the CPU, in evaluation mode.
        discriminator: likewise; None where the file has none.
        provenance: who and what trained it.
        fingerprint: 12 hexadecimal digits of the file's SHA-256.
    """

    shape: Architecture
    model: Model
    discriminator: Discriminator | None
    provenance: Provenance
    fingerprint: str


def read_checkpoint(path: str | os.PathLike[str], saw: tuple[str, ...] | None = None) -> Checkpoint:
    """Read a checkpoint of either layout; nothing in it is executed.

    Args:
        path: `.safetensors` as `write_checkpoint` writes it, or `.pth.tar` of the reference implementation, whose
            sizes are read off its tensors.
        saw: who trained a reference checkpoint, which does not say (person ids; empty for nobody of any corpus). None
            assumes all of CASME II, SAMM and SMIC.

    Raises:
        UsageError: no such file or a foreign one, or `saw` is given for a file that says itself who trained it.
        MeAugmentError: the file is damaged, or its tensors make up no such model; names the keys.
    """
    stored = open_weights(Path(path))
    if stored.layout == "first-order-motion":
        raise MeAugmentError(
            f"{path} is a checkpoint of the general first-order motion model, with other key points and inputs, and "
            "makes no clips here: begin a training with it, `me-augment train --init`."
        )
    if stored.layout == "reference":
        shape, provenance = infer_architecture(stored.networks, stored.path), of_reference(saw)
    else:
        require_silent(stored, saw)
        shape, provenance = read_header(stored)
    return _built(stored, shape, provenance)


def read_provenance(path: str | os.PathLike[str]) -> tuple[Provenance, str]:
    """Who trained a checkpoint, and its fingerprint, without its weights where the layout allows; errors as above."""
    stored = open_weights(Path(path), header_only=True)
    provenance = read_header(stored)[1] if stored.layout == "own" else of_reference(None)
    return provenance, stored.sha256[:_FINGERPRINT]


def _built(stored: Stored, shape: Architecture, provenance: Provenance) -> Checkpoint:
    with torch.device("meta"):  # weights are about to be given to it: none need be drawn
        model = Model(shape)
    for name, part in (("kp_detector", model.kp_detector), ("generator", model.generator)):
        fill(part, stored.networks.get(name, {}), name, stored.path)
    discriminator = None
    if "discriminator" in stored.networks:
        with torch.random.fork_rng(devices=[]):
            discriminator = Discriminator(shape)
        fill(discriminator, stored.networks["discriminator"], "discriminator", stored.path)
        discriminator.eval()
    return Checkpoint(shape, model.eval(), discriminator, provenance, stored.sha256[:_FINGERPRINT])


def write_checkpoint(
    path: str | os.PathLike[str], model: Model, discriminator: Discriminator | None, provenance: Provenance
) -> None:
    """Write one safetensors file; equal content gives equal bytes, and the file appears whole or not at all.

    Its tensors are those of the state dicts, called `kp_detector.…`, `generator.…` and `discriminator.…`, without the
    counters of batch normalisation; its header holds one JSON text with format version, architecture and provenance.

    Raises:
        MeAugmentError: it cannot be written.
    """
    from safetensors.torch import save

    parts = {"kp_detector": model.kp_detector, "generator": model.generator, "discriminator": discriminator}
    tensors = {
        f"{name}.{key}": value
        for name, part in parts.items()
        if part is not None
        for key, value in _weights_of(part).items()
        if not key.endswith("num_batches_tracked")
    }
    content = save(tensors, {HEADER_KEY: header_of(model.shape, provenance)})
    _publish(Path(path), lambda handle: handle.write(content))


def reference_checkpoint(path: str | os.PathLike[str], model: Model, discriminator: Discriminator | None) -> None:
    """Write a model as the reference implementation saves one, so that its code loads it and can train on.

    All seven keys are there; the optimisers' states are those before a first step, the epoch is 0. Who trained the
    model has no place in that layout.

    Raises:
        UsageError: the model does not compute as the reference does, or lacks the discriminator.
        MeAugmentError: it cannot be written.
    """
    if not model.shape.conventions.compat:
        raise UsageError(
            "the model does not compute as the reference implementation, which would make other pictures with these "
            "weights: keep it as .safetensors."
        )
    if discriminator is None:
        raise UsageError("the checkpoint has no discriminator, and the reference implementation loads none without.")
    content: dict[str, Any] = {"epoch": 0}
    for name, part in (
        ("generator", model.generator),
        ("discriminator", discriminator),
        ("kp_detector", model.kp_detector),
    ):
        content[name] = _weights_of(part)
        optimiser = torch.optim.Adam(part.parameters(), lr=_LEARNING_RATE, betas=_BETAS)
        state = deepcopy(optimiser.state_dict())
        for group in state["param_groups"]:
            group["initial_lr"] = _LEARNING_RATE
        content[f"optimizer_{name}"] = state
    _publish(Path(path), lambda handle: torch.save(content, handle))


def _weights_of(part: nn.Module) -> dict[str, Tensor]:
    """The state dict on the CPU, in tensors of their own."""
    return {key: value.detach().to("cpu").contiguous().clone() for key, value in part.state_dict().items()}


def _publish(path: Path, write: Callable[[BinaryIO], object]) -> None:
    temporary = temporary_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as handle:
            write(handle)
        publish(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, RuntimeError) and isinstance(error.__context__, OSError):
            error = error.__context__  # torch writes an archive's end whatever happened before
        if isinstance(error, OSError):
            raise MeAugmentError(f"cannot write {path}: {error.strerror or error}.") from error
        raise
