"""What of a known expression reaches another face, condition by condition: the bench that ideas are judged by.

    python benchmarks/motion_fidelity.py [--pairs 4] [--only WORD] [--frames 21]

Drivers are drawn with known action-unit motion, then spoilt in one way per condition (head motion, noise,
compression, light, occluders, small faces …); targets differ in shape, skin, light, size and pose. The synthetic
clip is measured with pyramidal Lucas-Kanade, which the generator does not use. Landmarks are detected, not given.

    r, gain, nrmse   18 regions x frames against the true displacement on the target (best 1, 1, 0)
    head             head motion in the result over the driver's, both as rms over the face (best 0)
    apex             shift of the frame with the strongest motion, frames, mean of absolute values
    spill            motion where there should be none, over the driving motion (best 0)
    flicker          grey levels, rms over time of pixels that should stand still (best 0)
    ssim             of the last frame, when the face is back at rest, with the target (best 1)
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

from me_augment.demo.faces import Look, Performance, Subject, make_subject, subjects
from me_augment.errors import MeAugmentError
from me_augment.evaluation.regions import Agreement, agreement, region_samples, tracked_displacement
from me_augment.face import create_detector
from me_augment.face.geometry import apply_affine, fit_similarity, interocular
from me_augment.generation import create_generator
from me_augment.threads import one_thread

EXPRESSIONS = ({6: 0.5, 12: 0.6}, {1: 0.6, 2: 0.6}, {4: 0.7, 9: 0.6}, {15: 0.7, 17: 0.6}, {4: 0.7}, {10: 0.7})
_STILL_PX = 0.02

Frames = list[np.ndarray]


@dataclass(frozen=True)
class Condition:
    """One way in which a driver or target is harder than the ideal.

    Attributes:
        name: as printed.
        spoil: changes the drawn float frames of the driver, 0..255, given a generator of random numbers.
        head: head motion: shift in pixels, rotation in radians, relative scale at the end of the clip.
        strength: factor on the expression.
        scale: size of the driver's frames.
        target: who is animated instead of the demo's people.
        gray: frames with one channel.
    """

    name: str
    spoil: Callable[[Frames, np.random.Generator, Subject], Frames] = lambda frames, rng, person: frames
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    strength: float = 1.0
    scale: float = 1.0
    target: Look | None = None
    gray: bool = False
    tags: tuple[str, ...] = field(default=())


def noise(sigma: float) -> Callable[[Frames, np.random.Generator, Subject], Frames]:
    """Sensor noise of the given standard deviation, grey levels."""
    return lambda frames, rng, person: [frame + rng.normal(0, sigma, frame.shape) for frame in frames]


def jpeg(quality: int) -> Callable[[Frames, np.random.Generator, Subject], Frames]:
    """Sensor noise of one grey level, then JPEG."""

    def spoil(frames: Frames, rng: np.random.Generator, person: Subject) -> Frames:
        out = []
        for frame in frames:
            data = cv2.imencode(
                ".jpg", picture(frame + rng.normal(0, 1, frame.shape)), [cv2.IMWRITE_JPEG_QUALITY, quality]
            )
            out.append(cv2.imdecode(data[1], cv2.IMREAD_COLOR).astype(np.float64))
        return out

    return spoil


def gif(frames: Frames, rng: np.random.Generator, person: Subject) -> Frames:
    """128 colours, chosen anew and dithered in every frame."""
    out = []
    for frame in frames:
        stored = io.BytesIO()
        Image.fromarray(picture(frame + rng.normal(0, 1, frame.shape))).quantize(128).save(stored, "PNG")
        out.append(np.asarray(Image.open(stored).convert("RGB"), np.float64))
    return out


def flicker(frames: Frames, rng: np.random.Generator, person: Subject) -> Frames:
    """Mains light: brightness swings by 8 %."""
    swing = 1 + 0.08 * np.sin(2 * np.pi * 0.23 * np.arange(len(frames)))
    return noise(1)([frame * s for frame, s in zip(frames, swing, strict=True)], rng, person)


def low_contrast(frames: Frames, rng: np.random.Generator, person: Subject) -> Frames:
    """Contrast down to a third, with noise."""
    return noise(1)([110 + (frame - 110) / 3 for frame in frames], rng, person)


def glasses(frames: Frames, rng: np.random.Generator, person: Subject) -> Frames:
    """Dark rims that stand still on the face."""
    eyes = [person.landmarks[36:42].mean(0), person.landmarks[42:48].mean(0)]
    radius = 0.3 * interocular(person.landmarks)
    out = []
    for frame in frames:
        painted = frame.copy()
        for eye in eyes:
            cv2.circle(painted, tuple(int(v) for v in np.rint(eye)), int(radius), (30, 28, 26), 3, cv2.LINE_AA)
        out.append(painted)
    return noise(1)(out, rng, person)


def fringe(frames: Frames, rng: np.random.Generator, person: Subject) -> Frames:
    """Strands of hair over the brows that do not move with them."""
    top = person.landmarks[17:27]
    left, right, low = top[:, 0].min(), top[:, 0].max(), top[:, 1].mean() + 4
    roots = rng.uniform(left, right, 14)
    out = []
    for frame in frames:
        painted = frame.copy()
        for k, x in enumerate(roots):
            end = (int(x + 6 * np.sin(k)), int(low + 5 * np.cos(k)))
            cv2.line(painted, (int(x), int(low - 70)), end, (96, 74, 48), 2, cv2.LINE_AA)
        out.append(painted)
    return noise(1)(out, rng, person)


CONDITIONS = (
    Condition("clean"),
    Condition("usual: noise 1, jpeg 95, head", jpeg(95), head=(2, 0.01, 0.004)),
    Condition("faint: a third as strong", jpeg(95), head=(2, 0.01, 0.004), strength=0.35),
    Condition("strong: twice as strong", jpeg(95), head=(2, 0.01, 0.004), strength=2.0),
    Condition("head 6 px", noise(1), head=(6, 0.0, 0.0)),
    Condition("head 0.05 rad", noise(1), head=(0, 0.05, 0.0)),
    Condition("head 2 % nearer", noise(1), head=(0, 0.0, 0.02)),
    Condition("noise 2", noise(2)),
    Condition("noise 4", noise(4)),
    Condition("jpeg 85", jpeg(85)),
    Condition("jpeg 75", jpeg(75)),
    Condition("gif, 128 colours dithered", gif),
    Condition("flicker 8 %", flicker),
    Condition("contrast a third", low_contrast),
    Condition("glasses", glasses),
    Condition("fringe over the brows", fringe),
    Condition("small: face of 130 px", noise(1), scale=0.55),
    Condition("gray", noise(1), gray=True),
    Condition("target dark", noise(1), target=Look(skin=(0.5, 0.4, 0.34), gamma=1.5, light=(-0.2, 0.0))),
    Condition("target turned 15 degrees", noise(1), target=Look(turn=0.26, mirrored=True)),
    Condition("target of another shape", noise(1), target=Look(True, 0.12, 0.06, 0.1, -0.12, 0.15, -0.06, 0.0, 1.1)),
)


@dataclass
class Result:
    """One pair under one condition."""

    measured: list[np.ndarray]
    true: list[np.ndarray]
    head: float
    apex: float
    spill: float
    flicker: float
    ssim: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=4, help="driver-target pairs per condition, at most 6")
    parser.add_argument("--frames", type=int, default=21)
    parser.add_argument("--only", default="", help="only conditions whose name has this word")
    arguments = parser.parse_args()
    people = subjects()
    columns = " ".join(f"{name:>6}" for name in ("r", "gain", "nrmse", "head", "apex", "spill", "flick", "ssim"))
    print(f"{'condition':32} {columns}")
    started = time.perf_counter()
    for condition in CONDITIONS:
        if arguments.only not in condition.name:
            continue
        results, failures = [], 0
        for k in range(arguments.pairs):
            try:
                results.append(one(condition, people, k, arguments.frames))
            except MeAugmentError:
                failures += 1
        print_row(condition.name, results, failures)
    print(f"{arguments.pairs} pairs each, {arguments.frames} frames, {time.perf_counter() - started:.0f} s")


def print_row(name: str, results: list[Result], failures: int) -> None:
    """Pooled over the pairs."""
    if not results:
        print(f"{name:32} no face found in any of {failures} pairs")
        return
    found: Agreement = agreement([r.measured for r in results], [r.true for r in results])
    head = np.nanmean([r.head for r in results]) if not all(np.isnan(r.head) for r in results) else np.nan
    mean = [float(np.mean([getattr(r, f) for r in results])) for f in ("apex", "spill", "flicker", "ssim")]
    print(
        f"{name:32} {found.correlation:6.3f} {found.gain:6.3f} {found.nrmse:6.3f} {head:6.3f} {mean[0]:6.1f} "
        f"{mean[1]:6.3f} {mean[2]:6.2f} {mean[3]:6.4f}" + (f"   {failures} without face" if failures else ""),
        flush=True,
    )


def one(condition: Condition, people: list[Subject], k: int, frames: int) -> Result:
    """Draw, spoil, transfer and measure one pair."""
    rng = np.random.default_rng([5, k])
    driver, units = people[k % 6], EXPRESSIONS[k % len(EXPRESSIONS)]
    units = {unit: strength * condition.strength for unit, strength in units.items()}
    target = people[(k + 2) % 6] if condition.target is None else make_subject("target", condition.target, seed=50 + k)
    amplitude = np.sin(np.pi * np.arange(frames) / (frames - 1)) ** 2
    heads = head_course(condition.head, driver.landmarks[30], frames)
    performance = Performance(driver, units)
    drawn = [performance.frame(a, h) for a, h in zip(amplitude, heads, strict=True)]
    clip = [stored(frame, condition) for frame in condition.spoil(drawn, rng, driver)]
    face = stored(Performance(target, {}).frame(0) + rng.normal(0, 1, drawn[0].shape), replace(condition, scale=1.0))

    detector, generator = create_detector(), create_generator("warp")
    with one_thread():
        observed = generator.observe(clip, detector.detect(clip[0]))
        result = list(generator.animate(observed, face, detector.detect(face)))
    return measure(result, face, target, units, amplitude, heads, driver)


def measure(
    result: Frames,
    face: np.ndarray,
    target: Subject,
    units: dict[int, float],
    amplitude: np.ndarray,
    heads: np.ndarray,
    driver: Subject,
) -> Result:
    """Compare a synthetic clip with what should be in it."""
    points = region_samples(target.landmarks)
    flat = points.reshape(-1, 2)
    measured, true, still, heads_found, heads_driven = [], [], [], [], []
    rigid = rigid_points(target)
    for t in range(1, len(result)):
        wanted = target.true_displacement(flat, {u: s * amplitude[t] for u, s in units.items()}).reshape(points.shape)
        found = tracked_displacement(face, result[t], points)
        known = np.isfinite(found)
        count = np.maximum(known.sum(1), 1)
        region = np.where(known.any(1), np.where(known, found, 0).sum(1) / count, np.nan)
        measured.append(region)
        true.append(np.where(known, wanted, 0).sum(1) / count)
        resting = np.linalg.norm(wanted, axis=-1) < _STILL_PX
        still.append(found[resting & known.all(-1)])
        followed = tracked_displacement(face, result[t], rigid.astype(np.float32))
        seen = np.isfinite(followed).all(1)
        if seen.sum() >= 20:
            heads_found.append(rms_of_similarity(rigid[seen], rigid[seen] + followed[seen], target))
            moved = apply_affine(heads[t], driver.landmarks)
            heads_driven.append(rms_of_similarity(driver.landmarks, moved, driver))
    driving = float(np.sqrt(np.mean(np.square(true))))
    strength = [np.nansum(np.square(region)) for region in measured]
    wanted_strength = [np.sum(np.square(region)) for region in true]
    moves_head = max(heads_driven, default=0) > 0.005
    gray = np.stack([as_gray(frame) for frame in result]).astype(np.float64)
    quiet = gray.std(0)[quiet_pixels(target, units, gray.shape[1:])]
    return Result(
        measured,
        true,
        float(np.sqrt(np.mean(np.square(heads_found)) / np.mean(np.square(heads_driven)))) if moves_head else np.nan,
        abs(int(np.argmax(strength)) - int(np.argmax(wanted_strength))),
        float(np.sqrt(np.mean(np.square(np.concatenate(still)))) / driving) if sum(map(len, still)) else 0.0,
        float(np.sqrt(np.mean(quiet**2))),
        float(structural_similarity(as_gray(result[-1]), as_gray(face))),
    )


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


def head_course(head: tuple[float, float, float], centre: np.ndarray, frames: int) -> np.ndarray:
    """Similarities (T, 2, 3) that begin with the identity."""
    out = []
    for s in np.linspace(0, 1, frames):
        angle, scale = head[1] * s, 1 + head[2] * s
        linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        shift = head[0] * np.array([np.sin(1.7 * s), 0.6 * s])
        out.append(np.column_stack([linear, centre - linear @ centre + shift]))
    return np.array(out)


def rms_of_similarity(before: np.ndarray, after: np.ndarray, person: Subject) -> float:
    """Rms displacement, interocular distances, of a person's landmarks under the similarity between two point sets."""
    matrix = fit_similarity(before, after)
    moved = apply_affine(matrix, person.landmarks) - person.landmarks
    return float(np.sqrt((moved**2).sum(1).mean()) / interocular(person.landmarks))


def quiet_pixels(target: Subject, units: dict[int, float], shape: tuple[int, ...]) -> np.ndarray:
    """Mask (H, W) of pixels that the expression does not reach."""
    y, x = np.mgrid[0 : shape[0] : 4, 0 : shape[1] : 4]
    at = target.base_position(np.stack([x, y], -1))
    motion = np.linalg.norm(target.backward_motion(at, units), axis=-1)
    full = cv2.resize(motion.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return full < _STILL_PX


def stored(frame: np.ndarray, condition: Condition) -> np.ndarray:
    """A float frame as the corpus would hold it."""
    image = picture(frame)
    if condition.scale != 1:
        image = cv2.resize(image, None, fx=condition.scale, fy=condition.scale, interpolation=cv2.INTER_AREA)
    return as_gray(image) if condition.gray else image


def picture(frame: np.ndarray) -> np.ndarray:
    """8 bits."""
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8)


def as_gray(image: np.ndarray) -> np.ndarray:
    """One channel."""
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image


if __name__ == "__main__":
    main()
