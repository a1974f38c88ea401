"""Real and synthetic clips in the shape that recognition projects read, one file per format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
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
    "spotting": Format("expression intervals of long videos", "me_augment.export.spotting", "export_spotting"),
    "spotting-casme-sq": Format(
        "long videos in the shape of CAS(ME)^2", "me_augment.export.spotting", "export_casme_sq"
    ),
    "spotting-samm-lv": Format(
        "long videos in the shape of SAMM Long Videos", "me_augment.export.spotting", "export_samm_lv"
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
        UsageError: there is no such format, or what the format's function raises.
        MeAugmentError: what the format's function raises.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no export format {format!r}: choose one of {', '.join(FORMATS)}.")
    chosen = FORMATS[format]
    return getattr(import_module(chosen.module), chosen.function)(manifest, out, **options)
