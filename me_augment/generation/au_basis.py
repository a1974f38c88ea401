"""The mean motion of each action unit, estimated from clips in which several of them act together."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError
from me_augment.face.correspondence import face_map
from me_augment.generation.action_unit_table import ACTIONS
from me_augment.generation.action_units import apex_fields, intensity_of, read_specification
from me_augment.generation.canonical_face import PIXELS, SHAPE, CanonicalFace
from me_augment.generation.generator import Rendition
from me_augment.generation.motion import DriverMotion
from me_augment.generation.resample import look_up
from me_augment.generation.warp import displacement, make_carrier
from me_augment.manifest.au import ActionUnit
from me_augment.manifest.ids import digest
from me_augment.manifest.store import publish, temporary_name

FORMAT_VERSION = 1
# Estimated on every other sample of the canonical picture: measured motion is smoother than that.
_STRIDE = 2
# Weight of the table's own pattern against the clips', in clips of average amplitude: it decides what no clip can,
# such as how two units that never act apart share their motion. That is the weight where a unit's pattern is strongest;
# where the unit moves nothing by the table it is 1 / _ELSEWHERE times as much, so that of what two units do together
# each gets what happens in its own place.
_PRIOR_CLIPS = 0.1
_ELSEWHERE = 0.02
_REACH = 0.2  # blur of a unit's place, interocular distances
# Rounds of alternating least squares for the amplitudes of clips that state no intensity, and their bounds.
_ROUNDS = 6
_WEAKEST, _STRONGEST = 0.25, 4.0
_MOST_BYTES = 1 << 28  # of the arrays of a file, several times what all units take


@dataclass(frozen=True)
class Sample:
    """One clip as the estimate sees it.

    Attributes:
        person_ids: everyone who contributed to the clip.
        units: what acts in it; all active, all in the table.
        field: (h, w, 2) float32, motion from onset to apex on every second sample of the canonical picture,
            interocular distances.
    """

    person_ids: tuple[str, ...]
    units: tuple[ActionUnit, ...]
    field: NDArray[np.float32]


@dataclass(frozen=True)
class UnitCount:
    """What the pattern of one unit rests on."""

    clips: int
    persons: int


@dataclass(frozen=True)
class Basis:
    """Estimated patterns of action units.

    Attributes:
        patterns: unit → (H, W, 2) float32, motion of both sides at intensity E, interocular distances, on the
            picture of the canonical face with its mouth closed. Symmetric.
        counts: unit → clips and persons with it.
        person_ids: everyone whose clips were used, sorted: whoever trains with clips made from the patterns has to
            keep these out of the test.
        source: fingerprint of the manifest.
        licence: terms of the manifest's clips; clips with their motion fall under them.
        made_by: versions of the programs whose arithmetic decides the patterns.
    """

    patterns: Mapping[int, NDArray[np.float32]]
    counts: Mapping[int, UnitCount]
    person_ids: tuple[str, ...]
    source: str
    licence: str
    made_by: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Hash of what clips made with it depend on."""
        hashed = sha256(b"".join(np.ascontiguousarray(pattern).tobytes() for pattern in self.patterns.values()))
        return digest(list(self.patterns), list(self.person_ids), self.licence, hashed.hexdigest())

    def write(self, file: Path) -> None:
        """Write one .npz with the arrays `patterns` and `units` and the text `about` (JSON)."""
        about = {
            "format_version": FORMAT_VERSION,
            "units": list(self.patterns),
            "counts": {str(unit): asdict(count) for unit, count in self.counts.items()},
            "person_ids": list(self.person_ids),
            "source": self.source,
            "licence": self.licence,
            "made_by": dict(self.made_by),
        }
        temporary = temporary_name(file)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as handle:
                np.savez_compressed(
                    handle,
                    patterns=np.stack(list(self.patterns.values())),
                    units=np.array(list(self.patterns), np.int16),
                    about=np.array(json.dumps(about)),
                )
            publish(temporary, file)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise MeAugmentError(f"cannot write {file}: {error.strerror or error}.") from error

    @classmethod
    def read(cls, file: Path) -> Basis:
        """A basis written by `write`; UsageError if the file is none."""
        if not file.is_file():
            raise UsageError(f"{file} does not exist: make an action-unit basis with `me-augment au-basis`.")
        try:
            with zipfile.ZipFile(file) as archive:  # what it claims to unpack to; numpy would make room for it
                if sum(part.file_size for part in archive.infolist()) > _MOST_BYTES:
                    raise ValueError("it unpacks to more than any basis has")
            with np.load(file, allow_pickle=False) as stored:
                about = json.loads(str(stored["about"]))
                patterns, units = stored["patterns"], stored["units"].tolist()
            if about["format_version"] != FORMAT_VERSION or patterns.shape[1:] != (*SHAPE, 2):
                raise ValueError("another format")
            if patterns.dtype != np.float32 or not np.isfinite(patterns).all() or set(units) - set(ACTIONS):
                raise ValueError("patterns that no action unit has")
            return cls(
                dict(zip(units, patterns, strict=True)),
                {int(unit): UnitCount(**count) for unit, count in about["counts"].items()},
                tuple(about["person_ids"]),
                about["source"],
                about["licence"],
                about["made_by"],
            )
        # numpy's and Python's parsers raise whatever a damaged part makes them stumble over.
        except Exception as error:
            raise UsageError(
                f"{file} is no action-unit basis ({error}): make one with `me-augment au-basis`."
            ) from error

    def on(self, face: CanonicalFace) -> dict[int, NDArray[np.float32]]:
        """The patterns on a canonical face whose mouth may be open, for `perform`; eyes and teeth stand still."""
        x, y = _places_on_closed(face)
        return {unit: look_up(pattern, x, y) * face.skin[..., None] for unit, pattern in self.patterns.items()}


