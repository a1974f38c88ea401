"""Augmentation of clips that keeps their frames together: parameters are drawn once, applied to all, and replayable."""

from me_augment.transforms.chain import Chain, from_json
from me_augment.transforms.geometric import Affine, Flip
from me_augment.transforms.photometric import Blur, BrightnessContrast, Gamma, HueSaturation, Jpeg, Noise

__all__ = [
    "Affine",
    "Blur",
    "BrightnessContrast",
    "Chain",
    "Flip",
    "Gamma",
    "HueSaturation",
    "Jpeg",
    "Noise",
    "from_json",
]
