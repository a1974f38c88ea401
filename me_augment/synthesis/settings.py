"""The settings of a run: what decides its bytes, written down and compared on resume."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from me_augment.errors import UsageError
from me_augment.evaluation.gates import Gates
from me_augment.generation.action_units import read_specification
from me_augment.generation.generator import STRONGEST
from me_augment.manifest.folds import is_person
from me_augment.manifest.ids import digest
from me_augment.synthesis.develop import TRANSFORMS
from me_augment.synthesis.events import SpottingSettings, require_closed_lips
from me_augment.synthesis.timeline import SLOWEST_RATE, TEMPO
from me_augment.words import choose
from me_augment.yaml_file import read_yaml

# A label whose motion was taken away is wrong.
_FAINTEST = 0.1
# Version of how pairs are drawn, ids are built and clips are stored.
SCHEME = 3
# Beyond this a unit of both sides may look like one of a single side, and its label be wrong.
_MOST_ASYMMETRY = 0.5
_FASTEST_RATE = 1000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the content of a run depends on.

    Attributes:
        manifest: fingerprint of the manifest with the drivers.
        targets: fingerprint of the manifest with the targets; equal to `manifest` where they are the same.
        generator, generator_version: who makes the clips.
        per_driver: clips per driving clip; with `balance`, on average.
        action_units: specifications that the targets perform without any driver; empty where drivers perform.
        per_target: clips per specification and person.
        action_units_basis: fingerprint of the basis that gives the units' motion; None for the table.
        strength: lowest and highest factor on the driver's displacement.
        tempo: lowest and highest factor on duration, drawn for the two phases of each clip.
        fps: frame rate of all clips, as the text of a fraction; None keeps each driver's.
        mirror: share of clips that are mirrored.
        asymmetry: lowest and highest `Rendition.asymmetry`.
        eyes, shading: see `Rendition`.
        transforms: which of `develop.TRANSFORMS` change each clip's light and colour, in this order.
        gates: which clips are rejected.
        gates_chosen_on: persons (`casme2:sub01`, `casme2:*`) whose clips somebody looked at when the limits were
            chosen: their folds may not train with what the limits let pass.
        seed: of every random choice.
        balance: make rare emotions more often, so that the classes become equally large.
        checkpoints: fingerprints of the weights of learned generators, fold by fold; empty for the others.
        checkpoint_files: names of the files that these came from, for people; a file may be moved.
        device: kind of processor that a learned generator draws on, `cpu` or `cuda`.
        precision, driving, paste_back: see `GeneratorChoice`; None where there are no checkpoints.
        clips_per_shard: clips written and completed together, at most; None leaves it to the size of the plan, and
            a run says the number that came of it.
        spotting: long videos in place of clips, and what they are like; None for clips.
        scheme: see `SCHEME`.
    """

    manifest: str
    targets: str
    generator: str
    generator_version: str
    per_driver: int = 1
    action_units: tuple[str, ...] = ()
    per_target: int = 1
    action_units_basis: str | None = None
    strength: tuple[float, float] = (1.0, 1.0)
    tempo: tuple[float, float] = (1.0, 1.0)
    fps: str | None = None
    mirror: float = 0.0
    asymmetry: tuple[float, float] = (0.0, 0.0)
    eyes: float = 0.0
    shading: float = 0.0
    transforms: tuple[str, ...] = ()
    gates: Gates = field(default_factory=Gates)
    gates_chosen_on: tuple[str, ...] = ()
    seed: int = 0
    balance: bool = False
    checkpoints: tuple[str, ...] = ()
    checkpoint_files: tuple[str, ...] = ()
    device: str | None = None
    precision: str | None = None
    driving: str | None = None
    paste_back: bool | None = None
    clips_per_shard: int | None = None
    spotting: SpottingSettings | None = None
    scheme: int = SCHEME

    def __post_init__(self) -> None:
        if self.per_driver < 1:
            raise UsageError(f"--per-driver is {self.per_driver}; it must be at least 1.")
        if self.clips_per_shard is not None and self.clips_per_shard < 1:
            raise UsageError(f"clips_per_shard is {self.clips_per_shard}; it must be at least 1.")
        self._check_action_units()
        self._check_spotting()
        for name, lowest, highest in (
            ("strength", _FAINTEST, STRONGEST),
            ("tempo", *TEMPO),
            ("asymmetry", -_MOST_ASYMMETRY, _MOST_ASYMMETRY),
        ):
            low, high = getattr(self, name)
            if not lowest <= low <= high <= highest:
                raise UsageError(
                    f"--{name} is {low:g}:{high:g}; it must be LO:HI with {lowest:g} <= LO <= HI <= {highest:g}."
                )
        for name in ("mirror", "eyes", "shading"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"--{name} is {getattr(self, name):g}; it must lie between 0 and 1.")
        for name in self.transforms:
            if name not in TRANSFORMS:
                raise UsageError(f"--transforms {name!r} is not known: {choose(name, TRANSFORMS)}")
        for person in self.gates_chosen_on:
            if not is_person(person):
                raise UsageError(
                    f"--gates-chosen-on {person!r} is no person id: write corpus and subject, such as casme2:sub01, or "
                    "casme2:* for everybody of a corpus."
                )
        if self.driving == "filmed":
            self._check_filmed()
        if self.fps is not None and not _is_rate(self.fps):
            raise UsageError(
                f"--fps is {self.fps!r}; it must be a number from {SLOWEST_RATE} to {_FASTEST_RATE} such as 100 or "
                "30000/1001."
            )

    def _check_action_units(self) -> None:
        if self.per_target < 1:
            raise UsageError(f"--per-target is {self.per_target}; it must be at least 1.")
        if not self.action_units:
            if self.per_target != 1 or self.action_units_basis is not None:
                raise UsageError("--per-target and --action-units-basis go with --action-units.")
            return
        for specification in self.action_units:
            read_specification(specification)
        if len(set(self.action_units)) < len(self.action_units):
            raise UsageError("--action-units names a specification twice: ask for more with --per-target.")
        for name, given in (
            ("per-driver", self.per_driver != 1),
            ("balance", self.balance),
            ("eyes", self.eyes),
            ("shading", self.shading),
        ):
            if given:
                raise UsageError(f"--{name} is about drivers, and --action-units are performed without: leave it out.")

    def _check_spotting(self) -> None:
        if self.spotting is None:
            return
        if self.generator != "warp":
            raise UsageError("--task spotting is made by --generator warp: learned generators draw single clips.")
        for name, given in (
            ("per-driver", self.per_driver != 1),
            ("per-target", self.per_target != 1),
            ("balance", self.balance),
            ("eyes", self.eyes),
            ("shading", self.shading),
            ("transforms", self.transforms),
        ):
            if given:
                raise UsageError(f"--{name} is about single clips: leave it out with --task spotting (see --videos).")
        for specification in self.action_units:
            require_closed_lips(specification)

    def _check_filmed(self) -> None:
        if self.action_units:
            raise UsageError("--action-units were never filmed: leave out --driving filmed.")
        for name, given in (
            ("strength", self.strength != (1.0, 1.0)),
            ("mirror", self.mirror),
            ("asymmetry", self.asymmetry != (0.0, 0.0)),
            ("eyes", self.eyes),
            ("shading", self.shading),
        ):
            if given:
                raise UsageError(
                    f"a driver as filmed is shown as it is, blinks included: leave out --{name}, or --driving filmed."
                )

    @property
    def eyes_shown(self) -> float:
        """Factor on the driver's blinks and shifts of gaze: a driver as filmed keeps them."""
        return 1.0 if self.driving == "filmed" else self.eyes

    def made_with(self, checkpoint: str | None) -> list[object]:
        """What, beside generator and its version, decides how a clip is drawn: weights and light, if there are any."""
        weights = [checkpoint, self.device, self.precision, self.driving, self.paste_back]
        light = ["light", *self.transforms]
        return [part for part, there in ((weights, checkpoint is not None), (light, self.transforms)) if there]

    @property
    def rate(self) -> Fraction | None:
        """Frames per second of all clips; None keeps each driver's."""
        return None if self.fps is None else Fraction(self.fps)

    @property
    def digest(self) -> str:
        """Hash of all that decides the plan."""
        return digest(_flat(asdict(self)) | {"checkpoint_files": None})

    def to_yaml(self) -> str:
        """The settings as YAML, one line per field."""
        fields = {name: _for_yaml(value) for name, value in asdict(self).items()}
        return yaml.safe_dump(fields, sort_keys=False, default_flow_style=None)

    @classmethod
    def read(cls, file: Path) -> Settings:
        """Settings written by `to_yaml`; UsageError for a damaged file."""
        try:
            fields = read_yaml(file)
            values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()}
            spotting = values.get("spotting")
            values["spotting"] = None if spotting is None else SpottingSettings(**spotting)
            return cls(**{**values, "gates": Gates(**values["gates"])})
        except (TypeError, ValueError, AttributeError, KeyError, OSError) as error:
            raise UsageError(f"{file} is damaged ({error}): start the run in another folder.") from error

    def _files(self) -> str:
        named = zip(self.checkpoints, self.checkpoint_files, strict=False)
        return ", ".join(f"{fingerprint} ({file})" for fingerprint, file in named) or "none"

    def require_same(self, started: Settings, folder: Path) -> None:
        """Raise UsageError naming the first field in which a started run differs from what is asked now."""
        asked = _flat(asdict(self))
        for name, before in _flat(asdict(started)).items():
            # Files may be moved; a run that was extended keeps the shards that suited it when it was smaller.
            if name in ("checkpoint_files", "clips_per_shard"):
                continue
            now = asked.get(name)
            if tuple(_listed(before)) != tuple(_listed(now)):
                shown = _shown(before), _shown(now)
                if name == "checkpoints":
                    shown = started._files(), self._files()
                more = ", `me-augment extend` for more clips" if name in ("per_driver", "per_target") else ""
                raise UsageError(
                    f"{folder} was started or extended with {name} = {shown[0]}, now it is {shown[1]}: give the old "
                    f"value to finish that run{more}, or another --out for a new one."
                )


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    """Gates and what is said of long videos as fields of their own, as the command line names them."""
    gates = {f"--gate {name}": "off" if limit is None else limit for name, limit in fields["gates"].items()}
    task = {"--task": "recognition" if fields["spotting"] is None else "spotting"}
    spotting = {f"--{name.replace('_', '-')}": value for name, value in (fields["spotting"] or {}).items()}
    plain = {name: value for name, value in fields.items() if name not in ("gates", "spotting")}
    return {**plain, **gates, **task, **spotting}


def _for_yaml(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _for_yaml(inner) for name, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _shown(value: object) -> str:
    if isinstance(value, list | tuple) and value:
        return ", ".join(value) if isinstance(value[0], str) else ":".join(f"{v:g}" for v in value)
    return "none" if value is None or value == () else str(value)


def _is_rate(text: str) -> bool:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return False
    # The manifest and the video containers hold 31 bits each.
    return SLOWEST_RATE <= rate <= _FASTEST_RATE and max(rate.numerator, rate.denominator) < 2**31