@lru_cache(maxsize=8)
def _places_on_closed(face: CanonicalFace) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each sample of an open canonical face lies on the closed one."""
    rows, columns = (np.arange(0, size + 4, 4) for size in SHAPE)
    nodes = np.stack(np.meshgrid(columns, rows), axis=-1).astype(np.float64)
    to_closed = face_map(face.pixel_landmarks, CanonicalFace().pixel_landmarks)
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float32) / np.float32(4)
    place = look_up(to_closed(nodes).astype(np.float32), x, y)
    return np.ascontiguousarray(place[..., 0]), np.ascontiguousarray(place[..., 1])


def sample_of(motion: DriverMotion, apex: int, units: Sequence[ActionUnit], person_ids: Sequence[str]) -> Sample:
    """Carry the motion of a clip between its first frame and frame `apex` to the canonical face."""
    carrier = make_carrier(motion, CanonicalFace().pixel_landmarks, SHAPE)
    whole = np.zeros((*SHAPE, 2), np.float32)
    whole[carrier.box] = displacement(motion, carrier, apex, Rendition())
    return Sample(tuple(person_ids), tuple(units), np.ascontiguousarray(whole[::_STRIDE, ::_STRIDE]) / PIXELS)


def estimate_basis(
    samples: Sequence[Sample],
    *,
    source: str,
    licence: str,
    min_clips: int = 3,
    made_by: Mapping[str, str | None] | None = None,
) -> Basis:
    """Solve for one pattern per unit.

    A clip's motion is taken as the sum of its units' patterns, each times the amplitude of its intensity; a clip
    that states no intensity has one amplitude of its own for all its units, found together with the patterns
    (alternating least squares) and on average that of a unit without intensity. Both halves of a face count as
    observations of one half pattern, so that one-sided units are heard and a turn of the head cancels. The least
    squares lean on the table's patterns, lightly where these move and more where they do not (Tikhonov).

    Args:
        samples: the clips.
        source, licence: fingerprint and terms of the manifest that they come from.
        min_clips: units in fewer clips are taken into account but get no pattern of their own.

    Raises:
        UsageError: no unit is in enough clips.
    """
    numbers = sorted({unit.number for sample in samples for unit in sample.units})
    counts = {number: _count(samples, number) for number in numbers}
    kept = [number for number in numbers if counts[number].clips >= min_clips]
    if not kept:
        most = max((count.clips for count in counts.values()), default=0)
        raise UsageError(
            f"no action unit is in {min_clips} clips or more (the commonest is in {most}): a mean needs several. Give "
            "a manifest with more clips, or a smaller --min-clips."
        )
    halves = np.stack([half for sample in samples for half in _halves(sample.field)])
    observed = halves.reshape(len(halves), -1)
    stated = _amplitudes(samples, numbers)
    drawn = [_halves(_table_pattern(number))[0] for number in numbers]
    prior, places = np.stack([half.ravel() for half in drawn]), np.stack([_place(half) for half in drawn])
    free = np.repeat([all(unit.intensity is None for unit in sample.units) for sample in samples], 2)
    own = np.ones(len(observed))
    patterns: NDArray[np.floating] = prior
    for _ in range(_ROUNDS if free.any() else 1):
        patterns = _solve(stated * own[:, None], observed, prior, places)
        if free.any():
            own = _own_amplitudes(stated, observed, patterns, free)
    half_shape = halves.shape[1:]
    return Basis(
        {number: _whole(patterns[numbers.index(number)].reshape(half_shape)) for number in kept},
        {number: counts[number] for number in kept},
        tuple(sorted({person for sample in samples for person in sample.person_ids})),
        source,
        licence,
        made_by or {},
    )


def _count(samples: Sequence[Sample], number: int) -> UnitCount:
    having = [sample for sample in samples if number in {unit.number for unit in sample.units}]
    return UnitCount(len(having), len({person for sample in having for person in sample.person_ids}))


def _halves(whole: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The subject's right half, and the left as its mirror image; both hold the midline."""
    middle = whole.shape[1] // 2
    mirrored = whole[:, ::-1] * np.array([-1, 1], np.float32)
    return whole[:, : middle + 1], mirrored[:, : middle + 1]


