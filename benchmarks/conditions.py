"""What makes a driver or a target harder than the ideal: the conditions of the motion bench, and their clips."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import cv2
import numpy as np
from PIL import Image

from me_augment.demo.actions import Side
from me_augment.demo.faces import Look, Performance, Subject, make_subject, subjects
from me_augment.evaluation.regions import region_samples
from me_augment.face.geometry import apply_affine, interocular

EXPRESSIONS = ({6: 0.5, 12: 0.6}, {1: 0.6, 2: 0.6}, {4: 0.7, 9: 0.6}, {15: 0.7, 17: 0.6}, {4: 0.7}, {10: 0.7})
# How far the lids are down, frame by frame: they close faster than they open.
_BLINK = (0.2, 0.7, 1.0, 1.0, 0.8, 0.45, 0.15)

Frames = list[np.ndarray]
Unit = int | tuple[Side, int]


def _unspoilt(frames: Frames, rng: np.random.Generator, person: Subject) -> Frames:
    return frames


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
        blink: when the driver blinks, as a fraction of the clip; None where not.
        gaze: the driver looks this far to the right and down from two fifths of the clip on, interocular distances.
        turn: yaw and pitch, radians, by which the driver's head is turned further at the end of the clip.
        frames: of the clip, odd so that one of them is the apex; None leaves it to the command line.
        units: what is performed instead of the demo's expressions.
        peak: largest motion among the 18 regions of the driver's face, pixels; None leaves it to the units.
        driver: who performs instead of the demo's people.
    """

    name: str
    spoil: Callable[[Frames, np.random.Generator, Subject], Frames] = _unspoilt
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    strength: float = 1.0
    scale: float = 1.0
    target: Look | None = None
    gray: bool = False
    blink: float | None = None
    gaze: tuple[float, float] = (0.0, 0.0)
    turn: tuple[float, float] = (0.0, 0.0)
    frames: int | None = None
    units: tuple[tuple[Unit, float], ...] | None = None
    peak: float | None = None
    driver: Look | None = None


@dataclass(frozen=True)
class Drawing:
    """A driver's clip before anything spoils it, and all that is true about it; T frames.

    Attributes:
        driver: who performs.
        units: action units at the apex.
        frames: float frames, 0..255.
        amplitude: (T,) factor on the units.
        heads: (T, 2, 3) similarities.
        turns: (T, 2) yaw and pitch, radians.
        blinks: (T,) 0 open, 1 closed.
        gazes: (T, 2) interocular distances.
    """

    driver: Subject
    units: dict[Unit, float]
    frames: Frames
    amplitude: np.ndarray
    heads: np.ndarray
    turns: np.ndarray
    blinks: np.ndarray
    gazes: np.ndarray

    def head_landmarks(self, t: int) -> np.ndarray:
        """Where the driver's landmarks (68, 2) would be in frame t if only the head moved."""
        head = self.driver.head
        turned = head.further(*self.turns[t]).project(head.unproject(self.driver.landmarks))
        return apply_affine(self.heads[t], turned)

    @property
    def eyes_move(self) -> bool:
        """Whether there is a blink or a shift of gaze."""
        return bool(self.blinks.any() or self.gazes.any())


@cache
def people() -> list[Subject]:
    """The demo's six."""
    return subjects()


@cache
def target_of(look: Look | None, k: int) -> Subject:
    """Whom the k-th driver is transferred to."""
    return people()[(k + 2) % 6] if look is None else make_subject("target", look, seed=50 + k)


@cache
def driver_of(look: Look | None, k: int) -> Subject:
    """Who performs in the k-th pair."""
    return people()[k % 6] if look is None else make_subject("driver", look, seed=70 + k)


def units_of(condition: Condition, k: int) -> dict[Unit, float]:
    """What the k-th driver performs."""
    units = dict(EXPRESSIONS[k % len(EXPRESSIONS)] if condition.units is None else condition.units)
    factor = condition.strength
    if condition.peak is not None:
        driver = driver_of(condition.driver, k)
        points = region_samples(driver.landmarks).reshape(-1, 2)
        factor = condition.peak / np.linalg.norm(driver.true_displacement(points, units), axis=1).max()
    return {unit: strength * factor for unit, strength in units.items()}


def draw(condition: Condition, k: int, frames: int) -> Drawing:
    """The k-th driver; conditions that differ only in what comes after drawing share it."""
    as_drawn = replace(condition, name="", spoil=_unspoilt, scale=1.0, target=None, gray=False, frames=None)
    return _draw(as_drawn, k, condition.frames or frames)


