"""Contact sheets: onset, apex, offset and the amplified difference of clips, side by side on one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.showing import Hidden
from me_augment.report.look import AMPLIFICATION, amplified_difference
from me_augment.video.recording import open_recording

_COLUMNS = ("onset", "apex", "offset", f"apex - onset, x{AMPLIFICATION}")
_CELL = 240  # height of a picture, pixels
_LINE = 26  # height of a line of text, pixels
_GAP = 12  # between clips side by side, pixels


def contact_sheet(manifest: Manifest, clips: Sequence[Clip], per_row: int = 1) -> NDArray[np.uint8]:
    """`per_row` clips side by side: (H, W, 3) uint8 RGB. Clips without apex show their middle frame in its place.

    Raises:
        MeAugmentError: one of them must never be shown.
    """
    hidden = Hidden(manifest.clips)
    if barred := [clip.name for clip in clips if not hidden.may_show(clip)]:
        raise MeAugmentError(f"{', '.join(barred)}: who is seen there must never be shown; leave these clips out.")
    strips = [_strip(manifest, clip) for clip in clips]
    rows = [strips[i : i + per_row] for i in range(0, len(strips), per_row)]
    tall = [[_padded(strip, height=max(s.shape[0] for s in row)) for strip in row] for row in rows]
    joined = [np.hstack(row) for row in tall]
    return np.vstack([_padded(row, width=max(r.shape[1] for r in joined)) for row in joined])


def write_contact_sheet(path: Path, manifest: Manifest, clips: Sequence[Clip], per_row: int = 1) -> None:
    """Write `contact_sheet` as PNG; MeAugmentError also where it cannot be written."""
    _, data = cv2.imencode(".png", contact_sheet(manifest, clips, per_row)[..., ::-1])
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise MeAugmentError(f"cannot write {path}: {error.strerror}.") from error


def _strip(manifest: Manifest, clip: Clip) -> NDArray[np.uint8]:
    assert clip.recording_id is not None
    assert clip.onset_index is not None
    assert clip.offset_index is not None
    apex = clip.apex_index if clip.apex_index is not None else (clip.onset_index + clip.offset_index) // 2
    source = open_recording(manifest, manifest.recording_of[clip.recording_id])
    onset, at_apex, offset = source.read([clip.onset_index, apex, clip.offset_index])
    pictures = [_shown(p) for p in (onset, at_apex, offset, amplified_difference(onset, at_apex))]
    title = f"{'synthetic' if clip.is_synthetic else 'real'}: {clip.name}, {clip.emotion}, AU {clip.au_verbatim}"
    if clip.is_synthetic:
        title += f", strength {clip.strength:.2f}" + (", mirrored" if clip.mirror else "")
    cells = [
        np.vstack([_text(caption, picture.shape[1]), picture])
        for caption, picture in zip(_COLUMNS, pictures, strict=True)
    ]
    body = np.hstack(cells)
    return np.vstack([_text(title, body.shape[1]), body])


def _padded(picture: NDArray[np.uint8], height: int = 0, width: int = 0) -> NDArray[np.uint8]:
    """White added below and to the right, and a gap on the right so that neighbours stay apart."""
    below, right = max(0, height - picture.shape[0]), max(0, width - picture.shape[1])
    gap = _GAP if height else 0
    return cv2.copyMakeBorder(picture, 0, below, 0, right + gap, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def _shown(image: NDArray[Any]) -> NDArray[np.uint8]:
    picture = (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    scale = _CELL / picture.shape[0]
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _text(text: str, width: int) -> NDArray[np.uint8]:
    line = np.full((_LINE, width, 3), 255, np.uint8)
    cv2.putText(line, text, (6, _LINE - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return line
