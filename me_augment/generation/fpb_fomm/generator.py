"""The `fpb-fomm` generator: the paper's three networks behind the protocol that all generators share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.face.geometry import apply_affine, compose, crop, fit_similarity, invert_affine, require_face
from me_augment.face.prior import prior_points
from me_augment.generation.fpb_fomm.blocks import identity_grid
from me_augment.generation.fpb_fomm.checkpoint import read_checkpoint
from me_augment.generation.fpb_fomm.crop import face_crop
from me_augment.generation.fpb_fomm.driving import Driving, Observed, cleaned, filmed
from me_augment.generation.fpb_fomm.inference import Renderer
from me_augment.generation.fpb_fomm.motion_prediction import KeyPoints
from me_augment.generation.fpb_fomm.paste_back import PasteBack
from me_augment.generation.generator import GeneratorChoice, Rendition
from me_augment.generation.motion import DriverMotion, Measure, measure_motion
from me_augment.generation.warp import face_mask, head_reach

VERSION = "1"


class FpbFommGenerator:
    """`Generator` whose networks draw the frames.

    Attributes:
        version: of the arithmetic, and which checkpoint.
    """

    name = "fpb-fomm"

    def __init__(self, choice: GeneratorChoice) -> None:
        assert choice.checkpoint is not None
        checkpoint = read_checkpoint(choice.checkpoint)
        self.version = f"{VERSION}+{checkpoint.fingerprint}"
        self.training_subjects = checkpoint.provenance.training_subjects
        self._choice, self._shape = choice, checkpoint.shape
        self._renderer = Renderer(checkpoint.model, device=choice.device, precision=choice.precision)

    def framed(self, target: NDArray[Any], landmarks: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """See `Generator.framed`: all of it, or without `paste_back` the square that the networks see."""
        if self._choice.paste_back:
            return target, landmarks
        matrix = face_crop(landmarks, self._shape)
        return crop(target, matrix, self._shape.size), apply_affine(matrix, landmarks).astype(np.float32)

    def observe(
        self, frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32], measure: Measure = measure_motion
    ) -> Observed:
        """See `Generator.observe`. Networks that find all motion in the frames as filmed need no measurement."""
        as_filmed = self._choice.driving == "filmed"
        needless = as_filmed and not self._shape.conventions.track
        motion = None if needless else measure(frames, landmarks)
        return Observed(frames[0], landmarks, motion, tuple(frames) if as_filmed else None)

    def animate(
        self,
        observed: Observed | DriverMotion,
        target: NDArray[Any],
        landmarks: NDArray[np.float32],
        rendition: Rendition = Rendition(),  # noqa: B008 - it is frozen
    ) -> FpbFommAnimation:
        """See `Generator.animate`. Motion without a driver is performed by the target itself for the networks to see.

        Raises:
            MeAugmentError: the landmarks are not those of a face.
            UsageError: a wish that a driver as filmed, or the square that the networks draw, cannot obey.
        """
        require_face(landmarks, target.shape)
        choice = self._choice
        if rendition.keep_head_motion and choice.driving == "cleaned" and not choice.paste_back:
            raise UsageError(
                "the head is still in the square that the network draws of a cleaned driver: leave out "
                "--keep-head-motion or --no-paste-back, or say --driving filmed."
            )
        if isinstance(observed, DriverMotion):
            if choice.driving == "filmed":
                raise UsageError("action units were never filmed: leave out --driving filmed.")
            observed = Observed(target, landmarks, observed, None)
        matrix = face_crop(landmarks, self._shape)
        show = cleaned if observed.frames is None else filmed
        driving = show(observed, rendition, apply_affine(matrix, landmarks).astype(np.float32), self._shape)
        # Frames as filmed move the whole head by the networks' motion.
        face = face_mask(landmarks, target.shape[:2]) if observed.frames is None else None
        return FpbFommAnimation(self._renderer, target, landmarks, driving, face, paste_back=choice.paste_back)


class FpbFommAnimation:
    """See `Animation`; without `paste_back` the frames are (S, S[, 3]) and the first is drawn like the others."""

    def __init__(
        self,
        renderer: Renderer,
        target: NDArray[Any],
        landmarks: NDArray[np.float32],
        driving: Driving,
        face: NDArray[np.float32] | None,
        *,
        paste_back: bool,
    ) -> None:
        self.peak_displacement_px = 0.0
        self._renderer, self._target, self._landmarks = renderer, target, landmarks
        self._driving, self._face, self._paste_back = driving, face, paste_back

    def __iter__(self) -> Iterator[NDArray[Any]]:
        shape = self._renderer.shape
        gray = shape.conventions.compat  # published weights saw gray faces only
        matrix = face_crop(self._landmarks, shape)
        picture = _tensor(crop(self._target, matrix, shape.size)[None], gray)
        points = prior_points(apply_affine(matrix, self._landmarks))
        target = self._renderer.encode(picture, torch.from_numpy(points)[None])
        driving = self._renderer.key_points(_tensor(self._driving.frames, gray), torch.from_numpy(self._driving.points))
        onset = KeyPoints(driving.value[:1], driving.jacobian[:1])
        if shape.conventions.track:
            # The way that the points of the target go, not the driver's: faces differ.
            moved = torch.from_numpy(self._driving.moved).to(driving.value) * 2 / (shape.size - 1)
            driving = KeyPoints(onset.value + moved, driving.jacobian)
        heads = self._heads()
        reach = None if heads is None else head_reach(self._landmarks, self._target.shape[:2])
        paste: PasteBack | None = None
        made = 0
        for drawn, deformation in self._renderer.frames(target, driving, onset):
            height, width = deformation.shape[1:3]
            shifts = (deformation - identity_grid(height, width, deformation)) * ((shape.size - 1) / 2)
            for picture_drawn, shift in zip(drawn.movedim(1, -1).numpy(), shifts.numpy(), strict=True):
                if paste is None:
                    paste = PasteBack(self._target, matrix, shape.size, self._face, gray, picture_drawn, reach)
                    yield self._target.copy() if self._paste_back else self._plain(picture_drawn)
                    continue
                made += 1
                frame = paste(picture_drawn, shift, None if heads is None else heads[made])
                self.peak_displacement_px = paste.peak_displacement_px
                yield frame if self._paste_back else self._plain(picture_drawn)

    def _heads(self) -> NDArray[np.float64] | None:
        """Where the head is in each frame, (T, 2, 3), as similarities of the target's pixels."""
        if self._driving.heads is None or self._driving.landmarks is None:
            return None
        onto = fit_similarity(self._driving.landmarks, self._landmarks)
        back = invert_affine(onto)
        return np.stack([compose(onto, compose(head, back)) for head in self._driving.heads])

    def _plain(self, drawn: NDArray[np.float32]) -> NDArray[Any]:
        """What was drawn, in the target's form."""
        top = np.iinfo(self._target.dtype).max
        values = cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY) if self._target.ndim == 2 else drawn
        return np.clip(np.rint(values * top), 0, top).astype(self._target.dtype)


def _tensor(frames: NDArray[Any], gray: bool) -> torch.Tensor:
    """Frames (T, S, S) or (T, S, S, 3), integers, as (T, 3, S, S) float32 in [0, 1]."""
    values = frames.astype(np.float32) / np.float32(np.iinfo(frames.dtype).max)
    if values.ndim == 4 and gray:
        values = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in values])
    if values.ndim == 3:
        values = np.repeat(values[..., None], 3, axis=-1)
    return torch.from_numpy(values).movedim(-1, 1)
