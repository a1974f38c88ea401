"""Real and synthetic clips in the shape that recognition projects read, one file per format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from me_augment.errors import UsageError

if TYPE_CHECKING:  # listing the formats must not cost the import of OpenCV
    from me_augment.export.summary import ExportSummary
    from me_augment.manifest import Manifest


@dataclass(frozen=True)
class Format:
    """A format that can be written: what it is, and the function that writes it."""

    title: str
    module: str
    function: str


FORMATS: Mapping[str, Format] = {
    "norm-uv-os": Format(
        title="leave-one-subject-out tree of 28x28 flow pictures, as STSTNet and HTNet read it",
        module="me_augment.export.norm_uv_os",
        function="export_norm_uv_os",
    ),
    "webdataset": Format(
        title="WebDataset shards, every fold a list of them",
        module="me_augment.export.webdataset",
        function="export_webdataset",
    ),
    "videofolder": Format(
        title="folders of videos with metadata.csv, as Hugging Face datasets reads them",
        module="me_augment.export.videofolder",
        function="export_videofolder",
    ),
    "kinetics": Format(
        title="lists and frames (or videos) of mmaction2 and PySlowFast",
        module="me_augment.export.kinetics",
        function="export_kinetics",
    ),
}


def export(manifest: Manifest, format: str, out: Path, **options: Any) -> ExportSummary:
    """Write a manifest or a run in a format.

    Args:
        manifest: the clips; of a run, real and synthetic ones.
        format: a key of `FORMATS`.
        out: folder that is made; it must not exist, or be empty.
        options: of the format's own function.

    Raises:
        UsageError: there is no such format, it has no such option, or what the format's function raises.
        MeAugmentError: what the format's function raises.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no export format {format!r}: choose one of {', '.join(FORMATS)}.")
    chosen = FORMATS[format]
    function = getattr(import_module(chosen.module), chosen.function)
    if unknown := sorted(options.keys() - signature(function).parameters.keys()):
        raise UsageError(f"--{unknown[0].replace('_', '-')} is no option of the format {format}: leave it out.")
    return function(manifest, out, **options)
