"""The recording of a video that a run has made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from me_augment.manifest import Clip, Recording
from me_augment.manifest.ids import content_id


def made_recording(
    relative: str,
    n_frames: int,
    rate: tuple[int | None, int | None],
    face: NDArray[np.generic],
    target: Clip,
    *,
    gray: bool,
    bit_depth: int,
) -> Recording:
    """Its row, with frames numbered from 0.

    Args:
        relative: path of the file in the run's folder.
        n_frames: how many frames it has.
        rate: frames per second as numerator and denominator, None where unknown.
        face: a picture, (H, W) or (H, W, 3), of the size of its frames.
        target: whom it shows.
        gray, bit_depth: of its frames.
    """
    height, width = face.shape[:2]
    return Recording(
        recording_id=content_id("rec", "synthetic", relative),
        corpus="synthetic",
        root="",
        path=relative,
        storage="video",
        first_number=0,
        last_number=n_frames - 1,
        n_frames=n_frames,
        fps_num=rate[0],
        fps_den=rate[1],
        height=height,
        width=width,
        gray=gray,
        bit_depth=bit_depth,
        subject=target.subject,
        person_id=target.person_id,
    )