def _amplitudes(samples: Sequence[Sample], numbers: Sequence[int]) -> NDArray[np.float64]:
    """(2 N, K): how strongly each unit acts on each clip's right and left half."""
    amplitudes = np.zeros((2 * len(samples), len(numbers)))
    for i, sample in enumerate(samples):
        for unit in sample.units:
            for half, other_side in enumerate("LR"):
                if unit.side != other_side:
                    amplitudes[2 * i + half, numbers.index(unit.number)] = intensity_of(unit)
    return amplitudes


@lru_cache(maxsize=len(ACTIONS))
def _table_pattern(number: int) -> NDArray[np.float32]:
    (whole,) = apex_fields(read_specification(f"{number}E"))
    return np.ascontiguousarray(whole[::_STRIDE, ::_STRIDE]) / np.float32(PIXELS)


def _solve(
    amplitudes: NDArray[np.float64],
    observed: NDArray[np.float32],
    prior: NDArray[np.float32],
    places: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Patterns P that minimise |observed - amplitudes P|^2 + w |P - g prior|^2, g the prior's best common gain.

    Args:
        amplitudes: (2 N, K).
        observed: (2 N, 2 p), x and y of each of p samples in turn.
        prior: (K, 2 p).
        places: (K, p), what w is divided by.
    """
    gram = amplitudes.T @ amplitudes
    guess = amplitudes @ prior
    gain = max(0.0, float((guess * observed).sum() / max((guess**2).sum(), 1e-12)))
    weight = _PRIOR_CLIPS * 2 * (amplitudes[amplitudes > 0] ** 2).mean() / places
    right = (amplitudes.T @ observed).reshape(*places.shape, 2) + (weight * gain)[..., None] * prior.reshape(
        *places.shape, 2
    )
    # One small system per sample: the weight differs from place to place.
    systems = gram + np.einsum("kp,kl->pkl", weight, np.eye(len(gram)))
    return np.linalg.solve(systems, right.swapaxes(0, 1)).swapaxes(0, 1).reshape(prior.shape)


def _place(half: NDArray[np.float32]) -> NDArray[np.float64]:
    """(h * w,): how much of a unit's motion the table sees at and about each sample of a half, in [_ELSEWHERE, 1]."""
    energy = cv2.GaussianBlur((half**2).sum(-1), (0, 0), _REACH * PIXELS / _STRIDE, borderType=cv2.BORDER_REFLECT)
    return _ELSEWHERE + (1 - _ELSEWHERE) * (energy / energy.max()).ravel().astype(np.float64)


def _own_amplitudes(
    stated: NDArray[np.float64],
    observed: NDArray[np.float32],
    patterns: NDArray[np.floating],
    free: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Per half (2 N,): the factor by which a clip without intensities is stronger than their mean; one for others."""
    predicted = stated @ patterns
    along, length = ((predicted * other).sum(1).reshape(-1, 2).sum(1) for other in (observed, predicted))
    own = np.repeat(np.clip(along / np.maximum(length, 1e-12), 1e-3, None), 2)
    own = np.where(free, np.clip(own / own[free].mean(), _WEAKEST, _STRONGEST), 1.0)
    return own


def _whole(half: NDArray[np.float64]) -> NDArray[np.float32]:
    """A half pattern and its mirror image, on every sample of the canonical picture."""
    right = half.astype(np.float32)
    left = right[:, -2::-1] * np.array([-1, 1], np.float32)
    coarse = np.concatenate([right, left], axis=1)
    coarse[:, right.shape[1] - 1, 0] = 0  # the midline cannot move sideways in a symmetric pattern
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float32) / np.float32(_STRIDE)
    return look_up(np.ascontiguousarray(coarse), x, y)
