"""Writes measured motion as arrays: the flow itself, the maps that recognisers see, and the table of what each row is.

OUT/<part>.npy           (N, 2, 128, 128) float32: u to the right, v down, pixels of the aligned crop
OUT/<part>-maps.npy      (N, 3, size, size) float32: u, v, strain, averaged over the larger pixels
OUT/<part>-8bit.npy      (N, size, size, 3) uint8: the same, each map stretched to 0..255 for itself
OUT/clips.parquet, clips.csv, flow.json, README.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from me_augment.array_cache import ArrayCache
from me_augment.card import citation, consent, front_matter, sources_of, terms
from me_augment.errors import MeAugmentError, UsageError
from me_augment.export.steps import count, named, row_of
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedFlow, write_clip_tables
from me_augment.flow.cache import PARTS, measure_many
from me_augment.flow.choose import Skipped, select
from me_augment.flow.clip import CROP, Part
from me_augment.flow.field import SIZE, STRAIN_VARIANT, require_method, stretched
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.store import write_text
from me_augment.staging import staged
from me_augment.versions import installed


def write_flow(
    manifest: Manifest,
    out: Path,
    *,
    method: str = "dis",
    parts: Sequence[Part] = ("onset-apex",),
    size: int = SIZE,
    labels: str = "emotion",
    protocol: str | None = None,
    cache: ArrayCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ExportSummary:
    """Measure every clip and write arrays whose rows are the rows of the table, sorted by subject and name.

    OUT appears complete or not at all; a clip that lacks one of the parts is left out with its reason.

    Args:
        manifest: the clips; of a run, real and synthetic ones.
        out: folder that is made; it must not exist, or be empty.
        method: of the flow, see `flow.FLOW_METHODS`.
        parts: between which frames, `onset-apex` and `apex-offset`.
        size: side of the maps, pixels, 1 to 128.
        labels: label set of the columns `label` and `label_index`; clips without a class in it are left out.
        protocol: keep to the clips of a published protocol, and to motion taken from them.
        cache: where measured flows are kept, see `flow.cache.measure_many`.
        progress: called with (clips measured, clips in all).

    Raises:
        UsageError: an unknown method, part, label set or protocol, a size out of range, an OUT that holds something,
            a corpus folder that is not there, or clips without landmarks.
        MeAugmentError: OUT cannot be written, or no clip can be measured.
    """
    require_method(method)
    if not 1 <= size <= CROP:
        raise UsageError(f"--size is {size}; maps have 1 to {CROP} pixels a side.")
    if not parts or set(parts) - set(PARTS) or len(set(parts)) < len(parts):
        raise UsageError(f"--part is {', '.join(parts) or 'empty'}; name {' or '.join(PARTS)}, each once.")
    out = Path(out)
    with staged(out) as folder, ExitStack() as files:
        selection = select(manifest, labels, protocol, motion=False)
        ordered = named(selection.chosen)
        clips = [one.clip for one in ordered]
        persons = {clip.person_id for clip in clips}
        arrays = {
            name: files.enter_context(_GrowingArray(folder / f"{name}.npy", shape, dtype))
            for part in parts
            for name, shape, dtype in (
                (part, (2, CROP, CROP), np.float32),
                (f"{part}-maps", (3, size, size), np.float32),
                (f"{part}-8bit", (size, size, 3), np.uint8),
            )
        }
        rows, made, unreadable = [], [], []
        found = measure_many(manifest, clips, method, parts, size, cache)
        for done, (one, measured) in enumerate(zip(ordered, found, strict=True), 1):
            if measured.reason is not None:
                unreadable.append(Skipped(one.clip.clip_id, one.clip.name, measured.reason))
            else:
                for part, flow in zip(parts, measured.flows, strict=True):
                    arrays[part].append(flow.flow.transpose(2, 0, 1))
                    arrays[f"{part}-maps"].append(flow.maps)
                    arrays[f"{part}-8bit"].append(stretched(flow.maps))
                peaks = {part: flow.peak for part, flow in zip(parts, measured.flows, strict=True)}
                said = {
                    "name": one.name.stem,
                    "peak_onset_apex_px": peaks.get("onset-apex"),
                    "peak_apex_offset_px": peaks.get("apex-offset"),
                    "flow": method,
                    "strain": STRAIN_VARIANT,
                    "licence": one.clip.licence,
                }
                rows.append(row_of(ExportedFlow, one, said, persons))
                made.append(one.source)
            if progress is not None:
                progress(done, len(ordered))
        skipped = tuple(sorted((*selection.skipped, *unreadable), key=lambda clip: (clip.name, clip.clip_id)))
        if not rows:
            why = skipped[0].reason.rstrip(".") if skipped else "there is none"
            raise MeAugmentError(f"no clip can be measured; the first: {why}.")
        write_clip_tables(folder, rows)
        classes = count(selection.classes, made)
        record = {
            "method": method,
            "strain": STRAIN_VARIANT,
            "parts": list(parts),
            "crop": CROP,
            "size": size,
            "labels": labels,
            "protocol": protocol,
            "software": {p: installed(p) for p in ("me-augment", "numpy", "opencv-python-headless", "scikit-image")},
            "manifest": {"corpus": manifest.corpus, "fingerprint": manifest.fingerprint},
            "counts": {label: asdict(counted) for label, counted in classes.items()},
            "skipped": [asdict(clip) for clip in skipped],
        }
        write_text(folder / "flow.json", json.dumps(record, indent=1) + "\n")
        write_text(folder / "README.md", _card(method, parts, size, len(rows), clips))
    return ExportSummary(out, classes, 0, skipped)


class _GrowingArray:
    """An `.npy` file that rows are appended to; a context manager, after which its header says how many there are."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self._shape, self._dtype, self._rows = shape, np.dtype(dtype), 0
        self._file: BinaryIO = path.open("xb")
        self._header()

    def append(self, row: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(row, self._dtype).data)
        self._rows += 1

    def _header(self) -> None:
        # numpy leaves room in the header for the first dimension to grow: it has the same length with every count.
        described = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False}
        np.lib.format.write_array_header_1_0(self._file, {**described, "shape": (self._rows, *self._shape)})

    def __enter__(self) -> _GrowingArray:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.seek(0)
        self._header()
        self._file.close()


