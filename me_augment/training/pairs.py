"""Which pairs of frames a step sees: a function of seed and step alone, so that a resumed run sees the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from me_augment.training.clips import TrainingClip
from me_augment.training.equivariance import Distortion
from me_augment.training.losses import Batch
from me_augment.training.settings import TrainingSettings

# Key point i of a picture flipped left to right is key point MIRRORED[i] of the picture.
MIRRORED = np.array([1, 0, 2, 5, 6, 3, 4, 8, 7, 11, 10, 9, 13, 12, 15, 14, 17, 16])
# A frame's chance beside that of the liveliest one of its clip, however little moves in it.
_LEAST_CHANCE = 0.1


@dataclass(frozen=True)
class Pair:
    """Two frames of a clip, and what is done to both.

    Attributes:
        clip: number among the training clips.
        source, driving: numbers of the frames.
        mirror: both flipped left to right.
        hue: shift of their hue, of a circle of 1.
        affine: (2, 3), and `bend`: (P, 1 or 2), the distortion for equivariance.
    """

    clip: int
    source: int
    driving: int
    mirror: bool
    hue: float
    affine: NDArray[np.float64]
    bend: NDArray[np.float64]


class Pairs:
    """The batches of a run.

    Args:
        clips: to train from.
        settings: seed, batch size, augmentation.
    """

    def __init__(self, clips: Sequence[TrainingClip], settings: TrainingSettings) -> None:
        self.clips = clips
        self.settings = settings
        self.compat = settings.shape.conventions.compat

    def batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """The share of one of `world` processes in the batch of a step."""
        each = self.settings.batch_size // world
        return self.collated([self.pair(step, index) for index in range(rank * each, (rank + 1) * each)])

    def pair(self, step: int, index: int) -> Pair:
        """Pair `index` of a step.

        Clips come in shuffled turns. Frames of a model that computes as the reference are two drawn at random, in the
        order of time. Otherwise the source is the onset and the driving frame is drawn the likelier the more moves in
        it; where change over time is trained, pairs 2n and 2n + 1 show neighbouring frames of one clip alike.
        """
        settings = self.settings
        together = 2 if settings.weights.temporal else 1
        number, second = divmod(index, together)
        per_step = -(-settings.batch_size // together)
        turn, place = divmod(step * per_step + number, len(self.clips))
        order = np.random.default_rng([settings.seed, 0, turn]).permutation(len(self.clips))
        which = int(order[place])
        rng = np.random.default_rng([settings.seed, 1, step, number])
        source, driving = self._frames(self.clips[which], rng, second)
        # All is drawn whether it is used or not: no setting changes what another draws.
        swap, flip = rng.random(2) < 0.5
        hue = float(rng.uniform(-settings.hue, settings.hue))
        affine = np.eye(2, 3) + settings.sigma_affine * rng.standard_normal((2, 3))
        bend = settings.sigma_tps * rng.standard_normal((settings.points_tps**2, 1 if self.compat else 2))
        if swap and settings.time_flip:
            source, driving = driving, source
        mirror = bool(flip and settings.mirror and not (swap and settings.time_flip))
        return Pair(which, source, driving, mirror, hue, affine, bend)

    def _frames(self, clip: TrainingClip, rng: np.random.Generator, second: int) -> tuple[int, int]:
        frames = len(clip.frames)
        if self.compat:
            first, last = sorted(rng.integers(frames, size=2))
            return int(first), int(last)
        still = rng.random() < self.settings.still
        chances = np.asarray(clip.amplitude, np.float64) + _LEAST_CHANCE * max(float(clip.amplitude.max()), 1e-3)
        chances[0] = 0
        driving = 0 if still else int(rng.choice(frames, p=chances / chances.sum()))
        if second:
            driving += 1 if driving + 1 < frames else -1
        return 0, driving

    def collated(self, pairs: Sequence[Pair]) -> Batch:
        """The frames of some pairs, augmented, as a batch on the CPU."""
        seen = [self._seen(pair) for pair in pairs]
        stacked = (torch.from_numpy(np.stack(part)) for part in zip(*seen, strict=True))
        source, driving, points, moved, displacement, face = stacked
        return Batch(
            source=source.movedim(-1, 1).contiguous(),
            driving=driving.movedim(-1, 1).contiguous(),
            source_points=points,
            driving_points=moved,
            displacement=None if self.compat else displacement,
            face=None if self.compat else face[:, None],
            distortion=Distortion(
                torch.from_numpy(np.stack([pair.affine for pair in pairs])).float(),
                torch.from_numpy(np.stack([pair.bend for pair in pairs])).float(),
            ),
        )

    def _seen(self, pair: Pair) -> tuple[NDArray[np.float32], ...]:
        clip = self.clips[pair.clip]
        frames = [_shifted_hue(clip.frames[t], pair.hue) for t in (pair.source, pair.driving)]
        points = [np.asarray(clip.points[t]) for t in (pair.source, pair.driving)]
        # One of the two is the onset, or both are: the field between them was measured.
        field = clip.backward[pair.driving] if pair.source == 0 else clip.forward[pair.source]
        arrays = [*frames, *points, np.asarray(field), np.asarray(clip.face)]
        if not pair.mirror:
            return tuple(arrays)
        flipped = [frame[:, ::-1] for frame in frames]
        # The reference flips pictures and forgets the points.
        points = points if self.compat else [mirror_points(part, clip.frames.shape[2]) for part in points]
        field = field[:, ::-1] * np.array([-1, 1], np.float32)
        return tuple(np.ascontiguousarray(part) for part in (*flipped, *points, field, clip.face[:, ::-1]))


def mirror_points(points: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """18 key points (18, 2) of a picture `width` pixels wide flipped left to right: moved, names exchanged."""
    flipped = np.array(points)
    flipped[:, 0] = width - 1 - flipped[:, 0]
    return flipped[MIRRORED]


def validation_batch(clips: Sequence[TrainingClip], settings: TrainingSettings) -> Batch:
    """The liveliest frame of every clip and one half as lively, each beside its onset; as filmed."""
    pairs = Pairs(clips, settings)
    same = (np.eye(2, 3), np.zeros((settings.points_tps**2, 1 if pairs.compat else 2)))
    chosen = []
    for number, clip in enumerate(clips):
        most = int(np.argmax(clip.amplitude))
        half = int(np.argmin(np.abs(clip.amplitude - clip.amplitude[most] / 2)))
        chosen += [Pair(number, 0, frame, False, 0.0, *same) for frame in sorted({most, half})]
    batch = pairs.collated(chosen)
    if batch.displacement is None:  # the figures need it, though the reference's losses do not
        fields = np.stack([clips[pair.clip].backward[pair.driving] for pair in chosen])
        faces = np.stack([clips[pair.clip].face for pair in chosen])
        batch = batch._replace(displacement=torch.from_numpy(fields), face=torch.from_numpy(faces)[:, None])
    return batch


def _shifted_hue(frame: NDArray[np.uint8], shift: float) -> NDArray[np.float32]:
    """(S, S, 3) uint8 → float32 in [0, 1], its hue turned by `shift` of a circle. Gray stays gray."""
    picture = np.asarray(frame, np.float32) / np.float32(255)
    if not shift:
        return picture
    # In floating point: hue and saturation in 8 bits would step where a faint motion is smooth.
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + np.float32(360 * shift)) % np.float32(360)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
