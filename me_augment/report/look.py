"""How a clip is looked at: its face upright, frame by frame, and views that make its small motion visible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.face.face_box import as_rgb8
from me_augment.face.geometry import alignment, crop
from me_augment.flow.field import apex_flow
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.showing import Hidden
from me_augment.video import open_frames
from me_augment.video.recording import open_recording

AMPLIFICATION = 8
"""Factor on differences."""
# The aligned crop of the recognisers is tight; a person also wants to see the chin and the rim of the face.
_WIDER = 0.8
# Motion of so many pixels gets the fullest colour unless more is said: noise must not look like motion.
_LEAST_SCALE_PX = 0.5


@dataclass(frozen=True)
class Footage:
    """Frames of a clip as they are stored.

    Attributes:
        clip: whose they are.
        frames: T arrays, as the recording has them.
        positions: T frame numbers, from 0 at the onset, rising; onset, apex and offset are among them.
        apex: where in `frames` it is; the middle where the manifest knows none.
        fps: frames a second of the recording, None where it is not known.
    """

    clip: Clip
    frames: Sequence[NDArray[Any]]
    positions: tuple[int, ...]
    apex: int
    fps: Fraction | None


@dataclass(frozen=True)
class Look:
    """What is seen of a clip.

    Attributes:
        frames: (T, S, S, 3) uint8 RGB, all cropped by the onset's landmarks: the crop adds no motion.
        positions: T frame numbers, from 0 at the onset, rising; onset, apex and offset are among them.
        onset, apex, offset: where in `frames` they are; the apex is the middle where the manifest knows none.
        fps: frames a second of the recording, None where it is not known.
    """

    frames: NDArray[np.uint8]
    positions: tuple[int, ...]
    onset: int
    apex: int
    offset: int
    fps: Fraction | None


def footage_of(manifest: Manifest, clip: Clip, hidden: Hidden, most: int = 40) -> Footage:
    """Read a clip from onset to offset.

    Args:
        manifest: holds the clip's recording.
        clip: whose onset and offset are known.
        hidden: who must never be shown.
        most: frames; of a longer clip as many, evenly spread.

    Raises:
        MeAugmentError: the clip must never be shown, has no span, or its frames cannot be read.
    """
    if not hidden.may_show(clip):
        raise MeAugmentError(f"{clip.name}: who is seen there must never be shown; leave this clip out.")
    if clip.recording_id is None or clip.onset_index is None or clip.offset_index is None:
        raise MeAugmentError(f"{clip.name}: its onset and offset are not known, so there is nothing to show.")
    last = clip.offset_index - clip.onset_index
    apex = last // 2 if clip.apex_index is None else clip.apex_index - clip.onset_index
    spread = np.rint(np.linspace(0, last, min(last + 1, most))).astype(int).tolist()
    positions = tuple(sorted({*spread, apex}))
    recording = manifest.recording_of[clip.recording_id]
    frames = list(open_recording(manifest, recording).read([clip.onset_index + p for p in positions]))
    rate = Fraction(recording.fps_num, recording.fps_den or 1) if recording.fps_num else None
    return Footage(clip, frames, positions, positions.index(apex), rate)


def look_of(footage: Footage, side: int = 160) -> Look:
    """What a person sees of it: `side` pixels a picture; without landmarks the whole frame, with white bands."""
    framed, last = _framed(footage.clip, side), len(footage.frames) - 1
    frames = np.stack([framed(frame) for frame in footage.frames])
    return Look(frames, footage.positions, 0, footage.apex, last, footage.fps)


def look_at(manifest: Manifest, clip: Clip, hidden: Hidden, side: int = 160, most: int = 40) -> Look:
    """`look_of` of `footage_of`; raises as this does."""
    return look_of(footage_of(manifest, clip, hidden, most), side)


def look_at_file(path: Path, side: int = 160, most: int = 40) -> Look:
    """Read a video, a folder of frames or a picture that no manifest knows: whole frames, the middle as apex.

    Raises:
        UsageError: it is not there, or of no known kind.
        VideoError: it is damaged.
    """
    source = open_frames(path)
    last = len(source) - 1
    positions = tuple(sorted({*np.rint(np.linspace(0, last, min(last + 1, most))).astype(int).tolist(), last // 2}))
    frames = [_whole(frame, side) for frame in source.read(positions)]
    return Look(np.stack(frames), positions, 0, positions.index(last // 2), len(positions) - 1, source.fps)


def amplified_difference(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.uint8]:
    """Mid grey plus `AMPLIFICATION` times (second - first), for frames of equal shape and dtype."""
    scale = 255.0 / np.iinfo(first.dtype).max
    difference = (second.astype(np.float32) - first.astype(np.float32)) * scale
    return np.clip(128 + AMPLIFICATION * difference, 0, 255).astype(np.uint8)


def differences(look: Look) -> NDArray[np.uint8]:
    """`amplified_difference` of every frame from the onset's, (T, S, S, 3) uint8."""
    return np.stack([amplified_difference(look.frames[look.onset], frame) for frame in look.frames])


