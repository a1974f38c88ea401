"""Self-reenactment: real clips made again from their own first frame and their own motion, compared frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.evaluation.quality import checked_frames, measure_quality, similarity
from me_augment.evaluation.wanted import TrackedDriver
from me_augment.face.detector import LandmarkDetector, NoFaceError
from me_augment.face.dlib_backend import model_file
from me_augment.face.geometry import interocular
from me_augment.generation import Generator, Rendition
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.ids import digest
from me_augment.threads import one_thread
from me_augment.video.recording import open_recording

# The published figures are of 256 x 256 px pictures.
_SIDE = 256
# Landmarks and descriptors are found in this many frames of a clip, the apex among them.
_DETECTED = 3
# Beside the generators: the first frame repeated. Whoever is no better has transferred nothing.
STILL = "still"


@dataclass(frozen=True, kw_only=True)
class Reenactment:
    """One real clip made again by one generator, head motion included; means over the compared frames.

    The pictures are the whole frames, the longer side brought to 256 px.

    Attributes:
        clip_id, name, generator: which clip, and who made it; `still` repeats the first frame.
        l1: mean absolute difference, values in 0..1.
        psnr: decibels, of values in 0..1; None for equal frames.
        ssim: mean structural similarity of the gray pictures (Wang et al., IEEE TIP 2004).
        akd: average keypoint distance (Siarohin et al., NeurIPS 2019): mean distance of detected landmarks, pixels
            at 256. Theirs are face-alignment's, ours the given detector's; its jitter sets the floor.
        akd_iod: the same in interocular distances.
        aed: average Euclidean distance (the same) between face descriptors. Theirs are OpenFace's, ours the 128
            numbers of dlib's recognition network (King 2017; below 0.6 it takes two pictures for one person).
        identity: see `Quality.identity`.
        correlation, gain: of the 18 regions' motion with the clip's own, as in `Quality`; None where unknown.
    """

    clip_id: str
    name: str
    generator: str
    l1: float
    psnr: float | None
    ssim: float
    akd: float | None
    akd_iod: float | None
    aed: float | None
    identity: float
    correlation: float | None
    gain: float | None


MEASURES = tuple(field.name for field in fields(Reenactment))[3:]


class FaceDescriptor:
    """128 numbers that say who is seen: dlib's recognition network, ResNet-29 (King 2017; CC0), offline.

    Raises:
        MeAugmentError: dlib or the network's file is missing.
    """

    def __init__(self) -> None:
        file = model_file().parent / "dlib_face_recognition_resnet_model_v1.dat"
        if not file.is_file():
            raise MeAugmentError(f"{file} is missing: reinstall the package `face-recognition-models`.")
        import dlib

        self._dlib = dlib
        self._network = dlib.face_recognition_model_v1(str(file))

    def __call__(self, image: NDArray[Any], landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
        """Descriptor (128,) of the face with these landmarks (68, 2) in an image, (H, W) or (H, W, 3)."""
        eight = (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image
        rgb = np.ascontiguousarray(eight if eight.ndim == 3 else np.repeat(eight[..., None], 3, axis=2))
        low, high = landmarks.min(0), landmarks.max(0)
        box = self._dlib.rectangle(*(round(float(value)) for value in (*low, *high)))
        points = self._dlib.points([self._dlib.point(round(float(x)), round(float(y))) for x, y in landmarks])
        return np.array(self._network.compute_face_descriptor(rgb, self._dlib.full_object_detection(box, points)))


def choose_clips(manifest: Manifest, count: int, suits: Callable[[Clip], bool] = lambda _: True) -> list[Clip]:
    """`count` real micro-expressions that can drive, drawn by the hash of their ids: always the same ones.

    Args:
        manifest: with the clips.
        count: how many at most.
        suits: which of them come into question.
    """
    usable = [
        clip
        for clip in manifest.usable_clips()
        if not clip.is_synthetic
        and clip.expression != "neutral"
        and clip.n_frames > 1
        and clip.landmarks is not None
        and suits(clip)
    ]
    return sorted(usable, key=lambda clip: digest("reenactment", clip.clip_id))[:count]


def reenact(
    manifest: Manifest,
    clips: Sequence[Clip],
    generators: Mapping[str, Callable[[Clip], Generator]],
    detector: LandmarkDetector,
    progress: Callable[[], None] = lambda: None,
) -> list[Reenactment]:
    """Make each clip again by each generator, and by repeating its first frame.

    Args:
        manifest: with the clips' frames.
        clips: real ones, with landmarks.
        generators: name → the generator that makes a clip; those that are shown frames as filmed keep head motion and
            blinks, as is asked of all.
        detector: finds the landmarks that are compared.
        progress: called per clip.
    """
    descriptor = FaceDescriptor()
    results = []
    for clip in clips:
        with one_thread():
            makers = {name: generator_for(clip) for name, generator_for in generators.items()}
            results += _reenacted(manifest, clip, makers, detector, descriptor)
        progress()
    return results


def _reenacted(
    manifest: Manifest,
    clip: Clip,
    makers: Mapping[str, Generator],
    detector: LandmarkDetector,
    descriptor: FaceDescriptor,
) -> list[Reenactment]:
    assert clip.onset_index is not None
    assert clip.offset_index is not None
    source = open_recording(manifest, manifest.recording_of[clip.recording_id or ""])
    real = list(source.read(range(clip.onset_index, clip.offset_index + 1)))
    landmarks = np.asarray(clip.landmarks, np.float32).reshape(68, 2)
    apex = None if clip.apex_index is None else clip.apex_index - clip.onset_index
    positions = checked_frames(len(real), apex)
    tracked = TrackedDriver(real, landmarks)
    rendition = Rendition(keep_head_motion=True, eyes=1.0)
    faces = _Faces(detector, descriptor)
    looked_at = _few(positions[1:], apex)
    truth = {t: faces.of(real[t]) for t in looked_at}
    results = []
    for name in (*makers, STILL):
        if name == STILL:
            made = [real[0]] * len(real)
        else:
            made = list(makers[name].animate(makers[name].observe(real, landmarks), real[0], landmarks, rendition))
        quality = measure_quality([made[t] for t in positions], positions, real[0], landmarks, tracked, rendition)
        pairs = [(_at_256(made[t]), _at_256(real[t])) for t in positions[1:]]
        squared = float(np.mean([((a - b) ** 2).mean() for a, b in pairs]))
        scale = _SIDE / max(real[0].shape[:2])
        found = [(faces.of(made[t]), truth[t]) for t in looked_at]
        both = [(a, b) for a, b in found if a is not None and b is not None]
        apart = [float(np.linalg.norm(a.landmarks - b.landmarks, axis=1).mean()) for a, b in both]
        akd = float(np.mean(apart)) if both else None
        results.append(
            Reenactment(
                clip_id=clip.clip_id,
                name=clip.name,
                generator=name,
                l1=float(np.mean([np.abs(a - b).mean() for a, b in pairs])),
                psnr=-10 * float(np.log10(squared)) if squared > 0 else None,
                ssim=float(np.mean([similarity(_gray(a), _gray(b)) for a, b in pairs])),
                akd=None if akd is None else akd * scale,
                akd_iod=None if akd is None else akd / interocular(landmarks),
                aed=float(np.mean([np.linalg.norm(a.descriptor - b.descriptor) for a, b in both])) if both else None,
                identity=quality.identity,
                correlation=quality.correlation,
                gain=quality.gain,
            )
        )
    return results


@dataclass(frozen=True)
class _Face:
    landmarks: NDArray[np.float32]
    descriptor: NDArray[np.float64]


class _Faces:
    """Faces found in frames."""

    def __init__(self, detector: LandmarkDetector, descriptor: FaceDescriptor) -> None:
        self._detector, self._descriptor = detector, descriptor

    def of(self, frame: NDArray[Any]) -> _Face | None:
        try:
            landmarks = self._detector.detect(frame)
        except NoFaceError:
            return None
        return _Face(landmarks, self._descriptor(frame, landmarks))


def _few(positions: Sequence[int], apex: int | None) -> list[int]:
    """Some of the positions, spread evenly, the apex among them."""
    spread = {positions[i] for i in np.rint(np.linspace(0, len(positions) - 1, _DETECTED)).astype(int)}
    return sorted(spread | {position for position in positions if position == apex})


def _at_256(frame: NDArray[Any]) -> NDArray[np.float32]:
    scale = _SIDE / max(frame.shape[:2])
    values = frame.astype(np.float32) / np.float32(np.iinfo(frame.dtype).max)
    return cv2.resize(values, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def _gray(values: NDArray[np.float32]) -> NDArray[np.float32]:
    gray = cv2.cvtColor(values, cv2.COLOR_RGB2GRAY) if values.ndim == 3 else values
    return gray * np.float32(255)


def means(results: Sequence[Reenactment]) -> dict[str, dict[str, float | None]]:
    """Generator → measure → mean over the clips that have it."""
    out: dict[str, dict[str, float | None]] = {}
    for generator in dict.fromkeys(result.generator for result in results):
        mine = [result for result in results if result.generator == generator]
        out[generator] = {}
        for name in MEASURES:
            known = [value for result in mine if (value := getattr(result, name)) is not None]
            out[generator][name] = float(np.mean(known)) if known else None
    return out


def table(results: Sequence[Reenactment]) -> list[list[str]]:
    """Rows for people, titles first: means by generator."""
    rows = [["self-reenactment", *MEASURES]]
    for generator, figures in means(results).items():
        rows.append([generator, *(f"{value:.4f}" if value is not None else "–" for value in figures.values())])
    return rows
