"""A small spotter of expressions in long videos, trained with and without synthetic ones: an anchor, not a contender.

The way of SOFTNet (Liong et al., 2021): flow from frame i to i + k on the aligned face, the nose's motion taken from
all, eyes left out, the rest averaged in facial regions; a learned score of every frame; peaks of the smoothed score are
the middles of intervals. In place of the network stands ridge regression, so that nothing is left to chance and every
fold takes a fraction of a second. Who is held out trains nothing: not the weights, not the threshold, not the length.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

from me_augment.errors import UsageError
from me_augment.evaluation.spotting import KINDS, Interval, Spotted, compare
from me_augment.evaluation.spotting_files import recording_name
from me_augment.face.geometry import alignment, apply_affine, crop
from me_augment.flow.field import eight_bit
from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.folds import may_train
from me_augment.manifest.lineage import closed
from me_augment.manifest.sequence import Rows
from me_augment.video.recording import open_recording

CROP = 128
# Half an expression, seconds: the distance of the two frames that flow is measured between. Fixed beforehand, near
# SOFTNet's 6 and 18 frames of CAS(ME)^2's 30 per second.
_HALF = {"micro": 0.2, "macro": 0.6}
# Landmarks whose mean is the middle of a region; brows, the root of the nose, its wings, cheeks, mouth, chin.
_REGIONS = (
    (17, 18, 19), (19, 20, 21), (22, 23, 24), (24, 25, 26), (21, 22), (31,), (35,), (1, 31, 48), (15, 35, 54),
    (48,), (54,), (50, 51, 52), (56, 57, 58), (57, 8),
)  # fmt: skip
_REACH = 6  # half the side of a region, pixels of the crop
_NOSE, _NOSE_REACH = 30, 5
_EYES, _EYE_MARGIN = ((36, 42), (42, 48)), 15  # as SOFTNet has it at 128 pixels
_ALPHA = 100.0
_THRESHOLDS = 24
_INNER = 3  # parts of the training people, each left out in turn to find the threshold
_LEAST_FPS = 10


@dataclass(frozen=True)
class Video:
    """A long video, measured.

    Attributes:
        name: as in lists of intervals.
        person_id: who is seen.
        rows: everything the manifest says of it.
        truth: its expressions, frames from 1.
        fps: frames per second.
        motion: kind → (T, features) float32, from frame t to half an expression later.
    """

    name: str
    person_id: str
    rows: tuple[Clip, ...]
    truth: tuple[Interval, ...]
    fps: Fraction
    motion: Mapping[str, NDArray[np.float32]]

    @property
    def is_synthetic(self) -> bool:
        """Whether it was made."""
        return any(row.is_synthetic for row in self.rows)

    def may_train(self, person: str) -> bool:
        """Whether the fold that holds out a person may learn from it: nobody who contributed to any row."""
        return all(may_train(row, person) for row in self.rows)


@dataclass(frozen=True)
class Comparison:
    """What a spotter found.

    Attributes:
        name: `real` or `real + synthetic`.
        folds: how many persons were held out.
        real, synthetic: videos that a fold was trained on, on average.
        predicted: all intervals.
        found: against the truth.
    """

    name: str
    folds: int
    real: float
    synthetic: float
    predicted: tuple[Interval, ...]
    found: Spotted


def compare_with(
    real: Manifest, synthetic: Manifest | None = None, advance: Callable[[], None] = lambda: None
) -> list[Comparison]:
    """Train and test for every person, with real videos only and, where there are any, with synthetic ones too.

    Args:
        real: a manifest with long videos: recordings of which expressions are only a part.
        synthetic: a run of long videos; its real ones are not used.
        advance: called after each video that was measured.

    Raises:
        UsageError: fewer than two persons with long videos, or a run without any.
    """
    people = sorted(
        {
            recording.person_id
            for recording, rows in _long_videos(real, synthetic=False)
            if any(row.expression in KINDS and row.n_frames for row in rows)
        }
    )
    if len(people) < 2:
        raise UsageError(
            f"{real.folder or 'the manifest'} has long videos of fewer than two people with expressions, landmarks and "
            "a known frame rate; to hold out one and train on others takes two. Clips cut to their expression are "
            "no long videos."
        )
    if synthetic is not None and not _long_videos(synthetic, synthetic=True):
        raise UsageError(
            f"{synthetic.folder} holds no synthetic long video: make some with `synthesize --task spotting`."
        )
    mine = _measured(real, advance, synthetic=False)
    results = [_run("real", mine, (), people)]
    if synthetic is not None:
        made = _measured(synthetic, advance, synthetic=True)
        results.append(_run("real + synthetic", mine, made, people))
    return results


def count_videos(real: Manifest, synthetic: Manifest | None) -> int:
    """How many videos `compare_with` measures."""
    parts = [(real, False), *([(synthetic, True)] if synthetic else [])]
    return sum(len(_long_videos(manifest, synthetic=made)) for manifest, made in parts)


def _run(name: str, real: Sequence[Video], synthetic: Sequence[Video], people: Sequence[str]) -> Comparison:
    predicted: list[Interval] = []
    trained = []
    for person in people:
        tested = [video for video in real if video.person_id == person]
        own = [video for video in real if video.person_id != person and video.may_train(person)]
        more = [video for video in synthetic if video.may_train(person)]
        trained.append((len(own), len(more)))
        for kind in KINDS:
            spotter = _Spotter.trained(kind, own, more)
            if spotter is not None:
                predicted += [one for video in tested for one in spotter.spot(video)]
    truth = [one for video in real if video.person_id in people for one in video.truth]
    means = np.mean(trained, axis=0)
    return Comparison(name, len(people), float(means[0]), float(means[1]), tuple(predicted), compare(truth, predicted))


@dataclass(frozen=True)
class _Spotter:
    """One kind of expression: scores of frames, and how scores become intervals.

    Attributes:
        kind: of the expressions.
        weights: (features,), of features standardised by `mean` and `scale`.
        seconds: length of the intervals.
        threshold: least height of a peak.
    """

    kind: str
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    seconds: float
    threshold: float

    @classmethod
    def trained(cls, kind: str, real: Sequence[Video], synthetic: Sequence[Video]) -> _Spotter | None:
        """Learn from videos; None where no real one shows the kind."""
        lengths = [
            (one.offset - one.onset + 1) / float(video.fps) for video in real for one in video.truth if one.kind == kind
        ]
        if not lengths:
            return None
        seconds = float(np.mean(lengths))
        spotter = cls._fitted(kind, real, synthetic, seconds)
        return replace(spotter, threshold=cls._threshold(kind, real, synthetic, seconds, spotter))

    @classmethod
    def _fitted(cls, kind: str, real: Sequence[Video], synthetic: Sequence[Video], seconds: float) -> _Spotter:
        """The score, every class of frames weighing the same."""
        videos = [*real, *synthetic]
        features = np.concatenate([_context(video, kind) for video in videos])
        labels = np.concatenate([_labels(video, kind) for video in videos])
        mean, scale = features.mean(0), features.std(0) + 1e-6
        x = (features - mean) / scale
        positive = max(int(labels.sum()), 1)
        weight = np.where(labels > 0, 0.5 / positive, 0.5 / max(len(labels) - positive, 1)) * len(labels)
        x -= np.average(x, axis=0, weights=weight)
        y = labels - np.average(labels, weights=weight)
        square = (x * weight[:, None]).T @ x + _ALPHA * np.eye(x.shape[1])
        return cls(kind, mean, scale, np.linalg.solve(square, (x * weight[:, None]).T @ y), seconds, 0.0)

    @classmethod
    def _threshold(
        cls, kind: str, real: Sequence[Video], synthetic: Sequence[Video], seconds: float, whole: _Spotter
    ) -> float:
        """Where people among the training videos are spotted best by what was learned without them.

        Of thresholds that do equally well, the middle: what is best on few videos is a matter of chance.
        """
        people = sorted({video.person_id for video in real})
        scored: list[tuple[Video, NDArray[np.float64]]] = []
        for part in range(min(_INNER, len(people))):
            left_out = people[part::_INNER]
            inner = [video for video in real if all(video.may_train(person) for person in left_out)]
            more = [video for video in synthetic if all(video.may_train(person) for person in left_out)]
            judge = cls._fitted(kind, inner, more, seconds) if inner else whole
            scored += [(video, judge._scores(video)) for video in real if video.person_id in left_out]
        truth = [one for video in real for one in video.truth if one.kind == kind]
        thresholds = np.linspace(0, max(float(score.max()) for _, score in scored), _THRESHOLDS, endpoint=False)
        worth = []
        for threshold in thresholds:
            said = [one for video, score in scored for one in whole._intervals(video, score, float(threshold))]
            worth.append(compare(truth, said).scores[kind].f1)
        return float(thresholds[np.flatnonzero(np.array(worth) == max(worth))].mean())

    def spot(self, video: Video) -> list[Interval]:
        """The expressions in a video."""
        return self._intervals(video, self._scores(video), self.threshold)

    def _scores(self, video: Video) -> NDArray[np.float64]:
        """(T,) scores, smoothed over the length of an expression, about the video's own median."""
        raw = ((_context(video, self.kind) - self.mean) / self.scale) @ self.weights
        smooth = uniform_filter1d(raw, max(3, round(self.seconds * video.fps)), mode="nearest")
        found: NDArray[np.float64] = smooth - np.median(smooth)
        return found

    def _intervals(self, video: Video, scores: NDArray[np.float64], threshold: float) -> list[Interval]:
        length = max(2, round(self.seconds * video.fps))
        peaks, _ = find_peaks(np.pad(scores, 1, constant_values=-np.inf), height=threshold, distance=length)
        found = []
        for peak in peaks - 1:
            # The score of frame t is about what happens until half an expression later.
            onset = int(peak + _step(self.kind, video.fps) / 2 - length / 2) + 1
            onset = min(max(1, onset), max(1, len(scores) - length + 1))
            found.append(Interval(video.name, onset, onset + length - 1, self.kind))
        return found


