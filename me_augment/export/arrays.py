"""Writes the motion of every clip as one array with a table beside it, for meb, scikit-learn and notebooks.

OUT/flow.npy        (N, 3, size, size) float32: u, v, strain, each from its own minimum, 0, to its maximum, 1
OUT/flow_raw.npy    the same before that: u and v in pixels of the aligned crop, strain without unit
OUT/meta.csv        row i describes row i of both, sorted by subject
OUT/clips.parquet, clips.csv, export.json, README.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from me_augment.array_cache import ArrayCache
from me_augment.errors import UsageError
from me_augment.export.card import About, Facts
from me_augment.export.npy import NpyRows
from me_augment.export.steps import Named, Task, Written, forbidden, write_export
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedClip, ExportedRow, csv_cell, write_csv
from me_augment.flow.cache import measure
from me_augment.flow.choose import Skipped
from me_augment.flow.clip import CROP
from me_augment.flow.field import STRAIN_VARIANT, require_method
from me_augment.manifest import Manifest
from me_augment.manifest.au import active_numbers
from me_augment.manifest.splits import Fold

AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17)
"""Action units that always have a column: those of the cross-corpus protocol CD6ME."""
_SMALLEST = 2


def export_arrays(task: Task, *, flow: str = "dis", size: int = 28, cache: ArrayCache | None = None) -> ExportSummary:
    """Write arrays of motion.

    Args:
        task: what is to be exported; its folds are in columns.
        flow, cache: see `export_norm_uv_os`.
        size: side of the maps, pixels, at most that of the crop the flow is measured on.

    Raises:
        UsageError: an unknown flow method, a size that cannot be, or as `write_export`.
        MeAugmentError: OUT cannot be written.
    """
    require_method(flow)
    if not _SMALLEST <= size <= CROP:
        raise UsageError(f"--size is {size}: the flow is measured on {CROP} pixels, give {_SMALLEST} to {CROP}.")
    return write_export(task, _Arrays(task.manifest, flow, size, cache))


class _Arrays:
    """Fills a folder with two arrays as the clips come, then with their table."""

    format = "arrays"
    row_type: type[ExportedRow] = ExportedClip
    motion = face = True
    prefix = ""

    def __init__(self, manifest: Manifest, flow: str, size: int, cache: ArrayCache | None) -> None:
        self._manifest, self._flow, self._size, self._cache = manifest, flow, size, cache

    def begin(self, clips: Sequence[Named], classes: Sequence[str]) -> tuple[Sequence[Named], Sequence[Skipped]]:
        return clips, ()

    def start(self, folder: Path, kept: int) -> int:
        self._folder = folder
        self._unit, self._raw = (
            NpyRows(folder / name, (3, self._size, self._size), rows=kept) for name in ("flow.npy", "flow_raw.npy")
        )
        return kept

    def add(self, clip: Named) -> Mapping[str, Any]:
        (measured,) = measure(self._manifest, clip.clip, self._flow, size=self._size, cache=self._cache)
        low = measured.maps.min(axis=(1, 2), keepdims=True)
        span = measured.maps.max(axis=(1, 2), keepdims=True) - low
        self._unit.append((measured.maps - low) / np.where(span > 0, span, 1))
        self._raw.append(measured.maps)
        return {"peak_flow_px": measured.peak, "flow": self._flow, "strain": STRAIN_VARIANT}

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        self._unit.close()
        self._raw.close()
        training: list[list[str]] = [[] for _ in written]
        testing = [""] * len(written)
        for name, fold in folds.items():
            for place in np.flatnonzero(fold.train):
                training[place].append(name)
            for place in np.flatnonzero(fold.test):
                testing[place] = name
        units = sorted({*AUS, *(number for one in written for number in active_numbers(one.clip.aus))})
        persons = {one.clip.person_id for one in written}
        rows = (
            {**_row(one, units, persons), "test_fold": test, "allowed_folds": ";".join(train)}
            for one, train, test in zip(written, training, testing, strict=True)
        )
        columns = [*_row(written[0], units, persons), "test_fold", "allowed_folds"]
        write_csv(self._folder / "meta.csv", columns, ([csv_cell(row[name]) for name in columns] for row in rows))

    def settings(self) -> Mapping[str, object]:
        return {"flow": self._flow, "strain": STRAIN_VARIANT, "crop": CROP, "size": self._size}

    def about(self, facts: Facts) -> About:
        shape = f"(N, 3, {self._size}, {self._size}) float32"
        holds = [
            f"Optical flow (`{self._flow}`) from onset to apex of the aligned face.",
            f"* `flow.npy`: {shape}: u, v, strain, each channel of each clip from its minimum, 0, to its maximum, 1.",
            f"* `flow_raw.npy`: the same before that, u and v in pixels of the {CROP}x{CROP} crop. It tells how strong "
            "a motion is; `flow.npy` does not.",
            "* `meta.csv`: row i describes row i of both, sorted by subject. `emotion` is the class of the label set, "
            "`estimated_emotion` the corpus' word; `AU…` is 1 where the unit is active.",
            "* `clips.parquet` and `clips.csv`: the same rows with what every export of me-augment says.",
        ]
        return About("Micro-expressions as arrays of motion", holds, _USE, "image-classification")


def _row(one: Written, units: Sequence[int], persons: set[str]) -> dict[str, Any]:
    clip, name = one.clip, one.named.name
    assert clip.onset_index is not None
    assert clip.apex_index is not None
    active = active_numbers(clip.aus)
    return {
        "dataset": clip.corpus,
        "subject": name.sub,
        "material": name.video,
        "emotion": one.named.source.label,
        "label": one.named.source.index,
        "estimated_emotion": clip.emotion,
        "onset": clip.onset_index if clip.onset is None else clip.onset,
        "apex": clip.apex_index if clip.apex is None else clip.apex,
        "offset": clip.offset_index if clip.offset is None else clip.offset,
        "n_frames": clip.n_frames,
        "apexf": clip.apex_index - clip.onset_index,
        **{f"AU{number}": int(number in active) for number in units},
        "clip_id": clip.clip_id,
        "is_synthetic": clip.is_synthetic,
        "person_id": clip.person_id,
        "subject_driver": clip.driver_person_id,
        "clip_driver": clip.driver_clip_id,
        "subject_target": clip.target_person_id,
        "generator": clip.generator,
        "generator_version": clip.generator_version,
        "gen_train_subjects": clip.generator_training_subjects,
        "parents": clip.parents,
        "seed": clip.seed,
        "motion_scale": clip.strength,
        "flow_method": one.said["flow"],
        "strain_variant": one.said["strain"],
        "peak_flow_px": one.said["peak_flow_px"],
        "forbidden_subjects": forbidden(clip, persons),
    }


_USE = [
    "## Training on it, without leakage",
    "",
    "```python",
    "flow, meta = np.load('flow.npy', mmap_mode='r'), pd.read_csv('meta.csv', keep_default_na=False)",
    "for fold in sorted(set(meta['test_fold']) - {''}):",
    "    test = meta['test_fold'] == fold",
    "    train = meta['allowed_folds'].str.split(';').map(lambda folds: fold in folds)",
    "    ...  # fit on flow[train], predict flow[test], pool the predictions of all folds before they are scored",
    "```",
    "",
    "* Synthetic rows have an empty `test_fold` and the subject `syn`. **Do not loop over `subject`**, as code written "
    "for real clips does: it would make a test set of the synthetic rows, and train on those whose driver or target "
    "is the person held out. `allowed_folds` lists every fold that a row may train.",
    "* With `--folds none` both columns are empty: whoever makes splits has to keep each row out of the training of "
    "everybody among its `forbidden_subjects`.",
    "* Predictions that are gathered fold by fold are not in the order of the table: join them by `clip_id`.",
    "* Real clips keep the head motion of the person filmed, synthetic ones (but those made with --driving filmed) "
    "have none: the two can be told apart. Compare results with and without the synthetic rows on the same folds.",
]
