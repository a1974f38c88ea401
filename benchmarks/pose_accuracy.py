"""How well the pose of a turned head is read, and how far a head may turn before its landmarks go wrong.

    python benchmarks/pose_accuracy.py [--sheet turned.png]

The portrait `skimage.data.astronaut()` is turned in depth: MediaPipe's mesh (the backend `mediapipe` must run, see
`me-augment doctor`) gives the depth of its points, the triangles between them are rotated and painted from far to
near. A head so turned has no new skin to show behind the nose, so the picture is fair up to about 40 degrees. For
every turn and backend the table says what `head_pose` finds beyond the pose of the unturned picture, and how far the
landmarks lie from where the unturned picture's landmarks went (brows, eyes, nose, mouth; percent of the interocular
distance). The outline of the jaw is left out: it is another place on the head.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay

from me_augment.errors import MeAugmentError
from me_augment.face import LandmarkDetector, create_detector, interocular
from me_augment.face.mediapipe_backend import MediapipeDetector
from me_augment.face.pose import Pose, head_pose, rotation_matrix

TURNS = [Pose(yaw, 0, 0) for yaw in (-40, -30, -25, -20, -15, -10, 0, 10, 15, 20, 25, 30, 40)]
TURNS += [Pose(0, pitch, 0) for pitch in (-30, -20, -10, 10, 20, 30)] + [Pose(20, 15, 10), Pose(-25, -15, -10)]


class Head:
    """A portrait with depth."""

    def __init__(self, image: NDArray[np.uint8], mesh: NDArray[np.floating]) -> None:
        self.image = image
        self.centre = np.array([*mesh[:, :2].mean(0), mesh[:, 2].max()])
        reach = np.ptp(mesh[:, 0])
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        ring = np.column_stack([np.cos(angles), np.sin(angles), np.full(24, 0.0)]) * 1.1 * reach
        self.points = np.vstack([mesh, ring + self.centre])
        self.triangles = Delaunay(self.points[:, :2]).simplices
        self.depth = LinearNDInterpolator(self.points[:, :2], self.points[:, 2])

    def move(self, points: NDArray[np.floating], pose: Pose) -> NDArray[np.float64]:
        """Points (N, 3) of the turned head."""
        return (points - self.centre) @ rotation_matrix(pose).T + self.centre

    def turned(self, pose: Pose) -> NDArray[np.uint8]:
        """The portrait of the turned head, far triangles first."""
        places = self.move(self.points, pose)
        height, width = self.image.shape[:2]
        source = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
        for triangle in sorted(self.triangles, key=lambda t: -places[t, 2].mean()):
            there = places[triangle, :2]
            low = np.maximum(np.floor(there.min(0)).astype(int), 0)
            high = np.minimum(np.ceil(there.max(0)).astype(int) + 1, (width, height))
            if (high <= low).any():
                continue
            x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
            corners = np.vstack([there.T, np.ones(3)])
            if abs(np.linalg.det(corners)) < 1e-6:
                continue
            shares = np.linalg.solve(corners, np.stack([x.ravel(), y.ravel(), np.ones(x.size)]))
            inside = (shares > -1e-9).all(0).reshape(x.shape)
            here = (shares.T @ self.points[triangle, :2]).reshape(*x.shape, 2)
            source[low[1] : high[1], low[0] : high[0]][inside] = here[inside]
        return cv2.remap(self.image, source[..., 0], source[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def row(head: Head, detector: LandmarkDetector, turn: Pose, at_rest: NDArray[np.float32]) -> str:
    """Pose found beyond that at rest, and the landmarks' error."""
    depth = head.depth(at_rest)
    lifted = np.column_stack([at_rest, np.where(np.isnan(depth), 0, depth)])
    true = head.move(lifted, turn)[17:, :2]
    try:
        found = detector.detect(head.turned(turn))
    except MeAugmentError:
        return "no face"
    error = np.linalg.norm(found[17:] - true, axis=1) / interocular(at_rest) * 100
    change = np.subtract(head_pose(found), head_pose(at_rest))
    return f"{change[0]:+6.1f} {change[1]:+6.1f} {change[2]:+6.1f} | {error.mean():5.1f} {error.max():5.1f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=Path, help="also draw the turned heads")
    arguments = parser.parse_args()
    mesh_detector = MediapipeDetector()
    portrait = cv2.resize(skimage.data.astronaut()[0:290, 75:375], None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    head = Head(portrait, mesh_detector.dense(portrait))
    detectors = [create_detector("dlib"), mesh_detector]
    at_rest = [detector.detect(head.turned(Pose(0, 0, 0))) for detector in detectors]
    for detector, points in zip(detectors, at_rest, strict=True):
        print(f"{detector.name} unturned: yaw {head_pose(points)[0]:.1f}, pitch {head_pose(points)[1]:.1f}")
    print("turned: yaw pitch roll | " + " | ".join(f"{d.name}: yaw, pitch, roll | error mean, max" for d in detectors))
    for turn in TURNS:
        cells = " | ".join(row(head, d, turn, p) for d, p in zip(detectors, at_rest, strict=True))
        print(f"{turn.yaw:+4.0f} {turn.pitch:+4.0f} {turn.roll:+4.0f} | {cells}")
    if arguments.sheet:
        tiles = [head.turned(turn)[::2, ::2, ::-1] for turn in TURNS]
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 7)
        cv2.imwrite(str(arguments.sheet), np.vstack([np.hstack(tiles[i : i + 7]) for i in range(0, len(tiles), 7)]))


if __name__ == "__main__":
    main()
