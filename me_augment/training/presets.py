"""Settings to begin with: three sizes of network, two conventions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from me_augment.errors import UsageError
from me_augment.generation.fpb_fomm.architecture import MENDED, REFERENCE, Architecture, Pyramid
from me_augment.training.losses import LossWeights
from me_augment.training.settings import Epochs, TrainingSettings
from me_augment.words import choose

# What small motion asks for. The value of equivariance reaches no weight (see `LossWeights`); identity is 0 by the form
# of a residual output.
_SMALL_MOTION = LossWeights(
    equivariance_value=0.0, reconstruction=20.0, region=1.0, amplitude=4.0, temporal=10.0, motion=5.0, strength=1.0
)
_SIZES: dict[str, dict[str, Any]] = {
    "published": {},
    "compact": dict(
        size=128,
        detector=Pyramid(expansion=16, most=128, blocks=4),
        dense_motion=Pyramid(expansion=16, most=128, blocks=4),
        generator=Pyramid(expansion=16, most=128, blocks=2),
        bottleneck_blocks=2,
        discriminator=Pyramid(expansion=8, most=64, blocks=4),
    ),
    "tiny": dict(
        size=32,
        detector=Pyramid(expansion=4, most=8, blocks=2),
        dense_motion=Pyramid(expansion=4, most=8, blocks=2),
        generator=Pyramid(expansion=4, most=8, blocks=1),
        bottleneck_blocks=1,
        discriminator=Pyramid(expansion=4, most=8, blocks=2),
    ),
}
# Steps, batch, and steps between checkpoints of a mended model.
_LENGTHS = {"published": (50_000, 8, 2000), "compact": (1000, 4, 100), "tiny": (20, 2, 5)}
PRESETS = tuple(_SIZES)
CONVENTIONS = ("mended", "reference")


def preset(size: str, conventions: str) -> TrainingSettings:
    """The settings called so; UsageError naming the known ones otherwise.

    `reference` computes and trains as the published implementation does. Its networks take pictures of 256 x 256 only.
    """
    if size not in PRESETS:
        raise UsageError(f"there is no preset {size!r}: {choose(size, PRESETS)}")
    if conventions not in CONVENTIONS:
        raise UsageError(f"there are no conventions {conventions!r}: choose {' or '.join(CONVENTIONS)}.")
    matching = (10.0,) * (2 if size == "tiny" else 4)
    steps, batch, every = _LENGTHS[size]
    if conventions == "reference":
        shape = Architecture(conventions=REFERENCE, **{**_SIZES[size], "size": 256})
        weights = LossWeights(feature_matching=matching)
        if size == "published":
            epochs = Epochs(number=100, repeats=50, checkpoint=50)
            return TrainingSettings(shape=shape, weights=weights, epochs=epochs, gray=True)
        return TrainingSettings(
            shape=shape, weights=weights, steps=steps, batch_size=batch, gray=True,
            checkpoint_every=every, validate_every=every,
        )  # fmt: skip
    return TrainingSettings(
        shape=Architecture(conventions=MENDED, **_SIZES[size]),
        weights=replace(_SMALL_MOTION, feature_matching=matching),
        steps=steps,
        batch_size=batch,
        clip=100.0,
        ema=0.99 if size != "published" else 0.999,
        still=0.1,
        checkpoint_every=every,
        validate_every=every,
    )
