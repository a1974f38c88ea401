"""Real and synthetic clips in the shape that recognition projects read, one module per format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from me_augment.errors import UsageError
from me_augment.words import bare, choose, meant

if TYPE_CHECKING:  # listing the formats must not cost the import of OpenCV
    from me_augment.export.summary import ExportSummary
    from me_augment.manifest import Manifest


@dataclass(frozen=True)
class Option:
    """Something that a format can be told.

    Attributes:
        name: keyword of the format's function, and with `--` before it the option on the command line.
        help: a sentence.
        default: where it is not given; None where the format decides by the rest.
        choices: what it can be; () where that is not a short list.
        kind: type of the value.
    """

    name: str
    help: str
    default: str | int | None
    choices: tuple[str, ...] = ()
    kind: type = str


@dataclass(frozen=True)
class Format:
    """A format that can be written: what it is, the function that writes it, and what that takes."""

    title: str
    module: str
    function: str
    options: tuple[Option, ...]


LABELS = Option(
    "labels",
    "Label set: megc3, casme2-5, samm-5, objective, verbatim (the corpus' word) or au (which units show together).",
    "megc3",
)
PROTOCOL = Option("protocol", "Only real clips of this protocol, such as megc2019.", None)
FOLDS = Option(
    "folds",
    "Whom to hold out in turn: loso (each person), a number (of groups of persons), corpus (each), or none.",
    "loso",
)
FLOW = Option("flow", "Optical flow: dis or tvl1.", "dis")
CACHE = Option(
    "cache", "Keep measured flows in this folder, where `flow` and `evaluate recognition` find them.", None, kind=Path
)
SIZE = Option("size", "Side of the maps (28) or, of frames, of face-aligned crops (as stored), pixels.", None, kind=int)
STORE = Option("store", "Clips as video (one lossless file) or frames (pictures).", "video", ("video", "frames"))
SHAPE = Option(
    "shape",
    "Whose tree and sheet to write: casme2, samm or smic; of spotting casme-sq, samm-lv or lists alone.",
    "casme2",
    ("casme2", "samm", "smic"),
)

FORMATS: Mapping[str, Format] = {
    "norm-uv-os": Format(
        title="leave-one-subject-out tree of 28x28 flow pictures, as STSTNet, HTNet and CausalNet read it",
        module="me_augment.export.norm_uv_os",
        function="export_norm_uv_os",
        options=(
            LABELS,
            PROTOCOL,
            FOLDS,
            FLOW,
            CACHE,
            Option(
                "variant",
                "htnet (folds, pool, faces and table), ststnet (folds alone) or causalnet (folds, table, a pool with "
                "both halves of the motion and their directions); the last two show no face.",
                "htnet",
                ("htnet", "ststnet", "causalnet"),
            ),
        ),
    ),
    "frames": Format(
        title="CASME II-, SAMM- or SMIC-shaped tree of frames with its label sheet",
        module="me_augment.export.frames",
        function="export_frames",
        options=(
            replace(LABELS, default=None),
            PROTOCOL,
            FOLDS,
            SHAPE,
            Option("images", "jpg (quality 100, 4:4:4) or png, which is without loss.", None, ("jpg", "png")),
            Option("tree", "Call frames raw or cropped (as the real ones are).", None, ("raw", "cropped")),
        ),
    ),
    "arrays": Format(
        title="flow.npy, flow_raw.npy and a table, row for row",
        module="me_augment.export.arrays",
        function="export_arrays",
        options=(LABELS, PROTOCOL, FOLDS, FLOW, CACHE, replace(SIZE, default=28)),
    ),
    "webdataset": Format(
        title="WebDataset shards, every fold a list of them",
        module="me_augment.export.webdataset",
        function="export_webdataset",
        options=(LABELS, PROTOCOL, FOLDS, SIZE, STORE),
    ),
    "videofolder": Format(
        title="folders of videos with metadata.csv, as Hugging Face datasets reads them",
        module="me_augment.export.videofolder",
        function="export_videofolder",
        options=(LABELS, PROTOCOL, FOLDS, SIZE),
    ),
    "kinetics": Format(
        title="lists and frames (or videos) of mmaction2 and PySlowFast",
        module="me_augment.export.kinetics",
        function="export_kinetics",
        options=(LABELS, PROTOCOL, FOLDS, SIZE, replace(STORE, default="frames")),
    ),
    "spotting": Format(
        title="intervals of long videos, and on request the videos as CAS(ME)^2 or SAMM Long Videos have them",
        module="me_augment.export.spotting",
        function="export_spotting",
        options=(replace(SHAPE, default="lists", choices=("lists", "casme-sq", "samm-lv")),),
    ),
}


# Project, without capitals and punctuation → the options that write what it reads; see docs/recognisers.md.
_READ_BY = {
    "ststnet": "norm-uv-os --variant ststnet",
    "htnet": "norm-uv-os --variant htnet",
    "causalnet": "norm-uv-os --variant causalnet",
    **dict.fromkeys(("mmnet", "slstt", "offtanet"), "frames --shape casme2"),
    **dict.fromkeys(("meb", "sklearn", "scikitlearn"), "arrays"),
    **dict.fromkeys(("softnet", "mean", "mtsn", "auwgcn"), "spotting --shape casme-sq"),
    **dict.fromkeys(("mmaction", "mmaction2", "pyslowfast"), "kinetics"),
    **dict.fromkeys(("datasets", "huggingface"), "videofolder"),
}


def format_meant(word: str, formats: Iterable[str] = FORMATS) -> str:
    """` ststnet reads --format …` where a word is a project's name, else as `meant`."""
    read = _READ_BY.get(bare(word))
    return meant(word, formats) if read is None else f" {word} reads --format {read}."