def _card(method: str, parts: Sequence[Part], size: int, rows: int, clips: Sequence[Clip]) -> str:
    synthetic, sources = sum(clip.is_synthetic for clip in clips), sources_of(clips)
    lines = [
        *front_matter("Motion of micro-expressions", rows, synthetic, "image-classification"),
        "",
        "# Motion of micro-expressions",
        "",
        f"Optical flow (`{method}`) of {rows} clips, written by me-augment, on {CROP}x{CROP} crops aligned by the "
        "landmarks of each clip's onset.",
        "",
        *(
            line
            for part in parts
            for line in (
                f"* `{part}.npy`: ({rows}, 2, {CROP}, {CROP}) float32: u to the right, v down, pixels of the crop.",
                f"* `{part}-maps.npy`: ({rows}, 3, {size}, {size}) float32: u, v and optical strain "
                f"(variant `{STRAIN_VARIANT}`: sqrt(ux² + vy² + ½ (uy + vx)²), central differences).",
                f"* `{part}-8bit.npy`: ({rows}, {size}, {size}, 3) uint8: the maps, each stretched to 0..255 for "
                "itself, which hides how strong a motion is.",
            )
        ),
        "* Row i of each is row i of `clips.parquet` and `clips.csv`; `flow.json` has settings and what was left out.",
        "",
        "A clip trains the fold of a person only if that person is not among its `forbidden_subjects`; synthetic clips "
        "are tested nowhere.",
        "",
        *consent(synthetic > 0),
        *terms(sources),
        *citation(sources),
    ]
    return "\n".join(lines)
