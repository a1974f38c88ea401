"""The pictures that exports hold: faces at the apex, and encoded files."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.flow.clip import crops
from me_augment.flow.field import eight_bit
from me_augment.manifest import Clip, Manifest
from me_augment.video import synthetic_comment
from me_augment.video.provenance import commented

FACE = 224
"""Side of the picture of the face, pixels."""
_JPEG_QUALITY = 95


def apex_face(manifest: Manifest, clip: Clip) -> NDArray[np.uint8]:
    """The face at the apex, aligned: (224, 224) or (224, 224, 3) RGB uint8; raises MeAugmentError as `crops` does."""
    assert clip.apex_index is not None
    (face,) = crops(manifest, clip, [clip.apex_index], FACE)
    return eight_bit(face)


def mark_of(clip: Clip) -> str | None:
    """What the files of a synthetic clip say of themselves; None for a real one."""
    if not clip.is_synthetic:
        return None
    return synthetic_comment(f"{clip.generator} {clip.generator_version}" if clip.generator else None)


def png(picture: NDArray[np.uint8], comment: str | None) -> bytes:
    """Encode (H, W, 3) RGB uint8; a loader that uses cv2.imread gets the channels as strain, v, u."""
    encoded = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    return commented(encoded, comment) if comment else encoded


def jpg(face: NDArray[np.uint8], comment: str | None) -> bytes:
    """Encode (H, W) or (H, W, 3) RGB uint8, always in colour, for loaders that expect three channels."""
    bgr = cv2.cvtColor(face, cv2.COLOR_GRAY2BGR) if face.ndim == 2 else face[..., ::-1]
    encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
    return commented(encoded, comment) if comment else encoded
