"""Estimates of the apex of clips whose corpus does not say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError
from me_augment.face.geometry import apply_affine
from me_augment.generation.light import as_gray
from me_augment.generation.motion import measure_motion
from me_augment.generation.resample import grid
from me_augment.manifest import Clip, Issue, Manifest
from me_augment.video.recording import open_recording
from me_augment.words import choose

METHODS = ("middle", "flow")
# Of longer clips as many frames, evenly spread, are looked at: their memory is bounded, and their rise is slow.
_MOST_FRAMES = 120
# Frames without landmarks are made this wide at most, pixels.
_WIDTH = 320
# Every n-th pixel is enough to see how the picture was shifted; so near, pixels, do those lie that only shifted.
_STRIDE, _AGREES_PX = 4, 0.3


def estimated_apexes(
    manifest: Manifest, method: str, progress: Callable[[int, int], None] = lambda *_: None
) -> Manifest:
    """The manifest with an apex for every clip that has none but has its onset and offset.

    The position is filled, `apex_estimated` set and the issue `apex-estimated` added; the corpus' own number stays as
    it is. Clips of fewer than three frames have nothing between their ends, and neutral ones no apex: both are left.
    A clip whose frames cannot be read is left with the issue `unreadable`.

    Args:
        manifest: with landmarks, where the motion of faces is to be told from that of heads.
        method: `middle` between onset and offset, or `flow`, see `apex_by_flow`.
        progress: called with (clips done, clips in all).

    Raises:
        UsageError: there is no such method.
    """
    if method not in METHODS:
        raise UsageError(f"there is no way {method!r} to estimate an apex: {choose(method, METHODS)}")
    clips = []
    for done, clip in enumerate(manifest.clips, 1):
        clips.append(_estimated(manifest, clip, method) if _lacks_apex(clip) else clip)
        progress(done, len(manifest.clips))
    return replace(manifest, clips=tuple(clips))


def apex_by_flow(frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32] | None = None) -> int:
    """The frame whose motion against the first is largest in the mean over the face.

    With landmarks it is the motion of the face alone, head motion removed and noise suppressed over the clip
    (`motion`); without, the whole picture's, as DIS finds it (Kroeger et al., ECCV 2016), but for the similarity that
    most of it agrees on.

    Args:
        frames: T >= 2 frames (H, W) or (H, W, 3), uint8 or uint16, the onset first.
        landmarks: (68, 2), of the first frame.

    Returns:
        Index from 1 to T - 1.

    Raises:
        MeAugmentError: the landmarks are not those of a face in the frames.
    """
    course = _whole_picture(frames) if landmarks is None else _face(frames, landmarks)
    return 1 + int(np.argmax(course[1:]))


def _lacks_apex(clip: Clip) -> bool:
    return clip.apex_index is None and clip.n_frames > 2 and clip.status == "ok" and clip.expression != "neutral"


def _estimated(manifest: Manifest, clip: Clip, method: str) -> Clip:
    assert clip.onset_index is not None
    assert clip.offset_index is not None
    assert clip.recording_id is not None
    if method == "middle":
        place, how = (clip.onset_index + clip.offset_index) // 2, "half way from onset to offset"
    else:
        step = -(-clip.n_frames // _MOST_FRAMES)
        # The last frame is back at rest, if the label is right; it cannot be the apex.
        places = range(clip.onset_index, clip.offset_index, step)
        points = None if clip.landmarks is None else np.asarray(clip.landmarks, np.float32).reshape(68, 2)
        try:
            frames = open_recording(manifest, manifest.recording_of[clip.recording_id]).read(list(places))
            place = places[apex_by_flow(list(frames), points)]
        except MeAugmentError as error:
            return replace(clip, issues=(*clip.issues, Issue(code="unreadable", detail=f"no apex: {error}")))
        how = f"largest motion of {'the picture' if points is None else 'the face'} against the onset"
    issue = Issue(code="apex-estimated", detail=f"position {place}: {how}")
    return replace(clip, apex_index=place, apex_estimated=True, issues=(*clip.issues, issue))


def _face(frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    motion = measure_motion(frames, landmarks)
    hull = cv2.convexHull(((landmarks - motion.origin) / motion.step).astype(np.float32))
    inside = np.zeros(motion.residual.shape[1:3], np.uint8)
    cv2.fillConvexPoly(inside, np.rint(hull[:, 0]).astype(np.int32), 1)
    return np.array([np.hypot(*field[inside > 0].T).mean(dtype=np.float64) for field in motion.residual])


def _whole_picture(frames: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    scale = min(1.0, _WIDTH / frames[0].shape[1])
    gray = [
        cv2.resize((as_gray(frame) * 255).astype(np.uint8), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for frame in frames
    ]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(1)
    return np.array([_mean_beside_shift(search.calc(gray[0], frame, None)) for frame in gray])


def _mean_beside_shift(flow: NDArray[np.float32]) -> float:
    """Mean length of what a flow field (h, w, 2) has beside the similarity that most of it agrees on."""
    here = np.stack(grid(*flow.shape[:2]), axis=-1)[::_STRIDE, ::_STRIDE].reshape(-1, 2)
    there = here + flow[::_STRIDE, ::_STRIDE].reshape(-1, 2)
    shift, _ = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=_AGREES_PX)
    rest = there - (here if shift is None else apply_affine(shift, here))
    return float(np.hypot(*rest.T).mean(dtype=np.float64))
