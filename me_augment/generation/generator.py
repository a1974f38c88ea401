"""What a generator is to the rest of the program, and how to get one by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.generation.motion import Measure, measure_motion
from me_augment.words import choose

# Factor on displacement beyond which a face folds over itself rather than moves.
STRONGEST = 4.0


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """How an observed expression is to be performed; the default is as it was.

    Attributes:
        strength: factor on the expression's displacement, 0 to `STRONGEST`; the head's is not scaled.
        mirror: left and right exchanged.
        asymmetry: -1 to 1; the left side of the face that performs (in the picture mostly the right one) moves
            1 + asymmetry times as much, its right side 1 - asymmetry times.
        times: for each frame to be made the driver's frame to be shown, 0-based, fractions allowed, the first 0;
            None shows the driver's frames one by one.
        eyes: factor on blinks and shifts of gaze, 0 to 1; 0 leaves them out.
        shading: factor on the change of brightness that the expression brought (furrows, folds), 0 to 1; 0 carries
            motion only.
        keep_head_motion: also move the head as the driver's moved.
    """

    strength: float = 1.0
    mirror: bool = False
    asymmetry: float = 0.0
    times: tuple[float, ...] | None = None
    eyes: float = 0.0
    shading: float = 0.0
    keep_head_motion: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (
            ("strength", 0.0, STRONGEST),
            ("asymmetry", -1.0, 1.0),
            ("eyes", 0.0, 1.0),
            ("shading", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"{name} is {value:g}; it must lie between {low:g} and {high:g}.")
        if self.times is not None and not (self.times and self.times[0] == 0 and all(0 <= t < inf for t in self.times)):
            raise UsageError("the times of a rendition must begin with the driver's frame 0.")


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

    def framed(self, target: NDArray[Any], landmarks: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """The part of a target that the frames show, and its landmarks (68, 2) in their pixels."""
        ...

    def observe(
        self, frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32], measure: Measure = measure_motion
    ) -> Any:
        """Whatever the generator needs of a driver; computed once, passed to `animate` for every target.

        Args:
            frames: T >= 1 frames (H, W) or (H, W, 3), uint8 or uint16, the onset first.
            landmarks: (68, 2), of the first frame.
            measure: measures dense motion, or remembers it.
        """
        ...

    def animate(
        self,
        observed: Any,
        target: NDArray[Any],
        landmarks: NDArray[np.float32],
        rendition: Rendition = Rendition(),
    ) -> Animation:
        """The target performing what was observed: one frame per time asked for, the first the target itself.

        Args:
            observed: from `observe`.
            target: (H, W) gray or (H, W, 3) RGB, uint8 or uint16; frames come in the same form.
            landmarks: (68, 2), pixels of the target.
            rendition: how it is to be performed.
        """
        ...


GENERATORS = ("warp", "fpb-fomm")
PRECISIONS = ("fp32", "bf16", "fp16")
DRIVINGS = ("cleaned", "filmed")


@dataclass(frozen=True, kw_only=True)
class GeneratorChoice:
    """Which generator, and how it is to work.

    Attributes:
        name: one of `GENERATORS`; `warp` has none of the following.
        checkpoint: file with the weights of a learned generator.
        device: `cpu`, `cuda`, `cuda:N`, or `auto`: the first GPU where there is one.
        precision: of the drawing on a GPU, one of `PRECISIONS`; motion is always predicted in single precision.
        driving: what a learned generator is shown of the driver. `cleaned`: the driver's onset face performing what
            was measured, with head motion, blinks and noise left out, and every wish of the `Rendition` obeyed.
            `filmed`: its frames as they are, as in the paper; head motion and blinks are then performed too.
        paste_back: True gives the target's own frames, changed where the face moves; False gives the square that the
            network draws, its first frame included, as the paper does; the head is still in it unless `filmed`.
    """

    name: str = "warp"
    checkpoint: Path | None = None
    device: str = "auto"
    precision: str = "fp32"
    driving: str = "cleaned"
    paste_back: bool = True

    def __post_init__(self) -> None:
        for field, value, known in (
            ("generator", self.name, GENERATORS),
            ("precision", self.precision, PRECISIONS),
            ("driving", self.driving, DRIVINGS),
        ):
            if value not in known:
                raise UsageError(f"there is no {field} {value!r}: {choose(value, known)}")
        if self.name == "warp":
            if any(getattr(self, field.name) != field.default for field in fields(self) if field.name != "name"):
                raise UsageError(
                    "the generator warp has no checkpoint, device, precision, driving or paste-back: leave these out, "
                    "or say --generator fpb-fomm."
                )
        elif self.checkpoint is None:
            raise UsageError(
                f"the generator {self.name} needs --checkpoint FILE: a published one, or one made with "
                "`me-augment train`."
            )


def create_generator(choice: GeneratorChoice | str) -> Generator:
    """The generator that was chosen, or the one called so.

    Raises:
        UsageError: there is no such generator, or it needs what was not given.
        MeAugmentError: its checkpoint cannot be read.
    """
    if isinstance(choice, str):
        choice = GeneratorChoice(name=choice)
    if choice.name == "warp":
        from me_augment.generation.warp import WarpGenerator

        return WarpGenerator()
    from me_augment.generation.fpb_fomm.generator import FpbFommGenerator

    return FpbFommGenerator(choice)
