"""Beginning a training with the weights of another model: taking over every part that fits, and saying what did not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from me_augment.errors import MeAugmentError
from me_augment.generation.fpb_fomm.architecture import COLOURS, KEY_POINTS
from me_augment.generation.fpb_fomm.discriminator import Discriminator
from me_augment.generation.fpb_fomm.header import read_header, require_silent
from me_augment.generation.fpb_fomm.model import Model
from me_augment.generation.fpb_fomm.provenance import Provenance, of_reference
from me_augment.generation.fpb_fomm.weights import open_weights

_DETECTOR_FIRST = "kp_detector.predictor.encoder.down_blocks.0.conv.weight"
_DENSE_FIRST = "generator.dense_motion_network.hourglass.encoder.down_blocks.0.conv.weight"
_MASK = "generator.dense_motion_network.mask"
_OCCLUSION = "generator.dense_motion_network.occlusion"
# How a key point moved, and the target moved so: what the dense motion sees of each key point, background first.
_GROUP = COLOURS + 1


@dataclass(frozen=True)
class TakenOver:
    """What became of a model's tensors, and of whom it knows now.

    Attributes:
        taken: names of those that came from the file; where only a part did, with that part: `….weight[:, :3]`.
        fresh: those that stay as they were initialised, likewise.
        provenance: of the file: who is to be kept out of the test of whatever is trained further. Nobody of an ME
            corpus for the general model, which is trained on other videos.
    """

    taken: tuple[str, ...]
    fresh: tuple[str, ...]
    provenance: Provenance


def take_over(
    model: Model,
    discriminator: Discriminator | None,
    path: str | os.PathLike[str],
    saw: tuple[str, ...] | None = None,
) -> TakenOver:
    """Give a new model every weight of a checkpoint that fits it.

    The file may be ours, a reference checkpoint, or one of the general first-order motion model (Siarohin et al.,
    NeurIPS 2019), whose detector sees no region mask and which finds its own, mostly ten, key points. Of its
    convolutions that see or weigh key points is taken:

    * the detector's first: the colours; the mask channel stays fresh. The heads, which belong to its own key points,
      stay fresh.
    * the first of the dense motion: background as it is; what it learned of its K key points is averaged, and given to
      each of our 18 times K/18, so that together they count as much as before.
    * the heads of the dense motion, which see the former's input again: the same on their inputs; of the mask's
      outputs the background's only.

    Where one model draws every pixel and the other only what changes, the last convolution stays fresh: it means
    something else. Spectral normalisation of a discriminator is resolved into its weights.

    Args:
        model, discriminator: changed in place, on whatever device.
        path: the checkpoint.
        saw: see `read_checkpoint`; of a general model too.

    Raises:
        UsageError: there is no such file, or `saw` is given for a file that says itself who trained it.
        MeAugmentError: it is damaged or foreign, or nothing in it fits.
    """
    stored = open_weights(Path(path))
    source = {
        f"{network}.{key}": value
        for network, tensors in stored.networks.items()
        for key, value in _without_spectral_norm(tensors).items()
    }
    own: dict[str, Tensor] = dict(model.state_dict())
    if discriminator is not None:
        own |= {f"discriminator.{key}": value for key, value in discriminator.state_dict().items()}
    if stored.layout == "own":
        require_silent(stored, saw)
        shape, provenance = read_header(stored)
        output = shape.conventions.output
    else:
        nobody = stored.layout == "first-order-motion" and saw is None
        output, provenance = "direct", of_reference(() if nobody else saw)
    # What the other dense motion is shown; its heads see that too, after what the hourglass found.
    shown = source[_DENSE_FIRST].shape[1] if source.get(_DENSE_FIRST, torch.empty(0)).ndim == 4 else 0
    taken, fresh = [], []
    with torch.no_grad():
        for name, mine in own.items():
            if name.endswith(("num_batches_tracked", "down.weight")):
                continue  # counters that nothing reads, and constants
            theirs = source.get(name)
            if name.startswith("generator.final.") and model.shape.conventions.output != output:
                theirs = None
            if theirs is None:
                fresh.append(name)
            elif theirs.shape == mine.shape:
                mine.copy_(theirs)
                taken.append(name)
            elif stored.layout == "first-order-motion":
                came, stayed = _take_part(name, mine, theirs, shown)
                taken += [f"{name}{part}" for part in came]
                fresh += [f"{name}{part}" for part in stayed]
            else:
                fresh.append(name)
    if not taken:
        raise MeAugmentError(
            f"nothing in {path} fits the model that is to be trained: their sizes differ. Train one of the "
            "checkpoint's sizes (`me-augment checkpoint inspect`), or without --init."
        )
    return TakenOver(tuple(taken), tuple(fresh), provenance)


def _take_part(name: str, mine: Tensor, theirs: Tensor, shown: int) -> tuple[list[str], list[str]]:
    """Copy the part of a tensor that fits, see `take_over`; tells which part came and which stayed."""
    if name == _DETECTOR_FIRST and theirs.shape[1] == COLOURS and _same_but_inputs(mine, theirs):
        mine[:, :COLOURS].copy_(theirs)
        return [f"[:, :{COLOURS}]"], [f"[:, {COLOURS}:]"]
    if name == f"{_MASK}.bias" and theirs.ndim == 1:
        mine[:1].copy_(theirs[:1])
        return ["[:1]"], ["[1:]"]
    if name not in (_DENSE_FIRST, f"{_OCCLUSION}.weight", f"{_MASK}.weight"):
        return [], [""]
    rows = 1 if name == f"{_MASK}.weight" else len(mine)
    features = mine.shape[1] - (KEY_POINTS + 1) * _GROUP
    fits = theirs.ndim == 4 and theirs.shape[1] == features + shown and _same_but_inputs(mine[:rows], theirs[:rows])
    if not fits or shown < 2 * _GROUP or shown % _GROUP:
        return [], [""]
    _take_groups(mine[:rows], theirs[:rows], features)
    out, end = ":" if rows == len(mine) else f":{rows}", features + _GROUP
    return [f"[{out}, :{end}]", f"[{out}, {end}:] (mean over key points)"], [f"[{rows}:]"] if rows < len(mine) else []


def _same_but_inputs(mine: Tensor, theirs: Tensor) -> bool:
    return theirs.ndim == 4 and (mine.shape[0], *mine.shape[2:]) == (theirs.shape[0], *theirs.shape[2:])


def _take_groups(mine: Tensor, theirs: Tensor, features: int) -> None:
    """Inputs of a convolution: `features` channels, the background's, then those of the key points."""
    start = features + _GROUP
    mine[:, :start].copy_(theirs[:, :start])
    points = theirs[:, start:].unflatten(1, (-1, _GROUP))
    mean = points.mean(1) * (points.shape[1] / KEY_POINTS)
    mine[:, start:].copy_(mean.repeat(1, KEY_POINTS, 1, 1))


def _without_spectral_norm(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights divided by their largest singular value, as u and v, which are stored with them, give it."""
    plain = dict(tensors)
    for key in tensors:
        if key.endswith(".weight_orig"):
            name = key.removesuffix("_orig")
            weight, left, right = plain.pop(key), plain.pop(f"{name}_u", None), plain.pop(f"{name}_v", None)
            if left is not None and right is not None:
                plain[name] = weight / torch.dot(left, weight.flatten(1) @ right)
    return plain
