"""From a manifest's recording row to its frames."""

from __future__ import annotations

import hashlib

from me_augment.errors import MeAugmentError
from me_augment.manifest import Clip, Manifest, Recording
from me_augment.video.checks import VideoError
from me_augment.video.source import FrameSource, open_frames


def open_recording(manifest: Manifest, recording: Recording) -> FrameSource:
    """The frames of a recording.

    Raises:
        UsageError, VideoError: the frames are missing or damaged, or a folder no longer holds the frames that the
            row was written for: every position would then name another frame.
    """
    pattern = recording.frame_pattern if recording.storage == "frames" else None
    source = open_frames(manifest.path_of(recording), pattern)
    if recording.storage == "frames":
        now = (len(source), source.numbers[0], source.numbers[-1])
        if now != (recording.n_frames, recording.first_number, recording.last_number):
            raise VideoError(
                f"{recording.path} holds {now[0]} frames numbered {now[1]} to {now[2]}, the manifest knows "
                f"{recording.n_frames} numbered {recording.first_number} to {recording.last_number}: the folder "
                "changed; ingest again."
            )
    return source


def content_of(manifest: Manifest, clip: Clip) -> str | None:
    """What tells the clip's frames from all others: the recorded hash or, of a clip in one file, that of the file.

    None for a folder of frames whose hash was not recorded, and where the file cannot be read.
    """
    if clip.content_sha256 is not None:
        return clip.content_sha256
    recording = manifest.recording_of.get(clip.recording_id or "")
    if recording is None or recording.storage == "frames":
        return None
    try:
        with manifest.path_of(recording).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, MeAugmentError):
        return None
    return f"{found} {clip.onset_index} {clip.offset_index}"
