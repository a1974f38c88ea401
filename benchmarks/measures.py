"""How well a synthetic clip of the motion bench does what it should: one pair's figures, from what is true about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
from conditions import Condition, Drawing, Frames, Unit, as_gray, picture, target_of
from skimage.metrics import structural_similarity

from me_augment.demo.actions import Units
from me_augment.demo.faces import Look, Performance, Subject
from me_augment.evaluation.regions import region_samples, tracked_displacement
from me_augment.face import LandmarkDetector, create_detector
from me_augment.face.geometry import apply_affine, fit_similarity, interocular
from me_augment.generation.eyelids import EYEBALL, LID

_STILL_PX = 0.02
# A region is not reached by an expression that moves it less than this share of the most moved region.
_UNREACHED = 0.05


@dataclass
class Result:
    """One pair under one condition; the columns are described in `motion_fidelity`."""

    measured: list[np.ndarray]
    true: list[np.ndarray]
    head: float
    apex: float
    spill: float
    unlabelled: float
    flicker: float
    ssim: float
    drift: float
    eyes: float
    eye_error: float


@cache
def detector() -> LandmarkDetector:
    """The default detector, loaded once."""
    return create_detector()


@lru_cache(maxsize=12)
def true_regions(
    look: Look | None, k: int, units: tuple[tuple[Unit, float], ...], course: tuple[float, ...]
) -> np.ndarray:
    """True displacement (T, 18, N, 2) of the target's region samples."""
    target = target_of(look, k)
    points = region_samples(target.landmarks)
    flat = points.reshape(-1, 2)
    known: dict[float, np.ndarray] = {}
    for a in course:
        if (key := round(a, 9)) not in known:
            known[key] = target.true_displacement(flat, {u: s * a for u, s in units}).reshape(points.shape)
    return np.stack([known[round(a, 9)] for a in course])


def measure(result: Frames, face: np.ndarray, condition: Condition, drawing: Drawing, k: int) -> Result:
    """Compare a synthetic clip of the k-th pair with what should be in it.

    Args:
        result: the synthetic frames, uint8.
        face: the target's picture.
        condition: what the driver or target suffered.
        drawing: what is true about the driver.
        k: number of the pair.
    """
    target = target_of(condition.target, k)
    points = region_samples(target.landmarks)
    wanted = true_regions(condition.target, k, tuple(drawing.units.items()), tuple(drawing.amplitude))
    measured, true, still, heads_found, heads_driven = [], [], [], [], []
    rigid = rigid_points(target)
    for t in range(1, len(result)):
        found = tracked_displacement(face, result[t], points)
        known = np.isfinite(found)
        count = np.maximum(known.sum(1), 1)
        region = np.where(known.any(1), np.where(known, found, 0).sum(1) / count, np.nan)
        measured.append(region)
        true.append(np.where(known, wanted[t], 0).sum(1) / count)
        resting = np.linalg.norm(wanted[t], axis=-1) < _STILL_PX
        still.append(found[resting & known.all(-1)])
        followed = tracked_displacement(face, result[t], rigid.astype(np.float32))
        seen = np.isfinite(followed).all(1)
        if seen.sum() >= 20:
            # What the expression itself does to these points is no head motion.
            units = {unit: strength * drawing.amplitude[t] for unit, strength in drawing.units.items()}
            still_head = rigid[seen] + followed[seen] - target.true_displacement(rigid[seen], units)
            heads_found.append(rms_of_similarity(rigid[seen], still_head, target))
            heads_driven.append(rms_of_similarity(drawing.driver.landmarks, drawing.head_landmarks(t), drawing.driver))
    driving = rms(np.stack(true))
    strength = [np.nansum(np.square(region)) for region in measured]
    wanted_strength = [np.sum(np.square(region)) for region in true]
    moves_head = max(heads_driven, default=0) > 0.005
    gray = np.stack([as_gray(frame) for frame in result]).astype(np.float64)
    reach = np.abs(np.stack(true)).max((0, 2))
    unreached = np.stack(measured)[:, reach < _UNREACHED * reach.max()]
    eyes, eye_error = eye_leak(gray, as_gray(face), target, drawing) if drawing.eyes_move else (np.nan, np.nan)
    return Result(
        measured,
        true,
        rms(heads_found) / rms(heads_driven) if moves_head else np.nan,
        abs(int(np.argmax(strength)) - int(np.argmax(wanted_strength))),
        rms(np.concatenate(still)) / driving if sum(map(len, still)) else np.nan,
        rms(unreached) / driving if np.isfinite(unreached).any() else np.nan,
        rms(gray.std(0)[quiet_pixels(target, drawing.units, gray.shape[1:])]),
        float(structural_similarity(as_gray(result[-1]), as_gray(face))),
        landmark_drift(result[-1], face),
        eyes,
        eye_error,
    )


