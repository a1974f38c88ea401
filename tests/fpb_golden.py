"""What the reference gave, and the model with its weights."""

from functools import cache
from pathlib import Path

import numpy as np
import torch

from me_augment.generation.fpb_fomm.architecture import REFERENCE, Architecture, Conventions, Pyramid
from me_augment.generation.fpb_fomm.checkpoint import read_checkpoint
from me_augment.generation.fpb_fomm.discriminator import Discriminator
from me_augment.generation.fpb_fomm.model import Model

DATA = Path(__file__).parent / "data" / "fpb_fomm"
CHECKPOINT = DATA / "tiny_checkpoint.pth.tar"


def tiny(conventions: Conventions = REFERENCE, **changes) -> Architecture:
    """The small configuration of the numbers."""
    sizes = dict(
        detector=Pyramid(expansion=8, most=32, blocks=5),
        dense_motion=Pyramid(expansion=8, most=32, blocks=3),
        generator=Pyramid(expansion=8, most=32, blocks=2),
        bottleneck_blocks=2,
        discriminator=Pyramid(expansion=8, most=32, blocks=4),
    )
    return Architecture(conventions=conventions, **(sizes | changes))


@cache
def numbers() -> dict[str, np.ndarray]:
    """All arrays by name."""
    with np.load(DATA / "golden_tiny.npz") as file:
        return dict(file)


def weights() -> dict[str, dict]:
    """The checkpoint as it lies."""
    return torch.load(CHECKPOINT, weights_only=True, map_location="cpu")


def models(shape: Architecture | None = None) -> tuple[Model, Discriminator]:
    """The networks with the reference's weights, in evaluation mode; of the shape that the loader finds, or another."""
    found = read_checkpoint(CHECKPOINT)
    assert found.discriminator is not None
    if shape is None:
        return found.model, found.discriminator
    model, discriminator = Model(shape), Discriminator(shape)
    model.load_state_dict(found.model.state_dict())
    discriminator.load_state_dict(found.discriminator.state_dict())
    return model.eval(), discriminator.eval()


def picture(name: str) -> torch.Tensor:
    """An array (…, H, W, 3) uint8 as (B, 3, H, W) float32 in [0, 1]."""
    values = numbers()[name].astype(np.float32) / np.float32(255)
    return torch.from_numpy(values.reshape(-1, *values.shape[-3:])).movedim(-1, -3)


def tensor(name: str) -> torch.Tensor:
    """An array as it is."""
    return torch.from_numpy(numbers()[name])
