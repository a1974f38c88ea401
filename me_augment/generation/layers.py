"""What the painters of eyes and mouths share: colours read at positions, and layers laid over each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from me_augment.generation.resample import RefinedImage


def read(image: RefinedImage, x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float32]:
    """Colours (N, 3) at N positions."""
    return image.sample(x.astype(np.float32)[:, None], y.astype(np.float32)[:, None])[:, 0].astype(np.float32)


def blend(under: NDArray[np.floating], over: NDArray[np.floating], share: NDArray[np.floating]) -> NDArray[np.float32]:
    """Colours (N, 3) of one layer under another that covers the given share (N,), 0 to 1."""
    return (under + share[:, None] * (over - under)).astype(np.float32)