def _labels(video: Video, kind: str) -> NDArray[np.float64]:
    """(T,) 1 where at least half of what lies between a frame and half an expression later is within one."""
    count, step = len(video.motion[kind]), _step(kind, video.fps)
    inside = np.zeros(count + step)
    for one in video.truth:
        if one.kind == kind:
            inside[one.onset - 1 : one.offset] = 1
    share = np.convolve(inside, np.ones(step) / step, "valid")[:count]
    return (share >= 0.5).astype(np.float64)


def _context(video: Video, kind: str) -> NDArray[np.float64]:
    """Motion of a frame beside that of half a step before and after, and its strength either way."""
    motion = video.motion[kind].astype(np.float64)
    both = np.concatenate([motion, np.abs(motion)], axis=1)
    half = max(1, _step(kind, video.fps) // 2)
    padded = np.pad(both, ((half, half), (0, 0)), mode="edge")
    return np.concatenate([padded[: len(both)], both, padded[2 * half :]], axis=1)


def _step(kind: str, fps: Fraction) -> int:
    return max(2, round(_HALF[kind] * fps))


def _long_videos(manifest: Manifest, *, synthetic: bool) -> list[tuple[Recording, tuple[Clip, ...]]]:
    """Recordings of which expressions are only a part, and that can be measured; rows name their ancestors' people."""
    rows = defaultdict(list)
    for clip in Rows(Clip, closed(manifest.clip_table)):
        if clip.recording_id is not None and clip.status == "ok" and clip.is_synthetic == synthetic:
            rows[clip.recording_id].append(clip)
    chosen = []
    for recording_id in sorted(rows):
        recording, clips = manifest.recording_of[recording_id], rows[recording_id]
        covered = sum(clip.n_frames for clip in clips if clip.expression != "neutral")
        faced = any(clip.landmarks is not None for clip in clips)
        timed = recording.fps_num and Fraction(recording.fps_num, recording.fps_den or 1) >= _LEAST_FPS
        if faced and timed and 2 * covered < recording.n_frames:
            chosen.append((recording, tuple(sorted(clips, key=lambda c: (c.onset_index or 0, c.clip_id)))))
    return chosen


def _measured(manifest: Manifest, advance: Callable[[], None], *, synthetic: bool) -> list[Video]:
    videos = []
    for recording, rows in _long_videos(manifest, synthetic=synthetic):
        name, fps = recording_name(recording.path), Fraction(recording.fps_num or 0, recording.fps_den or 1)
        truth = tuple(
            Interval(name, row.onset_index + 1, row.onset_index + row.n_frames, row.expression)
            for row in rows
            if row.expression in KINDS and row.onset_index is not None and row.n_frames > 0
        )
        videos.append(Video(name, recording.person_id, rows, truth, fps, _motion(manifest, recording, rows, fps)))
        advance()
    return videos


def _motion(
    manifest: Manifest, recording: Recording, rows: Sequence[Clip], fps: Fraction
) -> dict[str, NDArray[np.float32]]:
    """Mean motion of facial regions, less that of the nose: see `Video.motion`. Three numbers a region."""
    points = np.asarray(next(row.landmarks for row in rows if row.landmarks is not None), np.float64).reshape(68, 2)
    matrix = alignment(points, CROP)
    face = apply_affine(matrix, points)
    source = open_recording(manifest, recording)
    count = recording.n_frames
    gray = np.empty((count, CROP, CROP), np.uint8)
    for start in range(0, count, 64):
        positions = range(start, min(count, start + 64))
        for t, frame in zip(positions, source.read(positions), strict=True):
            small = crop(eight_bit(frame), matrix, CROP)
            gray[t] = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY) if small.ndim == 3 else small
    masks = _masks(face)
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = {}
    for kind in KINDS:
        step = _step(kind, fps)
        rows_of = np.zeros((count, 3 * len(_REGIONS)), np.float32)
        for t in range(count - step):
            field = flow.calc(gray[t], gray[t + step], None).reshape(-1, 2)
            residual = field - masks[-1] @ field
            strength = np.sqrt((residual**2).sum(1))
            rows_of[t] = np.concatenate([(masks[:-1] @ residual).ravel(), masks[:-1] @ strength])
        found[kind] = rows_of
    return found


