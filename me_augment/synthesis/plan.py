"""The plan: which driver moves which face, decided before any clip is made and independent of who makes it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import chain, islice
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from me_augment.errors import UsageError
from me_augment.generation import Rendition
from me_augment.manifest import Clip
from me_augment.manifest.columns import column
from me_augment.manifest.ids import content_id, digest, seed_of, uniforms_of
from me_augment.synthesis.events import EVENTS, PlannedEvent
from me_augment.synthesis.pairs import draw_pairs
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.sharding import Packer, shard_size
from me_augment.synthesis.timeline import Timeline, timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedClip:
    """One synthetic clip that is to be made."""

    clip_id: str = column(pa.string(), "Hash of all that the clip depends on.")
    shard: int = column(pa.int32(), "Shard that holds the clip.")
    checkpoint: str | None = column(
        pa.string(), "Fingerprint of the weights that draw it; null for a generator without.", default=None
    )
    driver_clip_id: str | None = column(pa.string(), "Clip whose motion and label are taken.", default=None)
    action_units: str | None = column(pa.string(), "Specification performed without a driver.", default=None)
    target_clip_id: str = column(pa.string(), "Clip whose onset face is animated.")
    driver_person_id: str | None = column(pa.string(), "Person whose motion is taken.", default=None)
    target_person_id: str = column(pa.string(), "Person whose face is animated.")
    emotion: str | None = column(pa.string(), "Emotion word of the driver or of the action units.", default=None)
    n_frames: int = column(pa.int32(), "Frames of the clip.")
    apex_index: int | None = column(pa.int32(), "Frame that shows the apex, from 0.", default=None)
    times: tuple[float, ...] | None = column(
        pa.list_(pa.float64()),
        "For each frame the driver's frame to be shown, from its onset; null shows all as they are.",
        default=None,
    )
    fps_num: int | None = column(pa.int32(), "Frame rate of the clip, numerator.", default=None)
    fps_den: int | None = column(pa.int32(), "Frame rate of the clip, denominator.", default=None)
    strength: float = column(pa.float64(), "Factor on the driver's displacement.")
    mirror: bool = column(pa.bool_(), "Left and right are exchanged.", default=False)
    asymmetry: float = column(
        pa.float64(), "The left side of the face moves 1 + this times as much, the right 1 - this.", default=0.0
    )
    time_scale: float = column(pa.float64(), "Factor on the driver's duration.", default=1.0)
    tempo_onset: float = column(pa.float64(), "Factor on its duration from onset to apex.", default=1.0)
    tempo_offset: float = column(pa.float64(), "Factor on its duration from apex to offset.", default=1.0)
    eyes: float = column(pa.float64(), "Factor on the driver's blinks and shifts of gaze.", default=0.0)
    shading: float = column(
        pa.float64(), "Factor on the change of brightness that the expression brought.", default=0.0
    )
    seed: int = column(pa.int64(), "Seed of every random choice made for the clip.")
    background_start: int | None = column(
        pa.int32(), "Of a long video on filmed frames: the position of the first in the target's recording.",
        default=None,
    )  # fmt: skip
    events: tuple[PlannedEvent, ...] = column(
        EVENTS, "What happens in a long video; empty for a clip.", default=(), item=PlannedEvent
    )


def rendition_of(row: PlannedClip, *, filmed: bool = False) -> Rendition:
    """How the generator is to perform a planned clip; a driver as filmed moves its head too."""
    return Rendition(
        strength=row.strength,
        mirror=row.mirror,
        asymmetry=row.asymmetry,
        times=row.times,
        eyes=row.eyes,
        shading=row.shading,
        keep_head_motion=filmed,
    )


@dataclass(frozen=True)
class Unusable:
    """A real clip that the plan had to leave out, and why."""

    clip_id: str
    name: str
    reason: str


def usable(
    clips: Iterable[Clip], *, drivers: bool, timed: Container[str] | None = None
) -> tuple[list[Clip], list[Unusable]]:
    """Split real clips into those that can drive (or be targets) and those that cannot, with reasons.

    Args:
        clips: rows of a manifest; synthetic ones are skipped.
        drivers: judge them as drivers.
        timed: ids of clips with a known frame rate, where only those can drive; None where it does not matter.
    """
    good, bad = [], []
    for clip in clips:
        if clip.is_synthetic or (drivers and clip.expression == "neutral"):
            continue
        reason = _why_not(clip, drivers)
        if reason is None and drivers and timed is not None and clip.clip_id not in timed:
            reason = "its frame rate is not known, so that it cannot be brought to --fps"
        if reason is None:
            good.append(clip)
        else:
            bad.append(Unusable(clip.clip_id, clip.name, reason))
    return sorted(good, key=lambda clip: clip.clip_id), bad


def _why_not(clip: Clip, driver: bool) -> str | None:
    if clip.status != "ok":
        return clip.reason or "failed"
    if clip.n_frames < 1 or clip.content_sha256 is None:
        found = [issue.detail for issue in clip.issues if issue.code == "frame-missing"]
        return found[0] if found else "its onset or offset frame is not known"
    if clip.landmarks is None:
        found = [issue.detail for issue in clip.issues if issue.code in ("no-face", "unreadable")]
        return found[0] if found else "it has no landmarks: ingest without --no-landmarks"
    if driver and clip.n_frames < 2:
        return "a driver needs at least two frames"
    return None


@dataclass(frozen=True, eq=False)
class Plan:
    """The rows of a plan, made anew whenever they are asked for: it holds a few bytes for each.

    Attributes:
        draw: makes the rows in order, given the number of each one's shard, (n,) int32.
        groups: for each generator that makes clips the sizes of the groups of rows to be kept together, in order.
        clips_per_shard: most rows of a shard.
    """

    draw: Callable[[np.ndarray], Iterator[PlannedClip]]
    groups: tuple[np.ndarray, ...]
    clips_per_shard: int

    @classmethod
    def of(cls, draw: Callable[[np.ndarray], Iterator[PlannedClip]], groups: np.ndarray, size: int | None) -> Plan:
        """The plan of one generator in shards of `size` clips, or of a size that suits it."""
        plan = cls(draw, (groups,), 0)
        return replace(plan, clips_per_shard=size or plan.suitable_size)

    @classmethod
    def joined(cls, parts: Sequence[Plan], size: int | None) -> Plan:
        """The plans of several generators one after the other, none sharing a shard with the next."""

        def draw(shards: np.ndarray) -> Iterator[PlannedClip]:
            ends = np.cumsum([len(part) for part in parts])
            return chain.from_iterable(
                part.draw(some) for part, some in zip(parts, np.split(shards, ends[:-1]), strict=True)
            )

        plan = cls(draw, tuple(groups for part in parts for groups in part.groups), 0)
        return replace(plan, clips_per_shard=size or plan.suitable_size)

    @property
    def suitable_size(self) -> int:
        """See `shard_size`."""
        return shard_size(len(self), max((int(groups.max(initial=1)) for groups in self.groups), default=1))

    def __len__(self) -> int:
        return sum(int(groups.sum()) for groups in self.groups)

    def __iter__(self) -> Iterator[PlannedClip]:
        return self.draw(self._shard_of)

    @property
    def shards(self) -> int:
        """Number of shards."""
        return int(self._shard_of[-1]) + 1 if len(self) else 0

    @cached_property
    def _shard_of(self) -> np.ndarray:
        packer = Packer(self.clips_per_shard)
        shards, counts = array("i"), array("i")
        for groups in self.groups:
            for group in groups.tolist():
                for shard, count in packer.place(group):
                    shards.append(shard)
                    counts.append(count)
            packer.close()
        return np.repeat(np.array(shards, np.int32), np.array(counts, np.int32))


def make_plan(
    settings: Settings,
    drivers: Sequence[Clip],
    targets: Sequence[Clip],
    rates: Mapping[str, Fraction] = MappingProxyType({}),
    checkpoint: str | None = None,
) -> Plan:
    """Pair every driver with faces of other persons, see `draw_pairs`.

    Within each emotion, faces are used equally often, so that who is seen says nothing about the label. A run with a
    larger `per_driver` keeps the clips of a smaller.

    Args:
        settings: decides how many, how strong, and the random choices.
        drivers, targets: usable clips, sorted by id.
        rates: clip id → frames per second, of the drivers where it is known.
        checkpoint: fingerprint of the weights that draw the clips.

    Raises:
        UsageError: no driver, or no face of another person for any of them. A driver with fewer such faces than
            `per_driver` gets as many clips as there are faces.
    """
    if not drivers and targets and all(clip.expression == "neutral" for clip in targets):
        raise UsageError(
            "the manifest holds faces only, and no expressions: name it with --targets beside a labelled manifest."
        )
    if not drivers:
        raise UsageError(
            "no clip of the manifest can drive: none has frames, labels and a face. See `me-augment validate`."
        )
    pairs = draw_pairs(settings.seed, drivers, targets, settings.per_driver, balance=settings.balance)
    if not len(pairs.drivers):
        raise UsageError("no pair can be made: a target has to be another person than the driver.")
    counts = np.bincount(pairs.drivers, minlength=len(drivers))
    contents = [digest(clip.clip_id, clip.content_sha256, clip.landmarks) for clip in targets]

    def draw(shards: np.ndarray) -> Iterator[PlannedClip]:
        places = zip(pairs.targets.tolist(), shards.tolist(), strict=True)
        for driver, count in zip(drivers, counts.tolist(), strict=True):
            performed = _Performed(settings, driver, rates.get(driver.clip_id), checkpoint) if count else None
            for target, shard in islice(places, count):
                assert performed is not None
                yield performed.on(targets[target], contents[target], shard)

    return Plan.of(draw, counts[counts > 0], settings.clips_per_shard)


class _Performed:
    """What the planned clips of one driver have in common, worked out once."""

    def __init__(self, settings: Settings, driver: Clip, fps: Fraction | None, checkpoint: str | None) -> None:
        self._settings, self._driver, self._fps, self._checkpoint = settings, driver, fps, checkpoint
        self._rate = fps if settings.rate is None else settings.rate
        self._content = digest(
            settings.scheme,
            settings.generator,
            settings.generator_version,
            [driver.clip_id, driver.content_sha256, driver.landmarks],
            [settings.eyes_shown, settings.shading],
            None if self._rate is None else str(self._rate),
            *settings.made_with(checkpoint),
        )
        self._eyes = settings.eyes_shown
        self._shown = lru_cache(maxsize=1)(self._timeline)  # without --tempo all clips of a driver have the same

    def on(self, target: Clip, content: str, shard: int) -> PlannedClip:
        """The clip with the face of a target, whose content is given as a digest."""
        settings, driver = self._settings, self._driver
        drawn = draw_controls(settings, f"{driver.clip_id} {target.clip_id}")
        line, shown = self._shown(drawn.tempo_onset, drawn.tempo_offset)
        clip_id = content_id("syn", self._content, content, shown, drawn.strength, drawn.mirror, drawn.asymmetry)
        return PlannedClip(
            clip_id=clip_id,
            shard=shard,
            checkpoint=self._checkpoint,
            driver_clip_id=driver.clip_id,
            target_clip_id=target.clip_id,
            driver_person_id=driver.person_id,
            target_person_id=target.person_id,
            emotion=driver.emotion,
            n_frames=line.n_frames,
            apex_index=line.apex,
            times=line.times,
            fps_num=None if self._rate is None else self._rate.numerator,
            fps_den=None if self._rate is None else self._rate.denominator,
            strength=drawn.strength,
            mirror=drawn.mirror,
            asymmetry=drawn.asymmetry,
            time_scale=line.tempo,
            tempo_onset=line.tempo_onset,
            tempo_offset=line.tempo_offset,
            eyes=self._eyes,
            shading=settings.shading,
            seed=seed_of(settings.seed, clip_id),
        )

    def _timeline(self, tempo_onset: float, tempo_offset: float) -> tuple[Timeline, str]:
        """The timeline, and what a clip's id says of it."""
        driver = self._driver
        apex = None if driver.apex_index is None else driver.apex_index - (driver.onset_index or 0)
        line = timeline(
            driver.n_frames,
            apex if apex is not None and 0 <= apex < driver.n_frames else None,
            tempo_onset=tempo_onset,
            tempo_offset=tempo_offset,
            fps=self._fps,
            rate=self._settings.rate,
            micro=driver.expression == "micro",
        )
        return line, f"{line.n_frames} {line.apex} {line.times}"


class Controls(NamedTuple):
    """What is drawn for a clip."""

    strength: float
    tempo_onset: float
    tempo_offset: float
    asymmetry: float
    mirror: bool


def draw_controls(settings: Settings, name: str) -> Controls:
    """The random choices for the clip `name`; none depends on what was asked of the others."""
    strength, tempo_onset, tempo_offset, asymmetry, mirror = uniforms_of(settings.seed, name, 5)
    return Controls(
        _between(settings.strength, strength),
        _between(settings.tempo, tempo_onset),
        _between(settings.tempo, tempo_offset),
        _between(settings.asymmetry, asymmetry),
        mirror < settings.mirror,
    )


def _between(bounds: tuple[float, float], share: float) -> float:
    return round(bounds[0] + (bounds[1] - bounds[0]) * share, 4)
