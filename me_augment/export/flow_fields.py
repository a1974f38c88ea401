"""Writes measured motion as arrays: the flow itself, the maps that recognisers see, and the table of what each row is.

OUT/<part>.npy           (N, 2, 128, 128) float32: u to the right, v down, pixels of the aligned crop
OUT/<part>-maps.npy      (N, 3, size, size) float32: u, v, strain, averaged over the larger pixels
OUT/<part>-8bit.npy      (N, size, size, 3) uint8: the same, each map stretched to 0..255 for itself
OUT/clips.parquet, clips.csv, flow.json, README.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from me_augment.array_cache import ArrayCache
from me_augment.card import citation, consent, front_matter, sources_of, terms
from me_augment.errors import MeAugmentError, UsageError
from me_augment.export.npy import NpyRows
from me_augment.export.steps import Named, add_all, count, named, row_of, software
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedFlow, write_clip_tables
from me_augment.flow.cache import PARTS, measure
from me_augment.flow.choose import select
from me_augment.flow.clip import CROP, Part
from me_augment.flow.field import SIZE, STRAIN_VARIANT, require_method, stretched
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.store import write_text
from me_augment.resumable import resumable


def write_flow(
    manifest: Manifest,
    out: Path,
    *,
    method: str = "dis",
    parts: Sequence[Part] = ("onset-apex",),
    size: int = SIZE,
    labels: str = "verbatim",
    protocol: str | None = None,
    cache: ArrayCache | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ExportSummary:
    """Measure every clip and write arrays whose rows are the rows of the table, sorted by subject and name.

    A clip that lacks one of the parts is left out with its reason. OUT appears when it is whole, and a call that was
    interrupted is gone on with, see `resumable`.

    Args:
        manifest: the clips; of a run, real and synthetic ones.
        out: folder that is made; it must not exist, or be empty.
        method: of the flow, see `flow.FLOW_METHODS`.
        parts: between which frames, `onset-apex` and `apex-offset`.
        size: side of the maps, pixels, 1 to 128.
        labels: label set of the columns `label` and `label_index`; clips without a class in it are left out.
        protocol: keep to the clips of a published protocol, and to motion taken from them.
        cache: where measured flows are kept, see `flow.cache.measure`.
        overwrite: do not go on with what an interrupted call left, but start anew.
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
    made_of = {
        "method": method,
        "strain": STRAIN_VARIANT,
        "parts": list(parts),
        "crop": CROP,
        "size": size,
        "labels": labels,
        "protocol": protocol,
        "software": software(),
        "manifest": {"corpus": manifest.corpus, "fingerprint": manifest.fingerprint},
    }
    with resumable(out, made_of, anew=overwrite) as work:
        selection = select(manifest, labels, protocol, motion=False, light=True)
        fields = _Fields(manifest, method, parts, size, cache)
        written, unreadable = add_all(fields, manifest, named(selection.chosen), work, progress)
        skipped = tuple(sorted((*selection.skipped, *unreadable), key=lambda clip: (clip.name, clip.clip_id)))
        if not written:
            why = skipped[0].reason.rstrip(".") if skipped else "there is none"
            raise MeAugmentError(f"no clip can be measured; the first: {why}.")
        fields.close()
        persons = {one.clip.person_id for one in selection.chosen}
        write_clip_tables(work.folder, [row_of(ExportedFlow, one.named, one.said, persons) for one in written])
        classes = count(selection.classes, (one.named.source for one in written))
        record = {
            **made_of,
            "counts": {label: asdict(counted) for label, counted in classes.items()},
            "skipped": [asdict(clip) for clip in skipped],
        }
        write_text(work.folder / "flow.json", json.dumps(record, indent=1) + "\n")
        write_text(work.folder / "README.md", _card(method, parts, size, len(written), [one.clip for one in written]))
    return ExportSummary(out, classes, 0, skipped)


class _Fields:
    """Fills a folder with arrays as the clips come."""

    def __init__(
        self, manifest: Manifest, method: str, parts: Sequence[Part], size: int, cache: ArrayCache | None
    ) -> None:
        self._manifest, self._method, self._parts, self._size, self._cache = manifest, method, parts, size, cache

    def start(self, folder: Path, kept: int) -> int:
        kinds: tuple[tuple[str, tuple[int, ...], type[np.generic]], ...] = (
            ("", (2, CROP, CROP), np.float32),
            ("-maps", (3, self._size, self._size), np.float32),
            ("-8bit", (self._size, self._size, 3), np.uint8),
        )
        self._arrays = {
            f"{part}{kind}": NpyRows(folder / f"{part}{kind}.npy", shape, dtype, rows=kept)
            for part in self._parts
            for kind, shape, dtype in kinds
        }
        return kept

    def add(self, clip: Named) -> Mapping[str, Any]:
        flows = measure(self._manifest, clip.clip, self._method, self._parts, self._size, self._cache)
        for part, flow in zip(self._parts, flows, strict=True):
            self._arrays[part].append(flow.flow.transpose(2, 0, 1))
            self._arrays[f"{part}-maps"].append(flow.maps)
            self._arrays[f"{part}-8bit"].append(stretched(flow.maps))
        peaks = {part: flow.peak for part, flow in zip(self._parts, flows, strict=True)}
        return {
            "name": clip.name.stem,
            "peak_onset_apex_px": peaks.get("onset-apex"),
            "peak_apex_offset_px": peaks.get("apex-offset"),
            "flow": self._method,
            "strain": STRAIN_VARIANT,
            "licence": clip.clip.licence,
        }

    def close(self) -> None:
        for array in self._arrays.values():
            array.close()


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
