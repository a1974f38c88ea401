"""How far the landmark backends agree, and how much their points tremble.

    python benchmarks/landmark_agreement.py [--backends dlib mediapipe] [--weights face-alignment=FILE] [--sheet x.png]

Faces: the portrait `skimage.data.astronaut()` and the demo's six subjects, who are drawn from it. A subject's true
landmarks are known relative to the portrait's, and those are dlib's own: `to true` therefore flatters dlib by what it
gets wrong on the portrait, and says of another backend how it differs from dlib there. All figures are percent of the
interocular distance, means over faces, of the distance in the plane:

* to dlib: between the backend's and dlib's landmarks, mean and largest, by part of the face;
* to true: from a subject's true landmarks;
* jitter: standard deviation of a point over realisations of sensor noise (sigma 3 of 255) and, apart from it, over
  sub-pixel shifts of the frame, in frames 340 and 130 px high that the head fills;
* ms: per detection, box included, on the larger frame.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from me_augment.demo.faces import FRAME_SHAPE, Performance, Subject, subjects
from me_augment.errors import MeAugmentError
from me_augment.face import LandmarkDetector, create_detector, interocular
from me_augment.face.detector import BACKENDS

PARTS = {
    "jaw": range(17), "brows": range(17, 27), "nose": range(27, 36), "eyes": range(36, 48), "mouth": range(48, 68),
    "all": range(68),
}  # fmt: skip
JITTER_OF = (0, 1, 3, 4)  # subjects, to keep it short
REPEATS = 6
SMALL = 0.39


def drawn(
    subject: Subject, scale: float, shift: NDArray[np.floating], noise: float, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.floating]]:
    """A frame (uint8) of the subject and the true landmarks in it."""
    frame = Performance(subject, {}).frame(0)
    if scale < 1:
        frame = cv2.GaussianBlur(frame, (0, 0), 0.35 / scale)
    margin = 20
    matrix = np.column_stack([scale * np.eye(2), (scale - 1) / 2 + margin + shift])
    size = [int(side * scale) + 2 * margin for side in FRAME_SHAPE[::-1]]
    frame = cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    frame = frame + noise * rng.normal(size=frame.shape)
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8), subject.landmarks * scale + matrix[:, 2]


def jitter(detector: LandmarkDetector, people: list[Subject], scale: float, noise: float, shift: float) -> float:
    """Root of a point's mean variance over repeated looks at the same face, percent of the interocular distance."""
    spread = []
    for number in JITTER_OF:
        rng = np.random.default_rng([number, 68])
        looks = []
        for _ in range(REPEATS):
            image, true = drawn(people[number], scale, rng.uniform(-shift, shift, 2), noise, rng)
            looks.append((detector.detect(image) - true) / interocular(true))
        spread.append(np.sqrt(np.var(looks, axis=0, ddof=1).sum(-1)).mean())
    return float(100 * np.mean(spread))


def distances(points: list[NDArray], others: list[NDArray]) -> NDArray[np.float64]:
    """(faces, 68) percent of the interocular distance."""
    return np.array([100 * np.linalg.norm(p - o, axis=1) / interocular(o) for p, o in zip(points, others, strict=True)])


def draw(image: NDArray[np.uint8], points: dict[str, NDArray], zoom: int) -> NDArray[np.uint8]:
    """The image enlarged with each backend's points in its colour: dlib green, the others red and blue."""
    out = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)[..., ::-1].copy()
    for (_, marks), colour in zip(points.items(), ((0, 255, 0), (0, 0, 255), (255, 0, 0)), strict=False):
        for x, y in (marks + 0.5) * zoom:
            cv2.circle(out, (round(float(x)), round(float(y))), 3, colour, -1)
    return out


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backends", nargs="+", default=BACKENDS, help="those that do not work here are left out")
    parser.add_argument("--weights", nargs="*", default=(), metavar="BACKEND=PATH")
    parser.add_argument("--device", help="of face-alignment")
    parser.add_argument("--sheet", type=Path, help="draw every backend's points on all faces")
    arguments = parser.parse_args()
    paths = {name: Path(path) for name, path in (pair.split("=", 1) for pair in arguments.weights)}
    detectors = []
    for backend in dict.fromkeys(("dlib", *arguments.backends)):
        device = arguments.device if backend == "face-alignment" else None
        try:
            detectors.append(create_detector(backend, device=device, weights=paths.get(backend)))
        except MeAugmentError as error:
            print(f"left out: {error}")

    people, rng = subjects(), np.random.default_rng(0)
    portrait = skimage.data.astronaut()[0:290, 75:375]
    pairs = [drawn(person, 1.0, np.zeros(2), 0.0, rng) for person in people]
    images = [portrait, *(image for image, _ in pairs)]
    found = {detector.name: [detector.detect(image) for image in images] for detector in detectors}
    reference = found[detectors[0].name]
    print("\nmean / largest distance" + "".join(f"{part:>14}" for part in PARTS))
    for name, points in found.items():
        for label, values in (
            ("to dlib, portrait", distances(points[:1], reference[:1])),
            ("to dlib, subjects", distances(points[1:], reference[1:])),
            ("to true, subjects", distances(points[1:], [true for _, true in pairs])),
        ):
            if values.any():
                cells = (f"{values[:, list(p)].mean():7.1f} /{values[:, list(p)].max():5.1f}" for p in PARTS.values())
                print(f"{name:18} {label:18}" + "".join(cells))
    print("\njitter, 340 px: noise, shifts; 130 px: noise, shifts; time")
    for detector in detectors:
        shaken = [jitter(detector, people, scale, *case) for scale in (1.0, SMALL) for case in ((3.0, 0.0), (0.0, 3.0))]
        start = time.perf_counter()
        for image in images[1:]:
            detector.detect(image)
        took = (time.perf_counter() - start) / len(people)
        print(f"{detector.name:18} " + "  ".join(f"{c:.2f}" for c in shaken) + f"  {1000 * took:.0f} ms")
    if arguments.sheet:
        tiles = [draw(image, {n: p[i] for n, p in found.items()}, 3) for i, image in enumerate(images)]
        side = max(tile.shape[0] for tile in tiles), max(tile.shape[1] for tile in tiles)
        tiles = [cv2.copyMakeBorder(t, 0, side[0] - t.shape[0], 0, side[1] - t.shape[1], 0) for t in tiles]
        tiles.append(np.zeros_like(tiles[0]))
        cv2.imwrite(str(arguments.sheet), np.vstack([np.hstack(tiles[i : i + 4]) for i in (0, 4)]))


if __name__ == "__main__":
    main()