def _masks(face: NDArray[np.float64]) -> NDArray[np.float32]:
    """(regions + 1, pixels) weights that add up to one each; the last is the nose. Eyes are in none of the others."""
    eyes = np.zeros((CROP, CROP), np.uint8)
    for first, stop in _EYES:
        cv2.fillConvexPoly(eyes, cv2.convexHull(np.rint(face[first:stop]).astype(np.int32)), 1)
    grown = cv2.dilate(eyes, np.ones((_EYE_MARGIN, _EYE_MARGIN), np.uint8))
    centres = [*(face[list(region)].mean(0) for region in _REGIONS), face[_NOSE]]
    masks = np.zeros((len(centres), CROP, CROP), np.float32)
    for mask, (x, y), reach in zip(masks, centres, [*[_REACH] * len(_REGIONS), _NOSE_REACH], strict=True):
        column, row = int(np.clip(x, reach, CROP - 1 - reach)), int(np.clip(y, reach, CROP - 1 - reach))
        box = (slice(row - reach, row + reach + 1), slice(column - reach, column + reach + 1))
        mask[box] = 1 - grown[box]
        if not mask.any():
            mask[box] = 1  # a region that lies within the margin
    flat = masks.reshape(len(centres), -1)
    weights: NDArray[np.float32] = flat / flat.sum(1, keepdims=True)
    return weights
