"""The plan: which driver moves which face, decided before any clip is made and independent of who makes it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from me_augment.errors import UsageError
from me_augment.generation import Rendition
from me_augment.manifest import Clip
from me_augment.manifest.columns import column
from me_augment.manifest.ids import content_id, digest, seed_of
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.timeline import timeline


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


def make_plan(
    settings: Settings,
    drivers: Sequence[Clip],
    targets: Sequence[Clip],
    rates: Mapping[str, Fraction] = MappingProxyType({}),
    checkpoint: str | None = None,
) -> list[PlannedClip]:
    """Pair every driver with faces of other persons.

    Within each emotion, faces are used equally often, so that who is seen says nothing about the label. Pairs are
    drawn in rounds, one target per driver and round: a run with a larger `per_driver` keeps the pairs of a smaller.

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
    faces = defaultdict(list)
    for clip in targets:
        faces[clip.person_id].append(clip)
    quota = _quotas(settings, drivers)
    pairs = _draw_pairs(settings.seed, drivers, faces, quota)
    if not pairs:
        raise UsageError("no pair can be made: a target has to be another person than the driver.")
    shard_of = _shards(drivers, Counter(driver.clip_id for driver, _ in pairs), settings.clips_per_shard)
    rows = [
        _planned(settings, driver, target, shard_of[driver.clip_id], rates.get(driver.clip_id), checkpoint)
        for driver, target in pairs
    ]
    return sorted(rows, key=lambda row: (row.shard, row.driver_clip_id, row.clip_id))


def _quotas(settings: Settings, drivers: Sequence[Clip]) -> dict[str, int]:
    """Driver id → number of clips: the same for all, or, with `balance`, more for rare emotions."""
    if not settings.balance:
        return {driver.clip_id: settings.per_driver for driver in drivers}
    real = Counter(driver.emotion for driver in drivers)
    made: Counter[str | None] = Counter()
    quota: Counter[str] = Counter()
    queue = {
        emotion: sorted((d.clip_id for d in drivers if d.emotion == emotion), key=lambda i: digest(settings.seed, i))
        for emotion in real
    }
    for _ in range(settings.per_driver * len(drivers)):
        emotion = min(real, key=lambda e: (real[e] + made[e], str(e)))
        quota[queue[emotion][made[emotion] % real[emotion]]] += 1
        made[emotion] += 1
    return dict(quota)


def _draw_pairs(
    seed: int, drivers: Sequence[Clip], faces: Mapping[str, list[Clip]], quota: Mapping[str, int]
) -> list[tuple[Clip, Clip]]:
    used_for_emotion: Counter[tuple[str | None, str]] = Counter()
    used: Counter[str] = Counter()
    taken: dict[str, set[str]] = defaultdict(set)  # driver → target clips
    met: Counter[tuple[str, str]] = Counter()  # driver, person
    pairs = []
    for turn in range(max(quota.values(), default=0)):
        for driver in sorted(drivers, key=lambda d: digest("turn", seed, turn, d.clip_id)):
            if turn >= quota.get(driver.clip_id, 0):
                continue
            choices = [
                (
                    met[driver.clip_id, person],
                    used_for_emotion[driver.emotion, person],
                    used[person],
                    digest("face", seed, turn, driver.clip_id, person),
                    person,
                )
                for person, clips in faces.items()
                if person != driver.person_id and met[driver.clip_id, person] < len(clips)
            ]
            if not choices:
                continue
            person = min(choices)[-1]
            target = min(
                (c for c in faces[person] if c.clip_id not in taken[driver.clip_id]),
                key=lambda c: digest("clip", seed, turn, driver.clip_id, c.clip_id),
            )
            taken[driver.clip_id].add(target.clip_id)
            met[driver.clip_id, person] += 1
            used_for_emotion[driver.emotion, person] += 1
            used[person] += 1
            pairs.append((driver, target))
    return pairs


def _shards(drivers: Sequence[Clip], clips_of: Mapping[str, int], size: int) -> dict[str, int]:
    """Driver id → shard. A driver's clips stay together, so that its motion is measured once."""
    shard, filled, result = 0, 0, {}
    for driver in drivers:
        count = clips_of.get(driver.clip_id, 0)
        if filled and filled + count > size:
            shard, filled = shard + 1, 0
        result[driver.clip_id] = shard
        filled += count
    return result


def _planned(
    settings: Settings, driver: Clip, target: Clip, shard: int, fps: Fraction | None, checkpoint: str | None
) -> PlannedClip:
    rng = np.random.default_rng(seed_of(settings.seed, f"{driver.clip_id} {target.clip_id}"))
    # All is drawn in this order whether it is used or not: no control changes what another draws.
    strength, tempo_onset, tempo_offset, asymmetry = (
        round(float(rng.uniform(*bounds)), 4)
        for bounds in (settings.strength, settings.tempo, settings.tempo, settings.asymmetry)
    )
    mirror = bool(rng.random() < settings.mirror)
    apex = None if driver.apex_index is None else driver.apex_index - (driver.onset_index or 0)
    line = timeline(
        driver.n_frames,
        apex if apex is not None and 0 <= apex < driver.n_frames else None,
        tempo_onset=tempo_onset,
        tempo_offset=tempo_offset,
        fps=fps,
        rate=settings.rate,
        micro=driver.expression == "micro",
    )
    rate = fps if settings.rate is None else settings.rate
    clip_id = content_id(
        "syn",
        settings.scheme,
        settings.generator,
        settings.generator_version,
        [driver.clip_id, driver.content_sha256, driver.landmarks],
        [target.clip_id, target.content_sha256, target.landmarks],
        [strength, mirror, asymmetry, line.times, settings.eyes_shown, settings.shading],
        None if rate is None else str(rate),
        *settings.made_with(checkpoint),
    )
    return PlannedClip(
        clip_id=clip_id,
        shard=shard,
        checkpoint=checkpoint,
        driver_clip_id=driver.clip_id,
        target_clip_id=target.clip_id,
        driver_person_id=driver.person_id,
        target_person_id=target.person_id,
        emotion=driver.emotion,
        n_frames=line.n_frames,
        apex_index=line.apex,
        times=line.times,
        fps_num=None if rate is None else rate.numerator,
        fps_den=None if rate is None else rate.denominator,
        strength=strength,
        mirror=mirror,
        asymmetry=asymmetry,
        time_scale=line.tempo,
        tempo_onset=line.tempo_onset,
        tempo_offset=line.tempo_offset,
        eyes=settings.eyes_shown,
        shading=settings.shading,
        seed=seed_of(settings.seed, clip_id),
    )
