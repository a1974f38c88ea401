"""The motion of a clip, kept on disk by its content, so that another export or experiment need not measure it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.array_cache import ArrayCache
from me_augment.errors import MeAugmentError
from me_augment.flow.clip import CROP, ClipFlow, Part, crops
from me_augment.flow.field import SIZE, apex_flow, require_method, uv_strain
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.ids import digest
from me_augment.versions import installed, source_digest
from me_augment.video.recording import content_of

PARTS: tuple[Part, ...] = ("onset-apex", "apex-offset")
_DECIDING = ("me-augment", "numpy", "opencv-python-headless", "scikit-image", "av", "pillow")


def measure(
    manifest: Manifest,
    clip: Clip,
    method: str = "dis",
    parts: Sequence[Part] = ("onset-apex",),
    size: int = SIZE,
    cache: ArrayCache | None = None,
) -> tuple[ClipFlow, ...]:
    """Read the labelled frames of a clip once and measure the motion between them.

    All frames are cropped by the onset's landmarks, so that the alignment adds no motion and removes none. With a
    cache, a clip is looked up by the content that the manifest records of it (`me-augment validate` tells whether the
    files still have it) or, of a synthetic clip, its file's own, by its span, landmarks, part and method, and by the
    software: what is found is what would be measured.

    Args:
        manifest: holds the recordings.
        clip: with landmarks and the labelled frames of the parts.
        method: of the flow, see `field.FLOW_METHODS`.
        parts: which of `PARTS`, in the order wanted.
        size: side of the maps; it decides nothing of what is kept.
        cache: where flows are kept; None keeps none.

    Returns:
        The motion of each part.

    Raises:
        UsageError: there is no such method.
        MeAugmentError: the clip has no motion to measure, its frames cannot be read or the flow cannot be measured;
            paths in the text are relative to the corpus.
    """
    require_method(method)
    spans = {part: _span(clip, part) for part in parts}
    content = None if cache is None else content_of(manifest, clip)
    keys = {} if content is None else {part: _key(content, clip, method, part, spans[part]) for part in parts}
    found: dict[Part, NDArray[np.float32]] = {}
    if cache is not None:
        for part, key in keys.items():
            kept = (cache.find(key) or {}).get("flow")
            if kept is not None and kept.shape == (CROP, CROP, 2) and kept.dtype == np.float32:
                found[part] = kept
    missing = [part for part in parts if part not in found]
    if missing:
        positions = sorted({position for part in missing for position in spans[part]})
        frames = dict(zip(positions, crops(manifest, clip, positions, CROP), strict=True))
        try:
            for part in missing:
                first, then = spans[part]
                found[part] = apex_flow(frames[first], frames[then], method)
        except (cv2.error, ValueError) as error:
            raise MeAugmentError(f"its motion cannot be measured ({error})") from error
        if cache is not None:
            for part in missing:
                if part in keys:
                    cache.keep(keys[part], {"flow": found[part]})
    return tuple(ClipFlow(found[part], uv_strain(found[part], size)) for part in parts)


def _span(clip: Clip, part: Part) -> tuple[int, int]:
    """Positions of the first and last frame of a part; MeAugmentError where there is no motion to measure."""
    at = {"onset": clip.onset_index, "apex": clip.apex_index, "offset": clip.offset_index}
    names = part.split("-")
    first, then = (at[name] for name in names)
    if first is None or then is None:
        raise MeAugmentError(f"its {names[first is not None]} frame is not known")
    if then <= first:
        raise MeAugmentError(f"its {names[1]} does not lie after its {names[0]}, so there is no motion between them")
    if clip.landmarks is None:
        raise MeAugmentError("it has no landmarks")
    return first, then


def _key(content: str, clip: Clip, method: str, part: Part, span: tuple[int, int]) -> str:
    """Positions count from the onset: the content is that of the frames from there to the offset."""
    assert clip.onset_index is not None
    decides = {
        "content": content,
        "span": [position - clip.onset_index for position in span],
        "landmarks": list(clip.landmarks or ()),
        "method": method,
        "part": part,
        "crop": CROP,
        "software": [source_digest(), *((name, installed(name)) for name in _DECIDING)],
    }
    return digest(decides)[:32]
