"""From clips of a manifest to what training sees of them: faces cut out, head held still, motion measured."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.face.geometry import apply_affine, compose, invert_affine
from me_augment.face.prior import prior_points
from me_augment.generation.fpb_fomm.architecture import Architecture
from me_augment.generation.fpb_fomm.crop import face_crop
from me_augment.generation.motion import DriverMotion, measure_motion, residual_at
from me_augment.generation.resample import RefinedImage, grid, look_up
from me_augment.generation.warp import face_mask
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.ids import content_id
from me_augment.threads import one_thread
from me_augment.video.recording import open_recording

# Changes whenever a clip would be prepared otherwise; part of the name under which it is kept.
_GEOMETRY = 1
# Steps that undo a displacement; each leaves less than a tenth of the error.
_INVERSION_STEPS = 6
# What a clip on disk is made of: large arrays, read frame by frame, and small ones, kept.
_LARGE = ("frames", "forward", "backward")
_SMALL = ("points", "face", "amplitude")


class ArrayFile:
    """An array in a .npy file, opened only while a part of it is read: a corpus has more clips than files may be open.

    Attributes:
        shape: of the array.

    Raises:
        OSError, EOFError, ValueError: the file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.shape: tuple[int, ...] = np.load(path, mmap_mode="r").shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> NDArray[Any]:
        return np.array(np.load(self._path, mmap_mode="r")[index])


@dataclass(frozen=True)
class TrainingClip:
    """One clip as training sees it; the large arrays may lie on disk.

    Attributes:
        clip_id, person_id: of the manifest.
        frames: (T, S, S, 3) uint8 RGB, onset first.
        points: (T, 18, 2) float32, key points in pixels of these frames; of a model that computes as the reference
            those of the onset in every frame.
        forward: (T, h, w, 2) float32 pixels: what is at each place of the onset is found so far away in frame t.
        backward: the other way: what is at each place of frame t is found so far away in the onset.
        face: (h, w) float32 in [0, 1], where that was measured.
        amplitude: (T,) float32 pixels, root mean square of the displacement over the face.
    """

    clip_id: str
    person_id: str
    frames: NDArray[np.uint8] | ArrayFile
    points: NDArray[np.float32]
    forward: NDArray[np.float32] | ArrayFile
    backward: NDArray[np.float32] | ArrayFile
    face: NDArray[np.float32]
    amplitude: NDArray[np.float32]


def prepare_clips(
    manifest: Manifest,
    clips: Sequence[Clip],
    shape: Architecture,
    cache: Path,
    *,
    gray: bool,
    advance: Callable[[], None] = lambda: None,
) -> tuple[list[TrainingClip], list[tuple[Clip, str]]]:
    """Prepare usable clips, or find them prepared in `cache`.

    Returns:
        What could be prepared, in the order of `clips`; and the others, with reasons.
    """
    good, bad = [], []
    for clip in clips:
        try:
            good.append(_kept(manifest, clip, shape, cache, gray))
        except MeAugmentError as error:
            bad.append((clip, str(error)))
        advance()
    return good, bad


def _kept(manifest: Manifest, clip: Clip, shape: Architecture, cache: Path, gray: bool) -> TrainingClip:
    compat = shape.conventions.compat
    what = (clip.content_sha256, clip.n_frames, clip.landmarks)
    name = content_id("clip", _GEOMETRY, *what, shape.size, shape.working_size, compat, gray)
    folder = cache / name
    if folder.is_dir():
        try:
            return read_clip(folder, clip.clip_id, clip.person_id)
        except (OSError, EOFError, ValueError):  # damaged: it is made again
            shutil.rmtree(folder, ignore_errors=True)
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        arrays = _prepared(manifest, clip, shape, gray)
        staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=cache))
        try:
            for key, values in arrays.items():
                np.save(staging / f"{key}.npy", values)
            staging.rename(folder)  # complete or not at all
        except FileExistsError:
            pass  # another process was faster
        except OSError:
            if not folder.is_dir():
                raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return read_clip(folder, clip.clip_id, clip.person_id)


def read_clip(folder: Path, clip_id: str, person_id: str) -> TrainingClip:
    """A clip that was prepared into a folder; its large arrays stay on disk.

    Raises:
        OSError, EOFError, ValueError: a file is missing or damaged.
    """
    large: dict[str, Any] = {key: ArrayFile(folder / f"{key}.npy") for key in _LARGE}
    small: dict[str, Any] = {key: np.load(folder / f"{key}.npy") for key in _SMALL}
    return TrainingClip(clip_id, person_id, **large, **small)


