"""The header of our own checkpoints: one JSON text with format version, architecture and provenance."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.architecture import Architecture, Conventions, Pyramid
from me_augment.generation.fpb_fomm.provenance import Provenance
from me_augment.generation.fpb_fomm.provenance import from_record as provenance_of
from me_augment.generation.fpb_fomm.sizes import sensible
from me_augment.generation.fpb_fomm.weights import NETWORKS, Stored

FORMAT_VERSION = 1


def header_of(shape: Architecture, provenance: Provenance) -> str:
    """The text; equal content gives equal text."""
    record = {"format_version": FORMAT_VERSION, "architecture": asdict(shape), "provenance": asdict(provenance)}
    return json.dumps(record, sort_keys=True)


def read_header(stored: Stored) -> tuple[Architecture, Provenance]:
    """What a file in our layout is, and who trained it.

    Raises:
        MeAugmentError: another format version, or nothing that can be built.
    """
    assert stored.header is not None
    try:
        header = json.loads(stored.header)
        version = header["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MeAugmentError(f"{stored.path} is damaged: its header cannot be read ({error!r}).") from error
    if version != FORMAT_VERSION:
        raise MeAugmentError(
            f"{stored.path} has format version {version}, this me-augment reads {FORMAT_VERSION}: use the version of "
            "me-augment that wrote it."
        )
    try:
        unknown = set(stored.networks) - set(NETWORKS)
        if unknown:
            raise ValueError(f"it has tensors of {', '.join(sorted(unknown))}")
        shape = _architecture(header["architecture"])
        return shape, provenance_of(header["provenance"])
    except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        reason = f"it lacks {error.args[0]}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise MeAugmentError(f"{stored.path} describes no model that can be built: {reason}.") from error


def require_silent(stored: Stored, saw: tuple[str, ...] | None) -> None:
    """Raise UsageError where a user tells who trained a file that says so itself."""
    if saw is not None:
        raise UsageError(
            f"{stored.path} says itself who trained it: only reference checkpoints (.pth.tar) need to be told."
        )


def _architecture(record: dict[str, Any]) -> Architecture:
    """From what `asdict` made and JSON carried."""
    values = _of_types(Architecture, record)
    values["conventions"] = Conventions(**_of_types(Conventions, record["conventions"]))
    for name in ("detector", "dense_motion", "generator", "discriminator"):
        values[name] = Pyramid(**_of_types(Pyramid, record[name]))
    values["discriminator_scales"] = tuple(float(scale) for scale in record["discriminator_scales"])
    for name, known in (("prior", ("fixed", "adaptive")), ("output", ("direct", "residual"))):
        if getattr(values["conventions"], name) not in known:
            raise ValueError(f"its {name} is {getattr(values['conventions'], name)!r}")
    return sensible(**values)


def _of_types(kind: type, record: dict[str, Any]) -> dict[str, Any]:
    """The record, if it has the fields of the data class, and numbers where these are numbers."""
    if set(record) != {field.name for field in fields(kind)}:
        raise ValueError(f"its {kind.__name__.lower()} has other fields")
    plain: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "bool": bool}
    for field in fields(kind):
        wanted = plain.get(str(field.type))
        value = record[field.name]
        if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)):
            raise ValueError(f"its {field.name} is {value!r}")
    return dict(record)
