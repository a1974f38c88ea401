"""How good one synthetic clip is: does it move as it should, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.evaluation.wanted import (
    FaceView,
    Performer,
    Wanted,
    grid_over,
    head_motion,
    rigid_weights,
    wanted_on,
)
from me_augment.face.geometry import alignment, apply_affine, fit_similarity, interocular, invert_affine
from me_augment.generation import Rendition

# A clip is judged by at most so many frames besides its first.
_CHECKED = 8
# Below this share of true motion in what was measured of the driver, nothing can be said about following it.
_LEAST_RELIABILITY = 0.5
# A region that should move less than this share of the liveliest one should stand still.
_QUIET = 0.15
# A pixel stands still if no point near it should move more than this share of the liveliest one, or this many px.
_STILL, _STILL_PX = 0.1, 0.05
_NEAR = 0.25  # interocular distances
# The driver's head has to move this far (interocular distances) for a ratio to it to mean something.
_LEAST_HEAD = 0.01
_CROP = 128  # side of the face-aligned crop that identity is judged on
_SPREAD = 0.08  # interocular distances over which tracked points share their motion


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Figures of one clip. None: cannot be said of this clip.

    The first four compare the motion of the 18 regions with the wanted one, pooled over the checked frames. What the
    tracker's noise in the driver's frames does to them is known and taken out (attenuation, Spearman 1904).

    Attributes:
        reliability: share of the driver's measured motion that is not noise, 0..1; below 0.5 the next four are None.
        correlation: of displacement with the wanted displacement, -1..1; best 1.
        gain: slope of the line through the origin, wanted to found; 1 is the strength that was asked for.
        nrmse: root mean square error over root mean square of what was wanted; best 0.
        spill: root mean square motion of regions that should stand still over that of the liveliest region; best 0.
        head: motion of the bones of the face (bridge of the nose, eye corners, cheekbones) that is not part of the
            expression, as root mean square over the landmarks, interocular distances; best 0. None where the head
            was asked to move.
        head_ratio: `head` over the same figure of the driver; None where the driver's head stood still.
        flicker: root mean square over time, grey levels (of 255), of pixels that should stand still; None where there
            are none.
        identity: 1 - SSIM (Wang et al. 2004) of the target with the clip's frame of most motion after the tracked
            motion was undone, or with the last frame likewise, whichever is larger; on the face, upright, 128 px.
        fold: smallest area of a cell of the grid over its area at rest, in any checked frame, moved as it was found to
            move or as it was asked to: 1 where nothing moves, 0 or less where the face folds over itself. What was
            asked for counts, since no tracker follows folded skin.
        lost: share of the points tracked in any checked frame that are lost in the worst one: torn or covered skin.
    """

    reliability: float | None
    correlation: float | None
    gain: float | None
    nrmse: float | None
    spill: float | None
    head: float | None
    head_ratio: float | None
    flicker: float | None
    identity: float
    fold: float
    lost: float


def checked_frames(count: int, apex: int | None = None) -> list[int]:
    """Positions of the frames by which a clip of `count` frames is judged: the first, spread evenly, with the apex.

    The frame beside the apex is among them, so that a flicker from frame to frame shows.
    """
    spread = np.rint(np.linspace(0, count - 1, min(count, _CHECKED - 1))).astype(int)
    beside = [] if apex is None else [apex, min(apex + 1, count - 1)]
    return sorted({*(int(i) for i in spread), *beside})