@lru_cache(maxsize=4)
def _draw(condition: Condition, k: int, frames: int) -> Drawing:
    driver, units = driver_of(condition.driver, k), units_of(condition, k)
    amplitude = np.sin(np.pi * np.arange(frames) / (frames - 1)) ** 2
    heads = head_course(condition.head, driver.landmarks[30], frames)
    turns = np.linspace(0, 1, frames)[:, None] * np.array(condition.turn)
    blinks, gazes = np.zeros(frames), np.zeros((frames, 2))
    if condition.blink is not None:
        start = max(1, round(condition.blink * (frames - 1)) - 2)  # closed at the time asked for
        length = min(len(_BLINK), frames - start)
        blinks[start : start + length] = _BLINK[:length]
    # A saccade takes some 30 ms: two frames on the way at 100 frames a second.
    gazes[:] = np.clip((np.arange(frames) - 0.4 * frames) / 3, 0, 1)[:, None] * np.array(condition.gaze)
    performance = Performance(driver, units)
    drawn = [
        performance.frame(amplitude[t], heads[t], blinks[t], tuple(gazes[t]), tuple(turns[t])) for t in range(frames)
    ]
    return Drawing(driver, units, drawn, amplitude, heads, turns, blinks, gazes)


def head_course(head: tuple[float, float, float], centre: np.ndarray, frames: int) -> np.ndarray:
    """Similarities (T, 2, 3) that begin with the identity."""
    out = []
    for s in np.linspace(0, 1, frames):
        angle, scale = head[1] * s, 1 + head[2] * s
        linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        shift = head[0] * np.array([np.sin(1.7 * s), 0.6 * s])
        out.append(np.column_stack([linear, centre - linear @ centre + shift]))
    return np.array(out)


def noise(sigma: float) -> Callable[[Frames, np.random.Generator, Subject], Frames]:
    """Sensor noise of the given standard deviation, grey levels."""
    return lambda frames, rng, person: [frame + rng.normal(0, sigma, frame.shape) for frame in frames]


def jpeg(quality: int) -> Callable[[Frames, np.random.Generator, Subject], Frames]:
    """Sensor noise of one grey level, then JPEG."""

    def spoil(frames: Frames, rng: np.random.Generator, person: Subject) -> Frames:
        out = []
        for frame in frames:
            noisy = picture(frame + rng.normal(0, 1, frame.shape))
            _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])
            out.append(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.float64))
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


_DARK = Look(skin=(0.5, 0.4, 0.34), gamma=1.5, light=(-0.2, 0.0))
# Sensor noise of one grey level belongs to every condition but the first; a micro-expression of 0.36 s has 9 frames
# at 25 frames a second, 73 at 200.
CONDITIONS = (
    Condition("clean"),
    Condition("usual: noise 1, jpeg 95, head", jpeg(95), head=(2, 0.01, 0.004)),
    Condition("faint: a third as strong", jpeg(95), head=(2, 0.01, 0.004), strength=0.35),
    Condition("strong: twice as strong", jpeg(95), head=(2, 0.01, 0.004), strength=2.0),
    Condition("peak 0.3 px", noise(1), peak=0.3),
    Condition("peak 1 px", noise(1), peak=1.0),
    Condition("peak 5 px", noise(1), peak=5.0),
    Condition("noise 2", noise(2)),
    Condition("noise 4", noise(4)),
    Condition("jpeg 85", jpeg(85)),
    Condition("jpeg 75", jpeg(75)),
    Condition("gif, 128 colours dithered", gif),
    Condition("flicker 8 %", flicker),
    Condition("contrast a third", low_contrast),
    Condition("glasses", glasses),
    Condition("hair: fringe over the brows", fringe),
    Condition("small: face of 130 px", noise(1), scale=0.55),
    Condition("gray", noise(1), gray=True),
    Condition("target dark", noise(1), target=_DARK),
    Condition("target in light from the side", noise(1), target=Look(mirrored=True, light=(0.7, -0.2))),
    Condition("target rotated 15 degrees", noise(1), target=Look(turn=0.26, mirrored=True)),
    Condition("target yawed 15 degrees", noise(1), target=Look(yaw=np.radians(15), mirrored=True)),
    Condition("target pitched 10 degrees", noise(1), target=Look(pitch=np.radians(10), mirrored=True)),
    Condition("target of another shape", noise(1), target=Look(True, 0.12, 0.06, 0.1, -0.12, 0.15, -0.06, 0.0, 1.1)),
    Condition("head 6 px", noise(1), head=(6, 0.0, 0.0)),
    Condition("head 0.05 rad", noise(1), head=(0, 0.05, 0.0)),
    Condition("head 2 % nearer", noise(1), head=(0, 0.0, 0.02)),
    Condition("head yaws 3 degrees", noise(1), turn=(np.radians(3), 0.0)),
    Condition("head pitches 2 degrees", noise(1), turn=(0.0, np.radians(2))),
    Condition("blink in the middle of the rise", noise(1), blink=0.28),
    Condition("blink at the apex", noise(1), blink=0.5),
    Condition("gaze shift", noise(1), gaze=(0.045, 0.012)),
    Condition("driver dark", noise(1), driver=_DARK),
    *(
        Condition(f"{fps} fps: {frames} frames", noise(1), head=(1, 0.005, 0.002), frames=frames)
        for fps, frames in ((25, 3), (25, 9), (30, 11), (60, 21), (100, 37), (200, 73))
    ),
    *(Condition(f"au {unit}", noise(1), units=((unit, 0.8),)) for unit in (5, 16, 20, 23, 24, 25, 26)),
    Condition("au 12, left side only", noise(1), units=((("L", 12), 0.7),)),
    Condition("au 4, right side only", noise(1), units=((("R", 4), 0.8),)),
)
