"""How well people whom the model never saw are made again, beside doing nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from me_augment.generation.fpb_fomm.model import Model
from me_augment.generation.fpb_fomm.motion_prediction import Motion
from me_augment.training.losses import Batch, liveliness, predicted_displacement

_AT_ONCE = 8
# What changed is shown so many times as strong.
_AMPLIFIED = 8


@dataclass(frozen=True)
class Figures:
    """Of the validation pairs; differences are mean absolute ones, of a range of 1.

    Attributes:
        l1: of the whole frame.
        moving_l1: weighted by how far each place of the face moves, relative to the liveliest one.
        correlation: of the predicted displacement with the measured one, over faces; None where none is predicted.
        gain: its strength; 1 is as measured.
    """

    l1: float
    moving_l1: float
    correlation: float | None = None
    gain: float | None = None


FIGURES = tuple(field.name for field in fields(Figures))


@torch.no_grad()
def predict(model: Model, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor]:
    """Frames (B, 3, H, W) and displacements (B, h, w, 2) of a batch's pairs, on the CPU, by a model in evaluation."""
    training = model.training
    model.eval()
    frames, moved = [], []
    for start in range(0, len(batch.source), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        picture, driving = batch.source[part].to(device), batch.driving[part].to(device)
        source = model.kp_detector(picture, batch.source_points[part].to(device))
        there = model.kp_detector(driving, batch.driving_points[part].to(device))
        motion: Motion
        prediction, motion = model.generator(picture, source, there)
        frames.append(prediction.cpu())
        moved.append(predicted_displacement(motion, picture).cpu())
    model.train(training)
    return torch.cat(frames), torch.cat(moved)


def figures(batch: Batch, prediction: Tensor, moved: Tensor | None) -> Figures:
    """Figures of predictions (B, 3, H, W) and predicted displacements (B, h, w, 2) for a batch's driving frames."""
    assert batch.displacement is not None
    assert batch.face is not None
    error = (prediction - batch.driving).abs().mean(1, keepdim=True)
    lively = liveliness(batch.displacement) * batch.face
    counts = functional.interpolate(lively, error.shape[-2:], mode="bilinear", align_corners=True)
    moving = (counts * error).sum((1, 2, 3)) / counts.sum((1, 2, 3)).clamp_min(1e-6)
    result = Figures(error.mean().item(), moving.mean().item())
    if moved is None:
        return result
    weight = batch.face[:, 0, :, :, None]
    both = (weight * moved * batch.displacement).sum()
    wanted, found = ((weight * field**2).sum() for field in (batch.displacement, moved))
    correlation = both / (wanted * found).sqrt().clamp_min(1e-12)
    return Figures(result.l1, result.moving_l1, correlation.item(), (both / wanted.clamp_min(1e-12)).item())


def write_sheet(path: Path, batch: Batch, prediction: Tensor) -> None:
    """PNG: source, driving frame, prediction, what truly changed and what the prediction changed, amplified."""
    rows = []
    for i in range(len(prediction)):
        source, driving, found = (_pixels(part[i]) for part in (batch.source, batch.driving, prediction))
        changes = [_pixels(0.5 + _AMPLIFIED * (part[i] - batch.source[i])) for part in (batch.driving, prediction)]
        rows.append(np.concatenate([source, driving, found, *changes], axis=1))
    _, data = cv2.imencode(".png", np.concatenate(rows)[..., ::-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())


def _pixels(picture: Tensor) -> np.ndarray:
    return (picture.clamp(0, 1) * 255).round().byte().movedim(0, -1).numpy()