def measure_quality(
    frames: Sequence[NDArray[Any]],
    positions: Sequence[int],
    target: NDArray[Any],
    landmarks: NDArray[np.floating],
    performer: Performer | None,
    rendition: Rendition = Rendition(),  # noqa: B008 - it is frozen
) -> Quality:
    """Judge a clip.

    Args:
        frames: the clip's frames at `positions`, (H, W) or (H, W, 3), uint8 or uint16.
        positions: from `checked_frames`; the first is 0.
        target: the face that was animated, same form.
        landmarks: (68, 2) of the target.
        performer: who showed the expression; None where nobody knows what was wanted.
        rendition: how it was to be performed.

    Raises:
        MeAugmentError: the face lies outside its picture.
    """
    unit = interocular(landmarks)
    view = FaceView.of(landmarks, target.shape)
    pictures = [view.picture(frame) for frame in frames]
    wanted = None
    if performer is None:
        points, shape = grid_over(landmarks)
    else:
        wanted = wanted_on(performer, landmarks, rendition, positions[1:])
        points, shape = wanted.points, wanted.shape
    found = np.array([view.tracked(pictures[0], picture, points) for picture in pictures[1:]])
    found = found.reshape(-1, len(points), 2)
    seen = np.isfinite(found[..., 0])  # (K, N)
    trackable = seen.any(0)
    rigid = rigid_weights(landmarks, points)
    if rendition.keep_head_motion:
        heads = [head_motion(points, moved, rigid, unit) for moved in found]
        within = np.array(
            [apply_affine(invert_affine(h), points + m) - points for h, m in zip(heads, found, strict=True)]
        ).reshape(found.shape)
    else:
        within = found
    asked = within if wanted is None else wanted.displacement
    return Quality(
        **_following(within, wanted),
        **_head(found, wanted, points, rigid, np.asarray(landmarks, np.float64), rendition),
        flicker=None if rendition.keep_head_motion else _flicker(frames, view, points, asked, unit),
        identity=_identity(frames, target, np.asarray(landmarks, np.float64), points, found),
        fold=_least_area(points, shape, np.concatenate([within, asked])),
        lost=float(1 - seen[:, trackable].mean(1).min()) if trackable.any() else float(len(found) > 0),
    )


def _following(found: NDArray[np.float64], wanted: Wanted | None) -> dict[str, float | None]:
    """Reliability, correlation, gain, nrmse and spill."""
    figures: dict[str, float | None] = dict.fromkeys(("reliability", "correlation", "gain", "nrmse", "spill"))
    if wanted is None or not len(found):
        return figures
    known = np.isfinite((found + wanted.displacement).sum(-1))  # (K, N)
    weights = wanted.regions * known[:, None]  # (K, 18, N)
    total = weights.sum(-1)
    weights = weights / np.maximum(total, 1e-9)[..., None]
    a = weights @ np.where(known[..., None], found, 0)
    b = weights @ np.where(known[..., None], wanted.displacement, 0)
    seen = total > 0.2  # of what the region has
    noise = np.broadcast_to(wanted.region_noise, seen.shape)[seen]
    if not seen.any() or not (b[seen] ** 2).sum():
        return figures
    energy, error = float((b[seen] ** 2).sum()), 2 * float(noise.sum())
    figures["reliability"] = reliability = max(0.0, 1 - error / energy)
    if reliability < _LEAST_RELIABILITY:
        return figures
    x, y = a[seen].ravel(), b[seen].ravel()
    spread = float(x.std() * np.sqrt(max(y.var() - error / len(y), 1e-12)))
    covariance = float(((x - x.mean()) * (y - y.mean())).mean())
    figures["correlation"] = float(np.clip(covariance / spread, -1, 1)) if spread > 1e-12 else 0.0
    figures["gain"] = float(x @ y) / (energy - error)
    figures["nrmse"] = float(np.sqrt(max(((x - y) ** 2).sum() - error, 0) / (energy - error)))
    figures["spill"] = _spill(a, b, seen)
    return figures


