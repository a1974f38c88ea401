"""From a manifest's recording row to its frames."""

from me_augment.manifest import Manifest, Recording
from me_augment.video.source import FrameSource, open_frames


def open_recording(manifest: Manifest, recording: Recording) -> FrameSource:
    """The frames of a recording; UsageError or VideoError where they are missing or damaged."""
    pattern = recording.frame_pattern if recording.storage == "frames" else None
    return open_frames(manifest.path_of(recording), pattern)
