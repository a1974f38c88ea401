"""The demo's subjects: faces derived from one public-domain portrait, varied in shape, skin, light and framing.

The portrait is `skimage.data.astronaut()` (NASA, Eileen Collins, public domain), which ships with scikit-image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.demo.actions import Units, motion_field
from me_augment.demo.eyes import portrait_eyes
from me_augment.demo.mouth import Mouth, opens
from me_augment.demo.pose import TurnedHead, TurnedMap
from me_augment.face.geometry import interocular, invert_affine, mirror_landmarks
from me_augment.face.thin_plate import ThinPlate
from me_augment.generation.eyelids import EyeOpening, Eyes
from me_augment.generation.resample import RefinedImage, grid, look_up

FRAME_SHAPE = (340, 280)  # height, width of CASME II's cropped frames
_INTEROCULAR = 82.0
_HEAD = (slice(0, 290), slice(75, 375))  # rows and columns of the astronaut's picture


@dataclass(frozen=True)
class BaseFace:
    """The portrait that all subjects are derived from.

    Attributes:
        image: (H, W, 3) uint8.
        landmarks: (68, 2), pixels.
        scale: the cut-out of the astronaut's picture was enlarged by this.
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    scale: float


@cache
def base_face() -> BaseFace:
    """The portrait's head, enlarged to the demo's interocular distance."""
    import skimage.data

    from me_augment.face import create_detector

    head = skimage.data.astronaut()[_HEAD]
    landmarks = create_detector().detect(head)
    scale = _INTEROCULAR / interocular(landmarks)
    image = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return BaseFace(image, ((landmarks + 0.5) * scale - 0.5).astype(np.float32), scale)


