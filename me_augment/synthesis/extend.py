"""A run that grows: the plan of larger settings, with everything that is there already left where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from me_augment.errors import MeAugmentError, UsageError
from me_augment.lock import only_one
from me_augment.manifest.store import write_text
from me_augment.synthesis.inputs import open_basis, open_makers, open_real, read_roles, read_settings
from me_augment.synthesis.overview import Overview, overview
from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.plan_file import PLAN, PlanFile, extended, write_plan
from me_augment.synthesis.prepare import Prepared, plan_of
from me_augment.synthesis.records import unfinish
from me_augment.synthesis.run import require_same_packages
from me_augment.synthesis.settings import Settings


def extend(
    run: Path,
    *,
    per_driver: int | None = None,
    per_target: int | None = None,
    action_units: tuple[str, ...] = (),
) -> tuple[int, int]:
    """Plan more clips for a run; its clips, shards and pairs stay as they are.

    Args:
        run: the run's folder.
        per_driver, per_target: how many in all, not how many more; None leaves it.
        action_units: further specifications for faces to perform.

    Returns:
        Clips planned before and now.

    Raises:
        UsageError: the folder is no run, or what is asked for is less than what there is.
        MeAugmentError: it cannot be written.
    """
    require_same_packages(run)
    with only_one(run):
        old, larger = _asked(run, per_driver, per_target, action_units)
        try:
            if old.settings != larger.digest:
                write_plan(run / PLAN, _rows(old, _prepared(run, larger)), larger.digest)
            # Until here the settings are the old ones, and the plan says that it has outgrown them.
            write_text(run / "config.yaml", larger.to_yaml())
            unfinish(run)
        except OSError as error:
            raise MeAugmentError(f"cannot write {run}: {error.strerror or error}.") from error
        return old.rows, PlanFile.open(run / PLAN).rows


def would_add(
    run: Path,
    *,
    per_driver: int | None = None,
    per_target: int | None = None,
    action_units: tuple[str, ...] = (),
) -> tuple[Prepared, Overview]:
    """What `extend` would do; writes nothing, takes the same and raises the same.

    Returns:
        The run as it would be planned, and what its rows beyond those that it has ask for.
    """
    require_same_packages(run)
    old, larger = _asked(run, per_driver, per_target, action_units)
    prepared = _prepared(run, larger)
    return prepared, overview(islice(_rows(old, prepared), old.rows, None))


def _asked(
    run: Path, per_driver: int | None, per_target: int | None, action_units: tuple[str, ...]
) -> tuple[PlanFile, Settings]:
    """The plan as it is, and the settings as they are to be."""
    settings = read_settings(run)
    larger = _larger(settings, per_driver, per_target, action_units)
    old = PlanFile.open(run / PLAN)
    if old.settings not in (settings.digest, larger.digest):
        raise UsageError(
            f"{run / PLAN} is not the plan of the settings in config.yaml: an `extend` to other numbers was "
            "interrupted; give that again first."
        )
    return old, larger


def _prepared(run: Path, settings: Settings) -> Prepared:
    real, roles, makers = open_real(run), read_roles(run), open_makers(run, settings)
    plan, asked = plan_of(settings, real, roles, makers)
    return Prepared(settings, real, roles, plan, makers, open_basis(run, settings), asked)


def _rows(old: PlanFile, prepared: Prepared) -> Iterator[PlannedClip]:
    return extended(old, prepared.plan, prepared.plan.clips_per_shard)


def _larger(
    settings: Settings, per_driver: int | None, per_target: int | None, action_units: tuple[str, ...]
) -> Settings:
    for name, now, asked in (
        ("per-driver", settings.per_driver, per_driver),
        ("per-target", settings.per_target, per_target),
    ):
        if asked is not None and asked < now:
            raise UsageError(f"--{name} is {asked}, and the run has {now} already: a run only grows.")
    if action_units and not settings.action_units:
        raise UsageError("the run's faces follow drivers, and --action-units are performed without: make another run.")
    new = tuple(unit for unit in action_units if unit not in settings.action_units)
    return replace(
        settings,
        per_driver=settings.per_driver if per_driver is None else per_driver,
        per_target=settings.per_target if per_target is None else per_target,
        action_units=(*settings.action_units, *new),
    )
