"""From a clip to what is drawn of it: the flow maps between onset and apex, and the face at the apex."""

from __future__ import annotations

import os
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.export.flow import apex_flow, eight_bit, uv_strain
from me_augment.face.geometry import aligned_crop
from me_augment.manifest import Clip, Manifest
from me_augment.video.recording import open_recording

CROP = 128
"""Side of the face-aligned crops that the flow is measured on, pixels."""
FACE = 224
"""Side of the picture of the face, pixels."""
_JPEG_QUALITY = 95


@dataclass(frozen=True)
class Measured:
    """What is kept of a clip.

    Attributes:
        maps: (3, 28, 28) float32: u, v (pixels of the crop) and strain.
        peak: largest displacement between onset and apex, pixels of the crop.
        face: (224, 224) or (224, 224, 3) RGB, uint8: the apex, aligned.
    """

    maps: NDArray[np.float32]
    peak: float
    face: NDArray[np.uint8]


def measure(manifest: Manifest, clip: Clip, method: str) -> Measured:
    """Read a clip's onset and apex and measure the motion between them.

    Both frames are cropped by the onset's landmarks, so that the alignment adds no motion and removes none.

    Args:
        manifest: where the clip's recording is found.
        clip: with onset, apex, recording and landmarks.
        method: of the flow, see `flow.FLOW_METHODS`.

    Raises:
        MeAugmentError: the frames cannot be read or the flow cannot be measured; paths in the text are relative
            to the corpus.
    """
    assert clip.onset_index is not None
    assert clip.apex_index is not None
    assert clip.recording_id is not None
    points = np.asarray(clip.landmarks, np.float64).reshape(68, 2)
    try:
        frames = open_recording(manifest, manifest.recording_of[clip.recording_id]).read(
            [clip.onset_index, clip.apex_index]
        )
        onset, apex = (aligned_crop(frame, points, CROP) for frame in frames)
        flow = apex_flow(onset, apex, method)
        face = eight_bit(aligned_crop(frames[1], points, FACE))
    except MeAugmentError as error:
        raise MeAugmentError(_without_roots(manifest, str(error))) from error
    except (cv2.error, np.linalg.LinAlgError, ValueError) as error:
        raise MeAugmentError(f"its motion cannot be measured ({error})") from error
    return Measured(uv_strain(flow), float(np.hypot(flow[..., 0], flow[..., 1]).max()), face)


def png(picture: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 3) RGB uint8; a loader that uses cv2.imread gets the channels as strain, v, u."""
    return cv2.imencode(".png", picture[..., ::-1])[1].tobytes()


def jpg(face: NDArray[np.uint8]) -> bytes:
    """Encode (H, W) or (H, W, 3) RGB uint8, always in colour, for loaders that expect three channels."""
    bgr = cv2.cvtColor(face, cv2.COLOR_GRAY2BGR) if face.ndim == 2 else face[..., ::-1]
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def _without_roots(manifest: Manifest, text: str) -> str:
    """The same reason wherever the corpus lies."""
    for base in (*manifest.roots.values(), manifest.folder):
        if base is not None and base != base.parent:
            text = text.replace(f"{base.resolve()}{os.sep}", "")
    return text