_OF_THE_TASK = ("labels", "protocol", "folds")


def export(
    manifest: Manifest,
    format: str,
    out: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> ExportSummary:
    """Write a manifest or a run in a format. The same rows and options give the same bytes.

    OUT appears when it is whole. What an interrupted export leaves, `.<name of OUT>.partial` beside it, is gone on with
    when the same is exported to OUT again.

    Args:
        manifest: the clips; of a run, real and synthetic ones.
        format: a key of `FORMATS`.
        out: folder that is made; it must not exist, or be empty.
        overwrite: do not go on with what an interrupted export to `out` left, but start anew.
        progress: called with (clips done, clips in all).
        options: of the format, see `Format.options`; None is as good as not given. `cache` is an `ArrayCache`.

    Raises:
        UsageError: there is no such format, it has no such option, an interrupted export to OUT had other settings, or
            what the format's function raises.
        MeAugmentError: what the format's function raises.
    """
    from me_augment.export.steps import Task

    if format not in FORMATS:
        raise UsageError(
            f"there is no export format {format!r}: choose one of {', '.join(FORMATS)}.{format_meant(format)}"
        )
    chosen = FORMATS[format]
    given = {name: value for name, value in options.items() if value is not None}
    known = {option.name: option for option in chosen.options}
    for name, value in given.items():
        if name not in known:
            raise UsageError(
                f"the format {format} has no --{name}: it takes {', '.join(f'--{key}' for key in known)}."
                + meant(name, known)
            )
        if known[name].choices and value not in known[name].choices:
            raise UsageError(f"--{name} is {value!r}: for {format} {choose(str(value), known[name].choices)}")
    common = {name: given.pop(name, known[name].default) for name in _OF_THE_TASK if name in known}
    task = Task(manifest=manifest, out=Path(out), overwrite=overwrite, progress=progress, **common)
    return getattr(import_module(chosen.module), chosen.function)(task, **given)


def options_of_formats() -> dict[Option, list[str]]:
    """Every option by name, as first declared, and the formats that have it."""
    found: dict[str, tuple[Option, list[str]]] = {}
    for name, format in FORMATS.items():
        for option in format.options:
            found.setdefault(option.name, (option, []))[1].append(name)
    return {replace(option, choices=()): formats for option, formats in found.values()}
