"""A whole model: its networks together."""

from __future__ import annotations

import torch
from torch import nn

from me_augment.generation.fpb_fomm.architecture import Architecture
from me_augment.generation.fpb_fomm.discriminator import Discriminator
from me_augment.generation.fpb_fomm.expression_generation import ExpressionGenerator
from me_augment.generation.fpb_fomm.motion_prediction import KeyPointDetector


class Model(nn.Module):
    """The networks that make a clip.

    Attributes:
        shape: sizes and conventions.
        kp_detector, generator: named as in reference checkpoints.
    """

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.kp_detector = KeyPointDetector(shape)
        self.generator = ExpressionGenerator(shape)


def new_model(shape: Architecture, seed: int) -> tuple[Model, Discriminator]:
    """An untrained model and its adversary; the same seed gives the same weights, whatever was drawn before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Model(shape), Discriminator(shape)


def parameters_of(module: nn.Module) -> int:
    """Number of trainable values."""
    return sum(parameter.numel() for parameter in module.parameters())