def rms(values: np.ndarray | list) -> float:
    """Root mean square of what is finite."""
    return float(np.sqrt(np.nanmean(np.square(values))))


def eye_leak(gray: np.ndarray, face: np.ndarray, target: Subject, drawing: Drawing) -> tuple[float, float]:
    """What of the driver's blink or gaze the target's eyes show, by grey levels about the eyes while it lasts.

    Returns:
        The change that a full blink or gaze of the target would bring, as a share: 0 none of it, 1 all of it; and
        the rms of whatever changed but should not, over the rms of that full change.
    """
    performance = Performance(target, drawing.units)
    rest = as_gray(picture(performance.frame(0))).astype(np.float64)
    y, x = np.mgrid[: rest.shape[0], : rest.shape[1]]
    region = np.isin(target.eye_part(np.stack([x, y], -1)), (LID, EYEBALL))
    full, excess = [], []
    for t, (amplitude, blink, gaze) in enumerate(zip(drawing.amplitude, drawing.blinks, drawing.gazes, strict=True)):
        if blink or gaze.any():
            expression = as_gray(picture(performance.frame(amplitude))).astype(np.float64)
            both = as_gray(picture(performance.frame(amplitude, blink=blink, gaze=tuple(gaze))))
            full.append((both - expression)[region])
            excess.append(((gray[t] - face) - (expression - rest))[region])
    a, b = np.concatenate(full), np.concatenate(excess)
    return float(a @ b / (a @ a)), rms(b) / rms(a)


def landmark_drift(last: np.ndarray, face: np.ndarray) -> float:
    """Rms distance of the detected landmarks of two pictures, percent of the interocular distance."""
    before, after = detector().detect(face), detector().detect(last)
    return 100 * float(np.sqrt(((after - before) ** 2).sum(1).mean()) / interocular(before))


def rigid_points(person: Subject) -> np.ndarray:
    """Points (N, 2) of the bridge of the nose, between the eyes and on the cheekbones."""
    landmarks = person.landmarks
    unit = interocular(landmarks)
    centres = [
        landmarks[27],
        landmarks[28],
        landmarks[29],
        landmarks[0] + (0.2 * unit, 0),
        landmarks[16] - (0.2 * unit, 0),
    ]
    reach = 0.1 * unit * np.linspace(-1, 1, 5)
    offsets = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    return (np.stack(centres)[:, None] + offsets).reshape(-1, 2)


def rms_of_similarity(before: np.ndarray, after: np.ndarray, person: Subject) -> float:
    """Rms displacement, interocular distances, of a person's landmarks under the similarity between two point sets."""
    matrix = fit_similarity(before, after)
    moved = apply_affine(matrix, person.landmarks) - person.landmarks
    return float(np.sqrt((moved**2).sum(1).mean()) / interocular(person.landmarks))


def quiet_pixels(target: Subject, units: Units, shape: tuple[int, ...]) -> np.ndarray:
    """Mask (H, W) of pixels that the expression does not reach."""
    y, x = np.mgrid[0 : shape[0] : 4, 0 : shape[1] : 4]
    at = target.base_position(np.stack([x, y], -1))
    motion = np.linalg.norm(target.backward_motion(at, units), axis=-1)
    motion += np.linalg.norm(target.mouth.moved(at, units) - at, axis=-1)
    full = cv2.resize(motion.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return full < _STILL_PX
