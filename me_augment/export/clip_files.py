"""What exports of whole clips share: names and folds of their files, the frames in them, and what their cards say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import compress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError
from me_augment.export.names import keys_of
from me_augment.export.pictures import mark_of
from me_augment.export.steps import Named, Written
from me_augment.export.table import ExportedRow, ExportedVideo
from me_augment.flow.choose import Skipped
from me_augment.flow.clip import crops, without_roots
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.splits import Fold
from me_augment.staging import link
from me_augment.video import write_lossless
from me_augment.video.checks import VideoError
from me_augment.video.provenance import commented
from me_augment.video.recording import open_recording

UNKNOWN_FPS = Fraction(25)
"""Of the file of a clip whose frame rate nobody knows; the table says null."""
_SMALLEST = 8


def require_size(size: int | None) -> None:
    """UsageError unless clips can be cropped to this side, or are not to be cropped (None)."""
    if size is not None and size < _SMALLEST:
        raise UsageError(f"--size is {size}; the face-aligned crop has at least {_SMALLEST} pixels a side.")


class ClipWriter:
    """What the writers of whole clips have in common, see `steps.Writer`.

    Args:
        manifest: holds the recordings.
        size: side of the face-aligned crop, pixels; None keeps the frames as stored.
    """

    row_type: type[ExportedRow] = ExportedVideo
    motion = False
    prefix = "fold_"

    def __init__(self, manifest: Manifest, size: int | None) -> None:
        self.manifest, self.size = manifest, size
        self.face = size is not None
        self.keys: Mapping[str, str] = {}
        """Clip id → key, see `keys_of`."""
        self.classes: Sequence[str] = ()

    def begin(self, clips: Sequence[Named], classes: Sequence[str]) -> tuple[Sequence[Named], Sequence[Skipped]]:
        """Name the clips' files; real clips come first."""
        self.classes = classes
        self.keys = keys_of({one.clip.clip_id: one.name for one in clips})
        return sorted(clips, key=lambda one: (one.clip.is_synthetic, self.keys[one.clip.clip_id])), ()

    def start(self, folder: Path, kept: int) -> int:
        """Every clip has files of its own: all are kept."""
        self.folder = folder
        return kept

    def shown(self) -> str:
        """What the frames are, a sentence for the card."""
        frames = "as stored" if self.size is None else f"the aligned face, {self.size}x{self.size}"
        return f"Frames run from onset to offset, {frames}, without loss."


def parts_of(written: Sequence[Written], folds: Mapping[str, Fold]) -> Iterator[tuple[str, str, list[Written]]]:
    """Fold name, `train` or `test`, and the clips of that part, for every part of every fold."""
    for name, fold in folds.items():
        yield name, "train", list(compress(written, fold.train))
        yield name, "test", list(compress(written, fold.test))


def clip_frames(manifest: Manifest, clip: Clip, size: int | None) -> NDArray[np.generic]:
    """The frames of a clip, onset to offset, as stored or cropped to the face, aligned by the landmarks of its onset.

    Returns:
        (T, H, W) or (T, H, W, 3) RGB, uint8 or uint16.

    Raises:
        MeAugmentError: they cannot be read; paths in the text are relative to the corpus.
    """
    positions = _span(clip)
    if size is not None:
        return np.stack(crops(manifest, clip, positions, size))
    assert clip.recording_id is not None
    try:
        return open_recording(manifest, manifest.recording_of[clip.recording_id]).read(positions)
    except MeAugmentError as error:
        raise MeAugmentError(without_roots(manifest, str(error))) from error