def flows(look: Look) -> NDArray[np.float32]:
    """Motion of every frame since the onset, (T, S, S, 2) float32, pixels of the pictures; the onset's is 0."""
    onset = look.frames[look.onset]
    return np.stack([
        np.zeros((*onset.shape[:2], 2), np.float32) if index == look.onset else apex_flow(onset, frame)
        for index, frame in enumerate(look.frames)
    ])  # fmt: skip


def flow_scale(*fields: NDArray[np.floating]) -> float:
    """Motion, pixels, that deserves the fullest colour: the 99.5th percentile over all fields (..., 2), at least 0.5.

    Clips that are compared share one scale.
    """
    lengths = [np.percentile(np.hypot(field[..., 0], field[..., 1]), 99.5) for field in fields]
    return max(_LEAST_SCALE_PX, *(float(length) for length in lengths))


def flow_colours(field: NDArray[np.floating], scale: float) -> NDArray[np.uint8]:
    """Motion (..., 2) as colour (..., 3) uint8 RGB: hue says where to (red: to the right), white stands still.

    After the colour wheel of Baker et al. (IJCV 2011), here in HSV; saturated from `scale` pixels on.
    """
    u, v = np.asarray(field[..., 0], np.float32).ravel(), np.asarray(field[..., 1], np.float32).ravel()
    degrees = np.degrees(np.arctan2(v, u)) % 360
    saturation = np.clip(255 * np.hypot(u, v) / scale, 0, 255)
    # OpenCV counts hue in steps of two degrees.
    hsv = np.stack([np.rint(degrees / 2) % 180, np.rint(saturation), np.full_like(u, 255)], axis=-1)
    rgb = cv2.cvtColor(hsv.astype(np.uint8)[None], cv2.COLOR_HSV2RGB)
    return rgb.reshape(*field.shape[:-1], 3)


def _framed(clip: Clip, side: int) -> Callable[[NDArray[Any]], NDArray[np.uint8]]:
    """From frames of a clip to pictures."""
    if clip.landmarks is None:
        return lambda frame: _whole(frame, side)
    matrix = alignment(np.asarray(clip.landmarks, np.float64).reshape(68, 2), side)
    centre = np.full(2, (side - 1) / 2)
    wider = np.column_stack([_WIDER * matrix[:, :2], _WIDER * (matrix[:, 2] - centre) + centre])
    return lambda frame: as_rgb8(crop(frame, wider, side))


def _whole(frame: NDArray[Any], side: int) -> NDArray[np.uint8]:
    scale = side / max(frame.shape[:2])
    height, width = (max(1, round(scale * extent)) for extent in frame.shape[:2])
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = cv2.resize(as_rgb8(frame), (width, height), interpolation=smooth)
    below, right = side - height, side - width
    bands = (below // 2, below - below // 2, right // 2, right - right // 2)
    return cv2.copyMakeBorder(picture, *bands, cv2.BORDER_CONSTANT, value=(255, 255, 255))