def _prepared(manifest: Manifest, clip: Clip, shape: Architecture, gray: bool) -> dict[str, NDArray[Any]]:
    assert clip.recording_id is not None
    assert clip.onset_index is not None
    assert clip.offset_index is not None
    source = open_recording(manifest, manifest.recording_of[clip.recording_id])
    frames = source.read(range(clip.onset_index, clip.offset_index + 1))
    landmarks = np.asarray(clip.landmarks, np.float32).reshape(68, 2)
    with one_thread():
        motion = measure_motion(list(frames), landmarks)
        return cut_out(frames, motion, shape, gray=gray)


def cut_out(
    frames: Sequence[NDArray[Any]] | NDArray[Any], motion: DriverMotion, shape: Architecture, *, gray: bool
) -> dict[str, NDArray[Any]]:
    """The arrays of a `TrainingClip` from a clip's frames and their measured motion.

    A frame is resampled once: through the crop, back to the place where its head is. For a model that computes as the
    reference the head stays as filmed, and so do the points.
    """
    compat = shape.conventions.compat
    size, cells = shape.size, shape.working_size
    to_crop = face_crop(motion.landmarks, shape)
    scale = float(np.sqrt(np.linalg.det(to_crop[:, :2])))
    from_crop = invert_affine(to_crop)
    here = np.stack(grid(size, size), axis=-1)
    pictures = []
    for t, frame in enumerate(frames):
        look = from_crop if compat else compose(motion.head[t], from_crop)
        pictures.append(_seen(frame, apply_affine(look, here).astype(np.float32), scale, gray))

    onset = prior_points(motion.landmarks)
    corner = np.linspace(0, size - 1, cells, dtype=np.float32)
    places = np.stack(np.meshgrid(corner, corner), axis=-1).reshape(-1, 2)
    in_frame = apply_affine(from_crop, places)
    points, forward = [], []
    for t in range(len(motion)):
        moved = np.zeros_like(onset) if compat else _displacement(motion, t, onset)
        points.append(apply_affine(to_crop, onset + moved))
        field = _displacement(motion, t, in_frame) @ to_crop[:, :2].T
        forward.append(field.reshape(cells, cells, 2).astype(np.float32))
    face = face_mask(apply_affine(to_crop, motion.landmarks).astype(np.float32), (size, size))
    face = look_up(np.repeat(face[..., None], 2, -1), *_columns(places))[0, :, 0].reshape(cells, cells)
    step = (size - 1) / (cells - 1)
    strength = [np.sqrt((face[..., None] * field**2).sum() / max(face.sum(), 1e-6)) for field in forward]
    return {
        "frames": np.stack(pictures),
        "points": np.stack(points).astype(np.float32),
        "forward": np.stack(forward),
        "backward": np.stack([_undone(field, step) for field in forward]),
        "face": face,
        "amplitude": np.asarray(strength, np.float32),
    }


def _displacement(motion: DriverMotion, t: int, points: NDArray[np.floating]) -> NDArray[np.float32]:
    """All that the face did, blinks and shifts of gaze too, since the frames show them."""
    moved = residual_at(motion, t, points)
    return moved if motion.eyes is None else moved + residual_at(motion, t, points, motion.eyes)


def _seen(frame: NDArray[Any], places: NDArray[np.float32], scale: float, gray: bool) -> NDArray[np.uint8]:
    """(S, S, 3) uint8: what lies at places (S, S, 2) of a frame; `scale` crop pixels are as wide as one of its."""
    if gray and frame.ndim == 3:
        full = np.iinfo(frame.dtype).max
        weighted = frame.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        frame = np.clip(np.rint(weighted), 0, full).astype(frame.dtype)
    if scale < 1:  # blur away what the crop cannot hold
        frame = cv2.GaussianBlur(frame, (0, 0), 0.5 * np.sqrt(1 / scale**2 - 1))
    values = RefinedImage.of(frame).values(*(np.ascontiguousarray(places[..., i]) for i in (0, 1)))
    values = values * np.float32(255 / np.iinfo(frame.dtype).max)
    pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return np.repeat(pixels[..., None], 3, -1) if pixels.ndim == 2 else pixels


def _undone(forward: NDArray[np.float32], step: float) -> NDArray[np.float32]:
    """The field (h, w, 2) that leads back where `forward` leads, `step` pixels from sample to sample."""
    x, y = grid(*forward.shape[:2])
    back = -forward
    for _ in range(_INVERSION_STEPS):
        back = -look_up(forward, x + back[..., 0] / np.float32(step), y + back[..., 1] / np.float32(step))
    return back


def _columns(places: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.ascontiguousarray(places[None, :, 0]), np.ascontiguousarray(places[None, :, 1])