@dataclass(frozen=True)
class Subject:
    """One invented person.

    Attributes:
        name: `sub91` and so on: outside the ids of any corpus.
        to_base: smooth map from this person's image pixels to the portrait's pixels.
        portrait: the portrait (mirrored for some, tinted, given pores), ready for sampling, in portrait pixels.
        base_landmarks: (68, 2) landmarks of that portrait.
        landmarks: (68, 2) true landmarks in this person's image, pixels.
        light: (H, W, 1) float32 factor on the rendered frame.
        openings: the two eyes, in portrait pixels.
        mouth: likewise.
        head: how the head is turned out of the picture plane, in this person's image.
    """

    name: str
    to_base: ThinPlate | TurnedMap
    portrait: RefinedImage
    base_landmarks: NDArray[np.float64]
    landmarks: NDArray[np.float64]
    light: NDArray[np.float32]
    openings: tuple[EyeOpening, ...]
    mouth: Mouth
    head: TurnedHead

    @cached_property
    def eyes(self) -> Eyes:
        """The portrait's eyes, ready to blink and look about."""
        return Eyes.of(self.portrait.pixels, self.openings)

    @cached_property
    def rest(self) -> NDArray[np.float32]:
        """Portrait position (H, W, 2) of every pixel of a frame at rest."""
        return self.base_position(np.stack(grid(*FRAME_SHAPE), axis=-1)).astype(np.float32)

    def base_position(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Portrait position (..., 2) of image pixels (..., 2)."""
        return self.to_base(points)

    def true_displacement(self, points: NDArray[np.floating], units: Units) -> NDArray[np.float64]:
        """Exact forward displacement (N, 2), pixels, of what is at `points` at rest, by the action units alone.

        The renderer reads, for the pixel z, the portrait at phi(z) + m(phi(z)) with phi = `to_base`. What is at p
        at rest therefore arrives at the z that solves phi(z) + m(phi(z)) = phi(p); Newton's method finds it. Lips
        that part go down in the portrait first.
        """
        rest = self.mouth.moved(self.base_position(points), units)
        place = np.array(points, np.float64)
        for _ in range(12):
            base = self.base_position(place)
            error = base + self.backward_motion(base, units) - rest
            if np.abs(error).max() < 1e-10:
                break
            place = place - np.linalg.solve(self.to_base.jacobian(place), error[..., None])[..., 0]
        return place - points

    def eye_part(self, points: NDArray[np.floating]) -> NDArray[np.int8]:
        """What of an eye is at image pixels (..., 2) at rest: `eyelids.LID`, `eyelids.EYEBALL` or 0."""
        return self.eyes.part(self.base_position(points))

    def backward_motion(self, base_points: NDArray[np.floating], units: Units) -> NDArray[np.float64]:
        """Where in the portrait, relative to itself, a moved pixel gets its colour: minus the AU motion.

        The parting of lips is not in it.
        """
        return -motion_field(units, self.base_landmarks, base_points)


@dataclass(frozen=True)
class Look:
    """How an invented person differs from the portrait; zero everywhere is the portrait itself.

    Attributes:
        mirrored: the portrait is flipped left to right first.
        width, eyes, nose, mouth, jaw, brow: parts of the face wider, further apart, longer, heavier, higher, as
            fractions of the interocular distance.
        turn: rotation in the picture, radians.
        size: factor on the face's size.
        skin: factor on red, green and blue of the skin.
        gamma: of the whole picture; above 1 darkens.
        light: how much brighter it gets to the right and to the bottom.
        yaw, pitch: the head turned out of the picture plane to the image right and down, radians.
    """

    mirrored: bool = False
    width: float = 0.0
    eyes: float = 0.0
    nose: float = 0.0
    mouth: float = 0.0
    jaw: float = 0.0
    brow: float = 0.0
    turn: float = 0.0
    size: float = 1.0
    skin: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    light: tuple[float, float] = (0.0, 0.0)
    yaw: float = 0.0
    pitch: float = 0.0


_LOOKS = (
    Look(),
    Look(True, 0.06, -0.03, 0.05, 0.07, 0.10, -0.04, 0.03, 1.08, (0.80, 0.66, 0.55), 1.25, (0.30, 0.05)),
    Look(False, -0.06, 0.04, -0.05, -0.08, -0.08, 0.03, -0.04, 0.94, (1.04, 0.97, 0.88), 0.90, (-0.25, 0.10)),
    Look(True, -0.02, 0.02, 0.08, 0.04, 0.06, 0.05, 0.02, 1.02, (0.62, 0.48, 0.40), 1.35, (-0.15, -0.15)),
    Look(False, 0.08, 0.03, -0.03, -0.04, 0.12, -0.05, 0.05, 1.05, (0.95, 0.84, 0.70), 1.10, (0.20, -0.10)),
    Look(True, -0.05, -0.04, -0.06, 0.08, -0.05, 0.00, -0.03, 0.97, (0.90, 0.90, 0.96), 0.82, (0.00, 0.25)),
)


def subjects() -> list[Subject]:
    """The demo's six people, always the same."""
    return [make_subject(f"sub{91 + i}", look, seed=i) for i, look in enumerate(_LOOKS)]


def make_subject(name: str, look: Look, seed: int) -> Subject:
    """A person from the portrait; `seed` draws the pores."""
    base = base_face()
    image, landmarks = base.image, np.asarray(base.landmarks, np.float64)
    if look.mirrored:
        image = np.ascontiguousarray(image[:, ::-1])
        landmarks = mirror_landmarks(landmarks, image.shape[1])
    own = _framed(_reshaped(landmarks, look), look)
    ring = np.array([[x, y] for x in (-1.2, 0.0, 1.2) for y in (-1.2, 0.0, 1.2) if x or y])
    unit = interocular(landmarks)
    centre = landmarks[27:36].mean(0)
    anchors = centre + 3.2 * unit * ring
    to_base: ThinPlate | TurnedMap
    frontal = to_base = ThinPlate.fit(
        np.vstack([own, _framed(anchors, look, about=landmarks)]), np.vstack([landmarks, anchors]), 1e-4
    )
    head = TurnedHead.of(own, look.yaw, look.pitch)
    if look.yaw or look.pitch:
        to_base = TurnedMap(frontal, head)
    # Landmarks of the finished face: where the map reaches the portrait's landmarks.
    place = head.project(own) if look.yaw or look.pitch else own.copy()
    for _ in range(12):
        error = to_base(place) - landmarks
        place -= np.linalg.solve(to_base.jacobian(place), error[..., None])[..., 0]
    corner, mirrored_width = (_HEAD[1].start, _HEAD[0].start), image.shape[1] if look.mirrored else None
    return Subject(
        name,
        to_base,
        RefinedImage.of(_skin(image, landmarks, look, seed)),
        landmarks,
        place,
        _light(look.light),
        portrait_eyes(corner, base.scale, mirrored_width),
        Mouth.of(corner, base.scale, mirrored_width, unit, float(np.mean(look.skin)) / look.gamma),
        head,
    )


def _reshaped(landmarks: NDArray[np.float64], look: Look) -> NDArray[np.float64]:
    """Landmarks of another face: parts of this one moved and stretched by the given fractions."""
    out = landmarks.copy()
    centre = landmarks[27]
    down = (landmarks[8] - landmarks[27]) / np.linalg.norm(landmarks[8] - landmarks[27])
    across = np.array([down[1], -down[0]])
    unit = interocular(landmarks)
    side = (landmarks - centre) @ across / unit
    height = (landmarks - centre) @ down / unit
    shift_across, shift_down = look.width * side, np.zeros(68)
    shift_across[:17] += look.jaw * side[:17] * np.clip(height[:17] / 1.5, 0, 1)
    shift_down[4:13] += 0.5 * look.jaw * np.clip(height[4:13] / 1.8, 0, 1)
    for eye in (slice(36, 42), slice(42, 48), slice(17, 22), slice(22, 27)):
        shift_across[eye] += look.eyes * np.sign(side[eye].mean())
    shift_down[27:36] += look.nose * np.clip(height[27:36], 0, 1)
    shift_down[48:] += 0.7 * look.nose
    shift_across[48:] += look.mouth * side[48:]
    shift_down[17:27] -= look.brow
    return out + unit * (shift_across[:, None] * across + shift_down[:, None] * down)


def _framed(points: NDArray[np.float64], look: Look, about: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Points turned, scaled and moved so that the face sits in a demo frame."""
    reference = points if about is None else about
    centre = reference[27:36].mean(0)
    c, s = np.cos(look.turn), np.sin(look.turn)
    rotation = np.array([[c, -s], [s, c]])
    middle = np.array([FRAME_SHAPE[1] / 2 + 40 * look.turn, FRAME_SHAPE[0] * 0.5])
    return (points - centre) @ rotation.T * look.size + middle


def _skin(image: NDArray[np.uint8], landmarks: NDArray[np.float64], look: Look, seed: int) -> NDArray[np.uint8]:
    """Tint, tone and pores. The portrait is small: without fine texture its skin would carry no motion at all."""
    rng = np.random.default_rng([91, seed])
    toned = 255 * (image / 255.0) ** look.gamma
    # The tint belongs to the skin; the background keeps its own colour.
    hull = cv2.convexHull(landmarks.astype(np.float32))[:, 0]
    near = np.zeros(image.shape[:2], np.float32)
    cv2.fillConvexPoly(near, np.rint(hull).astype(np.int32), 1.0)
    near = cv2.GaussianBlur(cv2.dilate(near, np.ones((25, 25))), (0, 0), 14)[..., None]
    toned *= 1 + near * (np.array(look.skin) - 1)
    pores = sum(
        weight * cv2.GaussianBlur(rng.normal(size=image.shape[:2]), (0, 0), sigma) * 2 * sigma * np.sqrt(np.pi)
        for sigma, weight in ((0.8, 1.2), (1.6, 1.4), (3.5, 1.4))
    )
    return np.clip(np.rint(toned + pores[..., None]), 0, 255).astype(np.uint8)


def _light(direction: tuple[float, float]) -> NDArray[np.float32]:
    height, width = FRAME_SHAPE
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.exp(direction[0] * x + direction[1] * y)[..., None].astype(np.float32)


class Performance:
    """A subject performing action units: frames at any amplitude, by reading the portrait through known maps."""

    def __init__(self, subject: Subject, units: Units) -> None:
        self._subject, self._units = subject, units
        self._rest = subject.rest
        self._move = subject.backward_motion(self._rest, units).astype(np.float32)
        self._x, self._y = grid(*FRAME_SHAPE)

    def frame(
        self,
        amplitude: float,
        head: NDArray[np.floating] | None = None,
        blink: float = 0.0,
        gaze: tuple[float, float] = (0.0, 0.0),
        turn: tuple[float, float] = (0.0, 0.0),
    ) -> NDArray[np.float32]:
        """The frame (H, W, 3) float32, 0..255, before sensor noise.

        Args:
            amplitude: factor on the action units, 0 at onset, 1 at apex.
            head: (2, 3) similarity that moves the head, pixels; None holds it still.
            blink: how far the upper lids have come down, 0 to 1.
            gaze: shift of the eyeballs behind the lids, interocular distances of the portrait, to the right and down.
            turn: the head turned further out of the picture plane, yaw and pitch, radians; before `head` moves it.
        """
        base = self._rest + np.float32(amplitude) * self._move
        if any(turn):
            here = np.stack([self._x, self._y], axis=-1)
            before = self._subject.head.project(self._subject.head.further(*turn).unproject(here)).astype(np.float32)
            base = look_up(base, *(np.ascontiguousarray(before[..., i]) for i in (0, 1)))
        if head is not None:
            back = invert_affine(head).astype(np.float32)
            base = look_up(
                base,
                back[0, 0] * self._x + back[0, 1] * self._y + back[0, 2],
                back[1, 0] * self._x + back[1, 1] * self._y + back[1, 2],
            )
        seen = self._subject.portrait.sample(np.ascontiguousarray(base[..., 0]), np.ascontiguousarray(base[..., 1]))
        seen = seen.astype(np.float32)
        if amplitude and opens(self._units):
            units = {unit: amplitude * strength for unit, strength in self._units.items()}
            seen = self._subject.mouth.paint(self._subject.portrait, seen, base, units)
        if blink or any(gaze):
            shift = (gaze[0] * _INTEROCULAR, gaze[1] * _INTEROCULAR)
            seen = self._subject.eyes.paint(self._subject.portrait, seen, base, blink, shift)
        return seen * self._subject.light
