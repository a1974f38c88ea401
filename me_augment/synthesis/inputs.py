"""What a run was begun with, kept in its folder: with that alone any process on any machine makes its clips."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation import GeneratorChoice
from me_augment.generation.au_basis import Basis
from me_augment.generation.motion import Measure, measure_motion
from me_augment.generation.motion_cache import MotionCache
from me_augment.manifest import Manifest
from me_augment.manifest.store import write_text
from me_augment.synthesis.clip_maker import ClipMaker
from me_augment.synthesis.makers import Maker, makers_of
from me_augment.synthesis.plan import Unusable
from me_augment.synthesis.settings import Settings
from me_augment.threads import cores
from me_augment.whereabouts import not_the_folder

_CONFIG = "config.yaml"
# Threads that read, measure, encode and judge while a GPU draws; never tried on one.
_BESIDE_A_GPU = 8


@dataclass(frozen=True)
class Roles:
    """Which real clips a run draws on for what.

    Attributes:
        drivers, targets: ids of clips, sorted.
        unusable: clips that had to be left out, and why.
    """

    drivers: tuple[str, ...]
    targets: tuple[str, ...]
    unusable: tuple[Unusable, ...]


def keep_inputs(run: Path, real: Manifest, roles: Roles, makers: Sequence[Maker], basis: Basis | None) -> None:
    """Write them, or bring them up to date where a corpus or a checkpoint lies elsewhere by now.

    Args:
        run: the run's folder, with its settings.
        real: the drivers and targets.
        roles: which of them are which.
        makers: who makes the clips.
        basis: of action units.
    """
    inputs = run / "inputs"
    inputs.mkdir(exist_ok=True)
    if not _is_kept(inputs / "manifest", real):
        real.write(inputs / "manifest", overwrite=True)
    for name, content in (("roles", asdict(roles)), ("generators", [_portable(maker) for maker in makers])):
        file, text = inputs / f"{name}.json", json.dumps(content, indent=1) + "\n"
        if not file.is_file() or file.read_text("utf-8") != text:
            write_text(file, text)
    if basis is not None and not (inputs / "basis.npz").is_file():
        basis.write(inputs / "basis.npz")


def require_run(folder: Path) -> None:
    """Raise UsageError unless a folder is a run that was begun."""
    if not (folder / _CONFIG).is_file():
        raise UsageError(
            not_the_folder(folder, "a run")
            or f"{folder} is not a run: it holds no {_CONFIG}. Make one with `me-augment synthesize`."
        )


def read_settings(run: Path) -> Settings:
    """The settings of a run; UsageError if the folder is none."""
    require_run(run)
    return Settings.read(run / _CONFIG)


def open_real(run: Path) -> Manifest:
    """The real clips that a run draws on."""
    return Manifest.open(run / "inputs" / "manifest")


def read_roles(run: Path) -> Roles:
    """Which of them are which; UsageError if the file is damaged."""
    file = run / "inputs" / "roles.json"
    try:
        content = json.loads(file.read_text("utf-8"))
        return Roles(
            drivers=tuple(content["drivers"]),
            targets=tuple(content["targets"]),
            unusable=tuple(Unusable(**clip) for clip in content["unusable"]),
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{file} is damaged ({error!r}): start the run in another folder.") from error


def open_makers(run: Path, settings: Settings) -> tuple[Maker, ...]:
    """The generators of a run.

    Raises:
        UsageError: what names them is damaged.
        MeAugmentError: a checkpoint cannot be read, or is not what it was when the run was planned.
    """
    makers = makers_of(_choices(run))
    if tuple(maker.checkpoint for maker in makers if maker.checkpoint is not None) != settings.checkpoints:
        raise MeAugmentError(f"the checkpoints that {_generators(run)} names have changed since the run was planned.")
    return makers


def _generators(run: Path) -> Path:
    return run / "inputs" / "generators.json"


def _choices(run: Path) -> list[GeneratorChoice]:
    try:
        return [
            GeneratorChoice(**{**choice, "checkpoint": choice["checkpoint"] and Path(choice["checkpoint"])})
            for choice in json.loads(_generators(run).read_text("utf-8"))
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{_generators(run)} is damaged ({error!r}): start the run in another folder.") from error


def devices(run: Path) -> set[str]:
    """Where a run's clips are drawn, as `--device` names it; empty where that decides nothing."""
    return {choice.device for choice in _choices(run) if choice.checkpoint is not None}


def open_basis(run: Path, settings: Settings) -> Basis | None:
    """What gives the motion of action units in place of the table."""
    return Basis.read(run / "inputs" / "basis.npz") if settings.action_units_basis else None


def open_clip_maker(run: Path, measure: Measure = measure_motion) -> ClipMaker:
    """What makes the clips of a run.

    Args:
        run: the run's folder.
        measure: measures the dense motion of drivers, or remembers it.
    """
    settings = read_settings(run)
    # A GPU draws a clip sooner than a core reads, measures, encodes and judges it.
    threads = min(_BESIDE_A_GPU, cores()) if settings.device == "cuda" else 1
    return ClipMaker(open_real(run), settings, open_makers(run, settings), open_basis(run, settings), threads, measure)


@dataclass(frozen=True)
class RememberingClipMaker:
    """`open_clip_maker` with a cache; can be sent to other processes and told apart from another."""

    cache: MotionCache

    def __call__(self, run: Path) -> ClipMaker:
        """Open."""
        return open_clip_maker(run, self.cache)


def _portable(maker: Maker) -> dict[str, object]:
    """A choice as JSON; the device is the one that was planned for, whatever another machine would choose."""
    choice = maker.choice if maker.device is None else replace(maker.choice, device=_device(maker))
    return {**asdict(choice), "checkpoint": str(choice.checkpoint) if choice.checkpoint else None}


def _device(maker: Maker) -> str:
    return str(maker.device) if maker.choice.device == "auto" else maker.choice.device


def _is_kept(folder: Path, real: Manifest) -> bool:
    try:
        kept = Manifest.open(folder)
    except UsageError:
        return False
    return kept.roots == dict(real.roots) and kept.fingerprint == real.fingerprint
