"""The settings of a run: what decides its bytes, written down and compared on resume."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from me_augment.errors import UsageError
from me_augment.generation.generator import STRONGEST

# Version of how pairs are drawn, ids are built and clips are stored.
SCHEME = 1


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the content of a run depends on.

    Attributes:
        manifest: fingerprint of the manifest with the drivers.
        targets: fingerprint of the manifest with the targets; equal to `manifest` where they are the same.
        generator, generator_version: who makes the clips.
        per_driver: clips per driving clip; with `balance`, on average.
        strength: lowest and highest factor on the driver's displacement.
        seed: of every random choice.
        balance: make rare emotions more often, so that the classes become equally large.
        clips_per_shard: clips written and completed together.
        scheme: see `SCHEME`.
    """

    manifest: str
    targets: str
    generator: str
    generator_version: str
    per_driver: int = 1
    strength: tuple[float, float] = (1.0, 1.0)
    seed: int = 0
    balance: bool = False
    clips_per_shard: int = 16
    scheme: int = SCHEME

    def __post_init__(self) -> None:
        low, high = self.strength
        if self.per_driver < 1:
            raise UsageError(f"--per-driver is {self.per_driver}; it must be at least 1.")
        if not 0 <= low <= high <= STRONGEST:
            raise UsageError(f"--strength is {low:g}:{high:g}; it must be LO:HI with 0 <= LO <= HI <= {STRONGEST}.")

    def to_yaml(self) -> str:
        """The settings as YAML, one line per field."""
        fields = {**asdict(self), "strength": list(self.strength)}
        return yaml.safe_dump(fields, sort_keys=False, default_flow_style=None)

    @classmethod
    def read(cls, file: Path) -> Settings:
        """Settings written by `to_yaml`; UsageError for a damaged file."""
        try:
            fields = yaml.safe_load(file.read_text(encoding="utf-8"))
            return cls(**{**fields, "strength": tuple(fields["strength"])})
        except (yaml.YAMLError, TypeError, KeyError, OSError) as error:
            raise UsageError(f"{file} is damaged ({error}): start the run in another folder.") from error

    def require_same(self, started: Settings, folder: Path) -> None:
        """Raise UsageError naming the first field in which a started run differs from what is asked now."""
        for name, before in asdict(started).items():
            now = asdict(self)[name]
            if tuple(_listed(before)) != tuple(_listed(now)):
                raise UsageError(
                    f"{folder} was started with {name} = {_shown(before)}, now it is {_shown(now)}: give the old "
                    "value to finish that run, or another --out for a new one."
                )


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _shown(value: object) -> str:
    return ":".join(f"{v:g}" for v in value) if isinstance(value, list | tuple) else str(value)
