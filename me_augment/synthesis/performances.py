"""Planned clips without a driver: which face performs which action units, when, and what the labels then are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from me_augment.errors import UsageError
from me_augment.generation.action_units import DEFAULT_FPS, VERSION, draw_profile, perform, read_specification
from me_augment.generation.au_basis import Basis
from me_augment.generation.canonical_face import CanonicalFace
from me_augment.generation.motion import DriverMotion
from me_augment.manifest import Clip
from me_augment.manifest.au import mirrored_cell, mirrored_units
from me_augment.manifest.au_emotions import emotion_of, objective_class_of
from me_augment.manifest.ids import content_id, digest, seed_of
from me_augment.manifest.labels import BY_ACTION_UNITS, label_columns
from me_augment.synthesis.plan import Plan, PlannedClip, draw_controls
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.timeline import timeline


def generator_version(version: str) -> str:
    """Version of a generator together with that of the motion it is given."""
    return f"{version} action-units {VERSION}"


def generator_in_words(generator: str | None, version: str | None) -> str:
    """Both of a settings file or row as a person reads them: `warp, version 2`; empty where there is none."""
    if not generator or not version:
        return generator or ""
    named = zip((generator, "action-units"), version.split(" action-units "), strict=False)
    return ", and ".join(f"{name}, version {part}" for name, part in named)


def plan_performances(settings: Settings, targets: Sequence[Clip], checkpoint: str | None = None) -> Plan:
    """Let every person's face perform every specification `per_target` times.

    Every person is seen equally often with every specification, so that who is seen says nothing about the label.
    A person with several clips lends a face from each in turn. A run with a larger `per_target` keeps the clips of a
    smaller.

    Args:
        settings: decides what is performed, how often, and the random choices.
        targets: usable clips, sorted by id.
        checkpoint: fingerprint of the weights that draw the clips.

    Raises:
        UsageError: there is no face, or the frame rate is too low to show an apex.
    """
    if not targets:
        raise UsageError("no face of the manifest can be animated: see `me-augment validate`.")
    faces = defaultdict(list)
    for clip in targets:
        faces[clip.person_id].append(clip)
    content = {clip.clip_id: digest(clip.clip_id, clip.content_sha256, clip.landmarks) for clip in targets}
    count = len(settings.action_units) * len(faces) * settings.per_target

    def draw(shards: np.ndarray) -> Iterator[PlannedClip]:
        numbers = iter(shards.tolist())
        for specification in settings.action_units:
            emotion = emotion_of(read_specification(specification))
            for person in sorted(faces):
                order = sorted(
                    faces[person], key=lambda clip: digest("face", settings.seed, specification, clip.clip_id)
                )
                for turn in range(settings.per_target):
                    target = order[turn % len(order)]
                    row = _planned(settings, specification, target, content[target.clip_id], turn, checkpoint)
                    yield replace(row, emotion=emotion, shard=next(numbers))

    draw_profile(settings.seed, settings.rate or DEFAULT_FPS)  # a rate too low for an apex is said before all else
    return Plan.of(draw, np.ones(count, np.int32), settings.clips_per_shard)


def motion_of(row: PlannedClip, target: Clip, basis: Basis | None) -> DriverMotion:
    """The motion of a planned performance, made for the face of its target."""
    face = CanonicalFace.like(np.asarray(target.landmarks, np.float32).reshape(68, 2))
    return perform(
        read_specification(row.action_units or ""),
        draw_profile(row.seed, Fraction(row.fps_num or 0, row.fps_den or 1)),
        seed=row.seed,
        face=face,
        patterns=basis.on(face) if basis else None,
    )


def labels_of(row: PlannedClip, target: Clip, basis: Basis | None) -> dict[str, Any]:
    """The columns of a clip's row that tell what is performed and where that comes from."""
    cell = row.action_units or ""
    units = read_specification(cell)
    emotion = emotion_of(units)
    licence = f"Derived: {target.licence}"
    if basis is not None and basis.licence != target.licence:
        licence = f"Derived from two sources. Motion: {basis.licence} Face: {target.licence}"
    return {
        "name": f"{cell} on {target.subject} {row.clip_id[-6:]}",
        "expression": "micro",
        "emotion": emotion,
        **label_columns(BY_ACTION_UNITS, emotion),
        "objective_class": objective_class_of(units),
        "au_verbatim": mirrored_cell(cell) if row.mirror else cell,
        "aus": mirrored_units(units) if row.mirror else units,
        "licence": licence,
        "parents": tuple(sorted({target.clip_id, *target.parents})),
        "action_units_basis": basis.fingerprint if basis else None,
    }


def _planned(
    settings: Settings, specification: str, target: Clip, content: str, turn: int, checkpoint: str | None
) -> PlannedClip:
    name = f"{specification} {target.clip_id} {turn}"
    seed, drawn = seed_of(settings.seed, name), draw_controls(settings, name)
    rate = settings.rate or DEFAULT_FPS
    profile = draw_profile(seed, rate)
    line = timeline(
        profile.n_frames,
        profile.apex,
        tempo_onset=drawn.tempo_onset,
        tempo_offset=drawn.tempo_offset,
        fps=rate,
        micro=True,
    )
    clip_id = content_id(
        "syn",
        settings.scheme,
        settings.generator,
        settings.generator_version,
        ["action units", specification, settings.action_units_basis, seed],
        content,
        [drawn.strength, drawn.mirror, drawn.asymmetry, line.times],
        str(rate),
        *settings.made_with(checkpoint),
    )
    return PlannedClip(
        clip_id=clip_id,
        shard=0,
        checkpoint=checkpoint,
        action_units=specification,
        target_clip_id=target.clip_id,
        target_person_id=target.person_id,
        n_frames=line.n_frames,
        apex_index=line.apex,
        times=line.times,
        fps_num=rate.numerator,
        fps_den=rate.denominator,
        strength=drawn.strength,
        mirror=drawn.mirror,
        asymmetry=drawn.asymmetry,
        time_scale=line.tempo,
        tempo_onset=line.tempo_onset,
        tempo_offset=line.tempo_offset,
        seed=seed,
    )
