"""What a generator is to the rest of the program, and how to get one by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import UsageError


class Animation(Protocol):
    """Frames of one synthetic clip, rendered as they are asked for; can be iterated once.

    Attributes:
        peak_displacement_px: largest displacement so far, target pixels; final once the frames are exhausted.
    """

    peak_displacement_px: float

    def __iter__(self) -> Iterator[NDArray[Any]]: ...


class Generator(Protocol):
    """Makes a target face perform a driver's expression.

    Attributes:
        name: as users name it, `warp`.
        version: changes whenever the same inputs would give other pixels.
        training_subjects: person ids whose data trained it; empty for one that was not trained.
    """

    name: str
    version: str
    training_subjects: tuple[str, ...]

    def observe(self, frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32]) -> Any:
        """Whatever the generator needs of a driver; computed once, passed to `animate` for every target."""
        ...

    def animate(
        self,
        observed: Any,
        target: NDArray[Any],
        landmarks: NDArray[np.float32],
        *,
        strength: float = 1.0,
        keep_head_motion: bool = False,
    ) -> Animation:
        """The target performing what was observed: as many frames as the driver has, the first the target itself.

        Args:
            observed: from `observe`.
            target: (H, W) gray or (H, W, 3) RGB, uint8 or uint16; frames come in the same form.
            landmarks: (68, 2), pixels of the target.
            strength: factor on the expression's displacement, 0 to `STRONGEST`; the head's is not scaled.
            keep_head_motion: also move the head as the driver's moved.
        """
        ...


GENERATORS = ("warp",)
# Factor on displacement beyond which a face folds over itself rather than moves.
STRONGEST = 4.0


def create_generator(name: str) -> Generator:
    """The generator called `name`; UsageError naming the known ones otherwise."""
    if name == "warp":
        from me_augment.generation.warp import WarpGenerator

        return WarpGenerator()
    raise UsageError(f"there is no generator {name!r}: choose one of {', '.join(GENERATORS)}.")