def _spill(a: NDArray[np.float64], b: NDArray[np.float64], seen: NDArray[np.bool_]) -> float | None:
    def strength(motion: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sqrt((np.where(seen[..., None], motion, 0) ** 2).sum((0, 2)) / np.maximum(seen.sum(0), 1))

    wanted = strength(b)
    quiet = (wanted < _QUIET * wanted.max()) & seen.any(0)
    if not quiet.any():
        return None
    return float(np.sqrt((strength(a)[quiet] ** 2).mean()) / wanted.max())


def _head(
    found: NDArray[np.float64],
    wanted: Wanted | None,
    points: NDArray[np.float64],
    rigid: NDArray[np.float64],
    landmarks: NDArray[np.float64],
    rendition: Rendition,
) -> dict[str, float | None]:
    if rendition.keep_head_motion or not len(found):
        return {"head": None, "head_ratio": None}
    unit = interocular(landmarks)
    squares = []
    for k, moved in enumerate(found):
        if wanted is None:
            matrix = head_motion(points, moved, rigid, unit)
        else:
            rest = moved - wanted.displacement[k]
            known = np.isfinite(rest).all(1)
            if known.sum() < 8:
                continue
            matrix = fit_similarity(points[known], (points + rest)[known], rigid[known] ** 2 + 1e-9)
        squares.append(((apply_affine(matrix, landmarks) - landmarks) ** 2).sum(1).mean())
    if not squares:
        return {"head": None, "head_ratio": None}
    head = float(np.sqrt(np.mean(squares)) / unit)
    driven = 0.0 if wanted is None else float(np.sqrt((wanted.head**2).mean()))
    return {"head": head, "head_ratio": head / driven if driven >= _LEAST_HEAD else None}


def _flicker(
    frames: Sequence[NDArray[Any]],
    view: FaceView,
    points: NDArray[np.float64],
    motion: NDArray[np.float64],
    unit: float,
) -> float | None:
    if len(motion) == 0:
        return None
    reach = np.sqrt(np.nan_to_num((motion**2).sum(-1)).max(0))
    lively = reach > max(_STILL * reach.max(), _STILL_PX)
    still = np.ones((view.rows.stop - view.rows.start, view.columns.stop - view.columns.start), np.uint8)
    for x, y in np.rint(points[lively] - (view.columns.start, view.rows.start)).astype(int):
        cv2.circle(still, (int(x), int(y)), round(_NEAR * unit), 0, -1)
    mask = still.astype(bool)
    if mask.mean() < 0.01:
        return None
    values = np.stack([_levels(frame[view.rows, view.columns])[mask] for frame in frames])
    return float(np.sqrt(values.var(0).mean()))


def _levels(image: NDArray[Any]) -> NDArray[np.float32]:
    """One channel, 0..255, without rounding."""
    gray = image.astype(np.float32)
    gray = cv2.cvtColor(gray, cv2.COLOR_RGB2GRAY) if gray.ndim == 3 else gray
    return gray * np.float32(255 / np.iinfo(image.dtype).max)


def _identity(
    frames: Sequence[NDArray[Any]],
    target: NDArray[Any],
    landmarks: NDArray[np.float64],
    points: NDArray[np.float64],
    found: NDArray[np.float64],
) -> float:
    upright = alignment(landmarks, _CROP)
    sigma = _SPREAD * interocular(apply_affine(upright, landmarks))
    before = _upright(target, upright)
    if not len(found):
        return 1 - similarity(_upright(frames[0], upright), before)
    strength = np.nansum(found**2, axis=(1, 2))
    worst = 0.0
    for k in {int(np.argmax(strength)), len(found) - 1}:
        field = _spread(apply_affine(upright, points), found[k] @ upright[:, :2].T, sigma)
        y, x = np.mgrid[0:_CROP, 0:_CROP].astype(np.float32)
        after = cv2.remap(
            _upright(frames[k + 1], upright), x + field[..., 0], y + field[..., 1], cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        worst = max(worst, 1 - similarity(after, before))
    return worst


def _upright(image: NDArray[Any], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    return cv2.warpAffine(
        _levels(image), matrix, (_CROP, _CROP), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _spread(points: NDArray[np.float64], motion: NDArray[np.float64], sigma: float) -> NDArray[np.float32]:
    """Dense field (128, 128, 2) from motion (N, 2) at points (N, 2) of the crop: mean with Gaussian weights."""
    known = np.isfinite(motion).all(1)
    total = np.zeros((_CROP, _CROP, 3), np.float32)
    places = np.rint(points[known]).astype(int)
    inside = ((places >= 0) & (places < _CROP)).all(1)
    x, y = places[inside].T
    np.add.at(total, (y, x), np.column_stack([motion[known][inside], np.ones(inside.sum())]).astype(np.float32))
    total = cv2.GaussianBlur(total, (0, 0), sigma)
    return total[..., :2] / np.maximum(total[..., 2:], 1e-6)


def similarity(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Mean structural similarity (Wang et al., IEEE TIP 2004) of two gray pictures of levels 0..255; 1 is equal."""

    def blurred(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        return cv2.GaussianBlur(picture, (11, 11), 1.5)

    mean_a, mean_b = blurred(first), blurred(second)
    var_a, var_b = blurred(first**2) - mean_a**2, blurred(second**2) - mean_b**2
    covariance = blurred(first * second) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    index = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float((index / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)))[5:-5, 5:-5].mean())


def _least_area(points: NDArray[np.float64], shape: tuple[int, int], found: NDArray[np.float64]) -> float:
    """Smallest signed area of a cell of the moved grid over its area at rest."""
    rest = _areas(points.reshape(*shape, 2))
    smallest = 1.0
    for moved in found:
        ratio = _areas((points + moved).reshape(*shape, 2)) / rest
        if np.isfinite(ratio).any():
            smallest = min(smallest, float(np.nanmin(ratio)))
    return smallest


def _areas(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed area of each quadrilateral of a grid (ny, nx, 2), from its diagonals."""
    one = corners[1:, 1:] - corners[:-1, :-1]
    other = corners[1:, :-1] - corners[:-1, 1:]
    return (one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]) / 2
