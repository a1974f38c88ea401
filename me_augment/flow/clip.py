"""The motion of a clip between two of its labelled frames, on an aligned crop of the face."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.face.geometry import aligned_crop
from me_augment.manifest import Clip, Manifest
from me_augment.video.recording import open_recording

CROP = 128
"""Side of the face-aligned crops that the flow is measured on, pixels."""
Part = Literal["onset-apex", "apex-offset"]
"""Between which frames."""


@dataclass(frozen=True)
class ClipFlow:
    """The motion of a clip.

    Attributes:
        flow: (CROP, CROP, 2) float32: u to the right, v down, pixels of the crop.
        maps: (3, size, size) float32: u, v (pixels of the crop) and strain.
    """

    flow: NDArray[np.float32]
    maps: NDArray[np.float32]

    @property
    def peak(self) -> float:
        """Largest displacement, pixels of the crop."""
        return float(np.hypot(self.flow[..., 0], self.flow[..., 1]).max())


def crops(manifest: Manifest, clip: Clip, positions: list[int], side: int) -> list[NDArray[np.generic]]:
    """Frames of a clip, cropped and aligned by the landmarks of its onset.

    Args:
        manifest: holds the clip's recording.
        clip: with landmarks.
        positions: of the frames in the recording, from 0.
        side: of the crops, pixels.

    Returns:
        (side, side) or (side, side, 3) RGB each, as stored.

    Raises:
        MeAugmentError: the frames cannot be read or cropped; paths in the text are relative to the corpus.
    """
    assert clip.recording_id is not None
    points = np.asarray(clip.landmarks, np.float64).reshape(68, 2)
    try:
        frames = open_recording(manifest, manifest.recording_of[clip.recording_id]).read(positions)
        return [aligned_crop(frame, points, side) for frame in frames]
    except MeAugmentError as error:
        raise MeAugmentError(without_roots(manifest, str(error))) from error
    except (cv2.error, np.linalg.LinAlgError, ValueError) as error:
        raise MeAugmentError(f"its face cannot be cropped ({error})") from error


def without_roots(manifest: Manifest, text: str) -> str:
    """The same reason wherever the corpus lies."""
    for base in (*manifest.roots.values(), manifest.folder):
        if base is not None and base != base.parent:
            text = text.replace(f"{base.resolve()}{os.sep}", "")
    return text
