"""Reading every frame of a manifest's recordings, to know that they can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from me_augment.errors import MeAugmentError, UsageError
from me_augment.manifest import Manifest
from me_augment.video.recording import open_recording


def unreadable(manifest: Manifest, progress: Callable[[int], object] = lambda _: None) -> Iterator[str]:
    """A sentence for every frame that cannot be read, for a video from its first such frame on.

    One frame is in memory at a time, and of a video that is read anew no more than `VideoFrames` keeps.

    Args:
        manifest: whose recordings are read.
        progress: called with the number of frames done since it was called last.
    """
    try:
        manifest.require_roots()
    except UsageError as error:  # or every recording would say it
        yield str(error)
        return
    for recording in manifest.recordings:
        done = 0
        try:
            source = open_recording(manifest, recording)
            for position in range(len(source)):
                try:
                    source.read([position])
                except MeAugmentError as error:
                    if source.storage != "frames":
                        raise
                    yield f"{recording.path}, position {position}: {str(error).rstrip('.')}."
                done += 1
                progress(1)
            if (found := len(source)) != recording.n_frames:
                yield f"{recording.path} has {found} frames, the manifest knows {recording.n_frames}: ingest again."
        except (MeAugmentError, OSError) as error:
            yield f"{recording.path}: {str(error).rstrip('.')}."
        progress(recording.n_frames - done)
