"""Before a run: who drives, who is a target, who makes the clips, and the plan that follows; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from me_augment.errors import UsageError
from me_augment.generation import GeneratorChoice
from me_augment.generation.au_basis import Basis
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import may_train, persons
from me_augment.manifest.validate import require_sound
from me_augment.synthesis.inputs import Roles
from me_augment.synthesis.makers import Maker, makers_of
from me_augment.synthesis.performances import generator_version, plan_performances
from me_augment.synthesis.plan import Plan, Unusable, make_plan, usable
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.sources import Sources
from me_augment.synthesis.spotting_plan import filmed_backgrounds, plan_videos


@dataclass(frozen=True)
class Prepared:
    """A run that is planned but not begun.

    Attributes:
        settings: of the run.
        real: the clips that it draws on.
        roles: which of them drive and which are targets.
        plan: the clips to be made, shard by shard.
        makers: who makes them.
        basis: what gives the motion of action units in place of the table.
        asked: clips that the settings ask for; the plan has fewer where faces run out.
    """

    settings: Settings
    real: Manifest
    roles: Roles
    plan: Plan
    makers: tuple[Maker, ...]
    basis: Basis | None
    asked: int

    @property
    def unusable(self) -> tuple[Unusable, ...]:
        """Real clips that had to be left out."""
        return self.roles.unusable


def prepare(
    sources: Sources,
    *,
    generators: Sequence[GeneratorChoice] = (GeneratorChoice(),),
    basis: Basis | None = None,
    **choices: Any,
) -> Prepared:
    """Plan a run; writes nothing.

    Where the generators are those of folds, each makes the clips for its own: neither drives nor is seen in them whom
    it holds out, so that this fold may train with them, and, where everybody else trained it, no other.

    Args:
        sources: drivers and targets.
        generators: who makes the clips: one, or one for each of some folds.
        basis: with `action_units`, what gives their motion in place of the table.
        choices: any of the fields of `Settings` from `per_driver` to `balance`.

    Raises:
        UsageError: the settings make no sense, the generators do not go together, or nothing can be paired.
        MeAugmentError: a checkpoint cannot be read.
    """
    makers = makers_of(generators, sources.merged.clips)
    first = makers[0]
    learned = first.checkpoint is not None
    version = first.version.partition("+")[0]  # which weights is said by themselves
    settings = Settings(
        manifest=sources.drivers.fingerprint,
        targets=sources.targets.fingerprint,
        generator=first.choice.name,
        generator_version=generator_version(version) if choices.get("action_units") else version,
        action_units_basis=basis.fingerprint if basis else None,
        checkpoints=tuple(maker.checkpoint for maker in makers if maker.checkpoint is not None),
        checkpoint_files=tuple(maker.name for maker in makers) if learned else (),
        device=first.device,
        precision=first.choice.precision if learned else None,
        driving=first.choice.driving if learned else None,
        paste_back=first.choice.paste_back if learned else None,
        **choices,
    )
    require_sound(sources.merged)
    _require_known(makers, sources)
    roles = _roles(settings, sources)
    plan, asked = plan_of(settings, sources.merged, roles, makers)
    settings = replace(settings, clips_per_shard=plan.clips_per_shard)
    return Prepared(settings, sources.merged, roles, plan, makers, basis, asked)


def plan_of(settings: Settings, real: Manifest, roles: Roles, makers: Sequence[Maker]) -> tuple[Plan, int]:
    """The clips that settings ask for, and how many they ask for; there are fewer where faces run out.

    Args:
        settings: of the run.
        real: the clips that it draws on.
        roles: which of them drive and which are targets.
        makers: who makes them.

    Raises:
        UsageError: nothing can be paired.
    """
    clip_of = {clip.clip_id: clip for clip in real.clips}
    targets = [clip_of[clip_id] for clip_id in roles.targets]
    if settings.spotting is not None:
        drivers = [clip_of[clip_id] for clip_id in roles.drivers]
        rates = _frame_rates(real)
        backgrounds = filmed_backgrounds(real, targets, rates)
        plan = plan_videos(settings, settings.spotting, drivers, targets, rates, backgrounds)
        return plan, len(plan)
    if settings.action_units:
        parts = [plan_performances(settings, _without(maker, targets), maker.checkpoint) for maker in makers]
        plan = Plan.joined(parts, settings.clips_per_shard)
        return plan, len(plan)
    drivers = [clip_of[clip_id] for clip_id in roles.drivers]
    rates, parts, asked = _frame_rates(real), [], 0
    for maker in makers:
        driving = _without(maker, drivers)
        parts.append(make_plan(settings, driving, _without(maker, targets), rates, maker.checkpoint))
        asked += settings.per_driver * len(driving)
    return Plan.joined(parts, settings.clips_per_shard), asked


def _roles(settings: Settings, sources: Sources) -> Roles:
    """Who can drive and who can be a target; the real clips as the run sees them are the same but for labels."""
    targets, unusable = usable(sources.targets.clips, drivers=False)
    by_id = {clip.clip_id: clip for clip in unusable}
    drivers: list[Clip] = []
    if not settings.action_units:
        timed = _frame_rates(sources.drivers) if settings.rate or settings.spotting else None
        drivers, unusable = usable(sources.drivers.clips, drivers=True, timed=timed)
        by_id |= {clip.clip_id: clip for clip in unusable}
    return Roles(
        drivers=tuple(clip.clip_id for clip in drivers),
        targets=tuple(clip.clip_id for clip in targets),
        unusable=tuple(sorted(by_id.values(), key=lambda clip: clip.clip_id)),
    )


def _without(maker: Maker, clips: Sequence[Clip]) -> list[Clip]:
    """The clips without those of the person whom the maker holds out."""
    return [clip for clip in clips if maker.fold is None or may_train(clip, maker.fold)]


def _require_known(makers: Sequence[Maker], sources: Sources) -> None:
    folds = persons(sources.drivers.clips)
    for maker in makers:
        if maker.fold is not None and maker.fold not in folds:
            raise UsageError(
                f"{maker.choice.checkpoint} holds out {maker.fold}, and the manifest has no such fold: leave it out, "
                f"or give the manifest that it was trained for (this one has {', '.join(folds[:8])})."
            )


def _frame_rates(manifest: Manifest) -> dict[str, Fraction]:
    """Clip id → frames per second, of the clips where it is known."""
    of_recording = {
        recording.recording_id: Fraction(recording.fps_num, recording.fps_den or 1)
        for recording in manifest.recordings
        if recording.fps_num
    }
    return {
        clip.clip_id: of_recording[clip.recording_id]
        for clip in manifest.clips
        if clip.recording_id is not None and clip.recording_id in of_recording
    }
