"""Puts landmarks on a manifest's clips: once, at ingest, so that nothing later needs a detector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from me_augment.errors import MeAugmentError
from me_augment.face.detector import LandmarkDetector, NoFaceError
from me_augment.face.pose import pose_warning
from me_augment.manifest import Clip, Issue, Manifest
from me_augment.video.recording import open_recording


def annotate(
    manifest: Manifest, detector: LandmarkDetector, progress: Callable[[int, int], None] = lambda *_: None
) -> Manifest:
    """The manifest with the landmarks of every usable clip's onset frame.

    A clip without a face gets the issue `no-face`, one whose onset frame cannot be read `unreadable`; both keep
    their row. So does one whose head is turned too far, with the issue `pose`; it has landmarks all the same.

    Args:
        manifest: as a corpus reader made it.
        detector: finds the landmarks.
        progress: called with (clips done, clips in all).
    """
    clips = []
    for done, clip in enumerate(manifest.clips, 1):
        clips.append(_annotated(manifest, clip, detector))
        progress(done, len(manifest.clips))
    return replace(manifest, clips=tuple(clips), provenance={**manifest.provenance, "landmarks": detector.name})


def _annotated(manifest: Manifest, clip: Clip, detector: LandmarkDetector) -> Clip:
    if clip.status != "ok" or clip.onset_index is None or clip.recording_id is None:
        return clip
    recording = manifest.recording_of[clip.recording_id]
    try:
        frame = open_recording(manifest, recording).read([clip.onset_index])[0]
        points = detector.detect(frame)
    except NoFaceError as error:
        return replace(clip, issues=(*clip.issues, Issue(code="no-face", detail=str(error))))
    except MeAugmentError as error:
        return replace(clip, issues=(*clip.issues, Issue(code="unreadable", detail=str(error))))
    warning = pose_warning(points)
    issues = (*clip.issues, Issue(code="pose", detail=warning)) if warning else clip.issues
    return replace(clip, landmarks=tuple(float(value) for value in points.ravel()), issues=issues)