def write_video(manifest: Manifest, clip: Clip, file: Path, size: int | None) -> None:
    """Write a clip as lossless video, `.mkv`; one that this tool made and that is wanted whole is linked.

    Files of a corpus are never linked: whoever changed the export would change the corpus.

    Raises:
        MeAugmentError: as `clip_frames`, or they are not what a video can hold.
        OSError: the file cannot be written.
    """
    whole = stored_whole(manifest, clip) if size is None else None
    if whole is None:
        frames, comment = clip_frames(manifest, clip, size), mark_of(clip)
        tags = {"comment": comment} if comment else {}
        try:
            write_lossless(file, iter(frames), frame_rate(manifest, clip) or UNKNOWN_FPS, tags)
        except VideoError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from error  # a full disk is no fault of the clip
            raise
    else:
        link(whole, file)


def stored_whole(manifest: Manifest, clip: Clip) -> Path | None:
    """The file of a run that holds exactly the clip's frames, found sound by decoding it; None for other clips."""
    assert clip.recording_id is not None
    recording = manifest.recording_of[clip.recording_id]
    ours = recording.root == "" and recording.storage == "video" and recording.path.endswith(".mkv")
    if not (ours and clip.is_synthetic and clip.onset_index == 0):
        return None
    try:
        source = open_recording(manifest, recording)
        return source.path if len(source) == clip.n_frames else None
    except MeAugmentError as error:
        raise MeAugmentError(without_roots(manifest, str(error))) from error


def frame_rate(manifest: Manifest, clip: Clip) -> Fraction | None:
    """Frames per second of a clip's recording, where known."""
    assert clip.recording_id is not None
    recording = manifest.recording_of[clip.recording_id]
    return Fraction(recording.fps_num, recording.fps_den or 1) if recording.fps_num else None


def encode_frame(frame: NDArray[np.generic], comment: str | None) -> bytes:
    """A frame (H, W) or (H, W, 3) RGB, uint8 or uint16, as PNG, without loss; see `mark_of` for the comment."""
    stored = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, 4])[1].tobytes()
    return commented(encoded, comment) if comment else encoded


def facts_of(manifest: Manifest, clip: Clip) -> dict[str, Any]:
    """The fields that `ExportedVideo` has and `ExportedRow` has not."""
    rate = frame_rate(manifest, clip)
    return {
        "n_frames": clip.n_frames,
        "apex": None if clip.apex_index is None or clip.onset_index is None else clip.apex_index - clip.onset_index,
        "fps": None if rate is None else float(rate),
        "emotion": clip.emotion,
        "aus": clip.au_verbatim,
        "licence": clip.licence,
    }


TABLES = (
    "* `clips.parquet`, `clips.csv`: what each clip is and who contributed to it. In the CSV a text that begins with "
    "= + - @ has an apostrophe before it, lest a spreadsheet compute it.",
    f"* A file whose clip's frame rate is unknown (`fps` is empty) plays at {UNKNOWN_FPS} frames a second.",
)
"""Of the cards of all exports of whole clips."""


def a_fold(folds: Sequence[str]) -> str:
    """`a fold, fold_sub01 for one`: what stands for `<fold>`."""
    return f"a fold, `{folds[0]}` for one"


def use(folds: Sequence[str]) -> list[str]:
    """What their cards say on training and on who is tested, with the names of the folds, if there are any."""
    kept = (
        "The folds keep to that; `export.json` says whom each holds out. Whoever makes other splits has to keep to it "
        "too."
        if folds
        else "No folds were written: whoever splits the clips has to keep to that, or exports with `--folds loso`."
    )
    return [
        "## Use without leakage",
        "",
        "A synthetic clip trains the fold of a person only if that person is not among its `forbidden_subjects` "
        f"(driver, target, their ancestors, whoever trained the generator); no synthetic clip is tested on. {kept} "
        "Choose epochs and other settings without the test persons: fix them, or validate on a person of the training "
        "list.",
        "",
        "Files show faces. `driver_person_id` and `target_person_id` say whose motion and whose face a synthetic clip "
        "has.",
    ]


def _span(clip: Clip) -> list[int]:
    assert clip.onset_index is not None
    assert clip.offset_index is not None
    return list(range(clip.onset_index, clip.offset_index + 1))
