"""Head motion: what most of a face agrees on, found in a flow field and taken out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.depth import depth_map
from me_augment.face.geometry import apply_affine, eye_centres, interocular, invert_affine
from me_augment.generation.resample import grid

# Landmarks that expressions hardly move: nose bridge, eye corners, jaw in front of the ears.
_RIGID_LANDMARKS = (27, 28, 29, 30, 36, 39, 42, 45, 0, 1, 15, 16)
_RIGID_RADIUS = 0.16  # interocular distances
# Disagreement with the head, pixels, beyond which a place is taken to move by itself: about the rigid landmarks, over
# the whole face, and once the noise is gone.
_NEAR_RIGID_PX = (1.0, 0.5, 0.3)
_WHOLE_FACE_PX = (0.3, 0.2, 0.15, 0.12, 0.1, 0.1)
_WITHOUT_NOISE_PX = tuple(np.geomspace(0.15, 0.015, 10))
# Turn, as a sine, of every frame that would hold the relief to that of a mean face as strongly as it is held.
_RELIEF_PRIOR = 0.01
# A relief that has less than this of a mean face's in it is none.
_LEAST_LIKENESS = 0.1
# Share of the face that must agree with the head besides for a relief to be taken over.
_LEAST_BENEFIT = 0.01
# A relief is the same in all frames: this many at most, and every n-th pixel, are enough.
_RELIEF_FRAMES, _RELIEF_STRIDE = 10, 5
# Each step leaves less than a third of the error, on heads that turn by no more than six degrees.
_UNDOING_STEPS = 5
# Every n-th pixel is enough for a fit.
_STRIDE = 3


@dataclass(frozen=True)
class Head:
    """How a head has moved: turned a little out of the picture plane, then moved within it.

    What is at p at onset appears at S(p + d(p)), with d the parallax of a relief z seen from afar: for a turn
    (u, v), sines of yaw and pitch, d = z (u, v) - (u^2 x / 2, u v x + v^2 y / 2) about the face's middle.

    Attributes:
        similarity: (2, 3) float64, S.
        turn: (2,) float64, (u, v).
    """

    similarity: NDArray[np.float64]
    turn: NDArray[np.float64]


STILL = Head(np.eye(2, 3), np.zeros(2))


class HeadTracker:
    """Fits and applies head motion for one clip.

    Args:
        points: (68, 2), landmarks of the onset frame in the pixels of the fields.
        texture: (h, w), how well the motion of each pixel can be measured.

    Attributes:
        face: (h, w) float32, weight of each pixel of the face, zero outside.
        here: (h, w, 2) float32, the place of each pixel.
    """

    def __init__(self, points: NDArray[np.floating], texture: NDArray[np.float32]) -> None:
        shape = texture.shape
        self.face = _inside_face(points, shape) * texture
        self._rigid = _near_rigid_landmarks(points, interocular(points), shape) * texture
        self._middle = np.asarray(points, np.float64)[27:36].mean(0)
        self.here = np.stack(grid(*shape), axis=-1)
        self._modes = _relief_modes(points, self.here)
        self._depth = self._modes[0]

    def fit(self, flow: NDArray[np.float32]) -> Head:
        """The head in a flow field (h, w, 2): begun on the rigid landmarks, settled on the whole face.

        A micro-expression moves a small part of the face, so the motion that most of the face agrees on is the
        head's. Iteratively reweighted least squares with Geman-McClure weights, which ignore what disagrees; begun on
        the rigid landmarks with a wide tolerance so that it settles on the head and not on a strong expression.
        """
        head = self._settled(flow, self._rigid, (np.inf, *_NEAR_RIGID_PX), STILL)
        return self._settled(flow, self.face, _WHOLE_FACE_PX, head)

    def remaining(self, residual: NDArray[np.float32]) -> Head:
        """The head left in a residual field (h, w, 2) that is free of noise already.

        The first fit has to allow for the noise of a single frame, and so follows a broad expression by some
        hundredths of a pixel. Once the noise is gone the tolerance can be narrowed to what truly stands still. All of
        the face counts alike here: a cheek without texture is as still as a nose with it.
        """
        even = (self.face > 0.02 * self.face.max()).astype(np.float32)
        return self._settled(residual, even, _WITHOUT_NOISE_PX, STILL)

    def learn_relief(self, flows: Sequence[NDArray[np.float32]]) -> None:
        """Take the relief of this face, as far as its turning shows it, in place of a mean face's.

        In each flow field (h, w, 2) every mode of the relief gets a parallax of its own. A head that turns has the
        same relief in all frames, so that these must be the turn of the frame times the share of the mode: the best
        such product is found by alternating least squares, held to the mean face as strongly as a turn of
        `_RELIEF_PRIOR` in every frame would hold it.
        """
        if not flows:
            return
        flows = flows[:: -(-len(flows) // _RELIEF_FRAMES)]
        cells = np.s_[::_RELIEF_STRIDE, ::_RELIEF_STRIDE]
        keep = (self.face[cells] > 0.02 * self.face.max()).ravel()
        weights = self.face[cells].ravel()[keep].astype(np.float64)
        source = self.here[cells].reshape(-1, 2)[keep].astype(np.float64)
        modes = self._modes[(slice(None), *cells)].reshape(len(self._modes), -1)[:, keep].T.astype(np.float64)
        drawn = []
        for flow in flows:
            target = source + flow[cells].reshape(-1, 2)[keep]
            error: NDArray[np.floating] | float = 0.0
            for width in (np.inf, *_NEAR_RIGID_PX, *_WHOLE_FACE_PX[:2]):
                linear, shift, parallax = _least_squares(source, target, modes, weights / (1 + error / width**2) ** 2)
                error = ((source @ linear.T + shift + modes @ parallax @ linear.T - target) ** 2).sum(1)
            drawn.append(parallax)
        per_frame = np.array(drawn).reshape(len(drawn), len(self._modes), 2)
        mean_face = np.eye(len(self._modes))[0]
        share = mean_face
        for _ in range(20):
            turns = np.einsum("tkc,k->tc", per_frame, share) / (share @ share)
            strength = _RELIEF_PRIOR**2 * len(flows)
            share = np.einsum("tkc,tc->k", per_frame, turns) + strength * mean_face
            share /= (turns**2).sum() + strength
        # How deep a face is and how far it turned are known as a product only: depth is made a mean face's.
        relief = modes @ share - weights @ (modes @ share) / weights.sum()
        mean = modes[:, 0] - weights @ modes[:, 0] / weights.sum()
        scale = (weights * relief) @ mean / ((weights * mean) @ mean)
        if abs(scale) < _LEAST_LIKENESS:
            return
        before, known = self._depth, [self._agreeing(flow) for flow in flows]
        self._depth = np.tensordot((share / scale).astype(np.float32), self._modes, axes=1)
        if np.mean([self._agreeing(flow) for flow in flows]) < np.mean(known) + _LEAST_BENEFIT:
            self._depth = before  # an expression that happens to look like a turn

    def places(self, head: Head, residual: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where in the picture (h, w, 2) each pixel of the onset has gone by a residual (h, w, 2) and the head."""
        at = self.here + residual
        return apply_affine(head.similarity, at + self._parallax(head.turn, at)).astype(np.float32)

    def residual(self, head: Head, places: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where (h, w, 2), relative to itself, each pixel would have gone had the head stood still: undoes `places`."""
        back = apply_affine(invert_affine(head.similarity), places).astype(np.float32)
        at = back
        for _ in range(_UNDOING_STEPS if head.turn.any() else 0):
            at = back - self._parallax(head.turn, at)  # the parallax is that of the place where the skin has moved to
        return at - self.here

    def _agreeing(self, flow: NDArray[np.float32]) -> float:
        """Share of the face, 0 to 1, that moves with the head in a flow field."""
        error = flow - (self.places(self.fit(flow), np.zeros_like(flow)) - self.here)
        agrees = 1 / (1 + (error**2).sum(-1) / _WHOLE_FACE_PX[0] ** 2) ** 2
        return float((agrees * self.face).sum() / self.face.sum())

    def _parallax(self, turn: NDArray[np.float64], at: NDArray[np.float32]) -> NDArray[np.float32]:
        if not turn.any():
            return np.zeros_like(at)
        x, y = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])
        depth = cv2.remap(self._depth, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return _displaced(turn, depth, x - self._middle[0], y - self._middle[1]).astype(np.float32)

    def _settled(
        self, flow: NDArray[np.float32], support: NDArray[np.float32], widths: tuple[float, ...], head: Head
    ) -> Head:
        cells = np.s_[::_STRIDE, ::_STRIDE]
        weights = support[cells].ravel().astype(np.float64)
        keep = weights > 0.02 * weights.max()
        weights = weights[keep]
        source = self.here[cells].reshape(-1, 2)[keep].astype(np.float64)
        target = source + flow[cells].reshape(-1, 2)[keep]
        depth = self._depth[cells].ravel()[keep].astype(np.float64)
        x, y = (source - self._middle).T
        for width in widths:
            moved = apply_affine(head.similarity, source + _displaced(head.turn, depth, x, y))
            error = ((moved - target) ** 2).sum(1)
            weighted = weights / (1 + error / width**2) ** 2 + 1e-12
            # The terms of second order are those of the head known so far.
            flat = source + _displaced(head.turn, np.zeros_like(depth), x, y)
            linear, shift, turn = _least_squares(flat, target, depth[:, None], weighted)
            head = Head(np.column_stack([linear, shift]), turn[0])
        return head


def _displaced(
    turn: NDArray[np.float64], depth: NDArray[np.floating], x: NDArray[np.floating], y: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Parallax (..., 2) of places of this depth at x, y from the middle of the face: see `Head`."""
    u, v = turn
    return np.stack([depth * u - u * u / 2 * x, depth * v - u * v * x - v * v / 2 * y], axis=-1)


def _least_squares(
    source: NDArray[np.float64], target: NDArray[np.float64], modes: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Similarity and parallax together: target = L (source + modes P) + shift.

    Args:
        source, target: (N, 2).
        modes: (N, K), depths.
        weights: (N,).

    Returns:
        L (2, 2), shift (2,) and P (K, 2).
    """
    weights = weights / weights.sum()
    centre, depth, goal = weights @ source, weights @ modes, weights @ target
    x, y = (source - centre).T
    z = modes - depth
    none = np.zeros_like(z)
    across, down = np.column_stack([x, -y, z, none]), np.column_stack([y, x, none, z])
    weighted_across, weighted_down = across * weights[:, None], down * weights[:, None]
    square = weighted_across.T @ across + weighted_down.T @ down
    right = weighted_across.T @ (target[:, 0] - goal[0]) + weighted_down.T @ (target[:, 1] - goal[1])
    a, b, *drawn = np.linalg.solve(square + 1e-9 * np.trace(square) * np.eye(len(square)), right)
    linear = np.array([[a, -b], [b, a]])
    parallax = np.reshape(drawn, (2, -1)).T @ np.linalg.inv(linear).T
    return linear, goal - linear @ (centre + depth @ parallax), parallax


def _relief_modes(points: NDArray[np.floating], here: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depths (K, h, w), pixels: a mean face, and the ways in which faces' reliefs differ most."""
    unit = interocular(points)
    mean = depth_map(points, (here.shape[0], here.shape[1]))
    left, right = eye_centres(points)
    across = (right - left) / unit
    local = (here - points[27]) / unit
    x, y = local @ across, local @ np.array([-across[1], across[0]])
    nose, chin = (np.exp(-((x / 0.17) ** 2 + ((y - at) / high) ** 2) / 2) for at, high in ((0.5, 0.25), (1.5, 0.25)))
    return np.stack([mean, *(unit * mode for mode in (x * x, y * y, nose, chin))]).astype(np.float32)


def _near_rigid_landmarks(points: NDArray[np.floating], unit: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
    x, y = grid(*shape)
    near = np.zeros(shape, np.float32)
    for index in _RIGID_LANDMARKS:
        px, py = points[index]
        if index in (0, 1, 15, 16):  # step inwards, off the background
            px += np.sign(points[27, 0] - px) * 0.2 * unit
        near = np.maximum(near, np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * (_RIGID_RADIUS * unit) ** 2)))
    return near


def _inside_face(points: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One well inside the outline of the landmarks, zero elsewhere: the background does not move with the head."""
    centre = points.mean(0)
    hull = cv2.convexHull((centre + 0.9 * (points - centre)).astype(np.float32))[:, 0]
    inside = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 1)
    return inside.astype(np.float32)
