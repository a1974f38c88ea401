"""Writes the leave-one-subject-out tree of flow pictures that STSTNet, HTNet and their descendants read.

OUT/norm_u_v_os/<subject>/u_train|u_test/<class>/<name>.png   the folds
OUT/STSNet_whole_norm_u_v_os/<name>.png                       every picture once
OUT/combined_datasets_whole/<name>.jpg                        the face at the apex
OUT/combined_3_class2_for_optical_flow.csv                    which picture belongs to which face
OUT/flow.npy, clips.parquet, clips.csv                        the flow before stretching, and what each row is
OUT/export.json, README.md                                    how it was made, and how it may be used

The variant `ststnet` has the folds alone: no pool, no faces, no table that joins them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

from me_augment.array_cache import ArrayCache
from me_augment.errors import UsageError
from me_augment.export.card import About, Facts
from me_augment.export.npy import NpyRows
from me_augment.export.pictures import FACE, apex_face, jpg, mark_of, png
from me_augment.export.steps import Named, Task, Written, write_export
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedClip, ExportedRow, write_htnet_table
from me_augment.flow.cache import measure
from me_augment.flow.choose import Skipped
from me_augment.flow.clip import CROP
from me_augment.flow.field import SIZE, STRAIN_VARIANT, require_method, stretched
from me_augment.manifest import Manifest
from me_augment.manifest.splits import Fold
from me_augment.manifest.store import write_bytes
from me_augment.staging import link

FOLDS = "norm_u_v_os"
POOL = "STSNet_whole_norm_u_v_os"
FACES = "combined_datasets_whole"
TABLE = "combined_3_class2_for_optical_flow.csv"


def export_norm_uv_os(
    task: Task, *, flow: str = "dis", variant: str = "htnet", cache: ArrayCache | None = None
) -> ExportSummary:
    """Write a tree of flow pictures.

    A real clip is the test clip of its person's fold and trains all others. A synthetic clip trains the folds
    of those who contributed nothing to it, and is tested nowhere. Classes become folders 0, 1, … in the order of the
    label set.

    Args:
        task: what is to be exported; there are folds.
        flow: method, see `flow.FLOW_METHODS`.
        variant: `htnet` or `ststnet`.
        cache: where measured flows are kept, see `flow.cache.measure`.

    Raises:
        UsageError: an unknown flow method, folds that are `none`, or as `write_export`.
        MeAugmentError: OUT cannot be written.
    """
    require_method(flow)
    if task.folds == "none":
        raise UsageError("a norm-uv-os tree is made of folds: give --folds loso or a number; arrays can do without.")
    return write_export(task, _Tree(task.manifest, flow, variant, cache))


class _Tree:
    """Fills a folder with pictures, then with folds of links to them."""

    format = "norm-uv-os"
    row_type: type[ExportedRow] = ExportedClip
    motion = face = True
    prefix = ""

    def __init__(self, manifest: Manifest, flow: str, variant: str, cache: ArrayCache | None) -> None:
        self._manifest, self._flow, self._cache = manifest, flow, cache
        self._variant, self._faces = variant, variant == "htnet"

    def begin(self, clips: Sequence[Named], classes: Sequence[str]) -> tuple[Sequence[Named], Sequence[Skipped]]:
        return clips, ()

    def start(self, folder: Path, kept: int) -> int:
        self._folder = folder
        for name in (POOL, *[FACES] * self._faces):
            (folder / name).mkdir(exist_ok=True)
        self._maps = NpyRows(folder / "flow.npy", (3, SIZE, SIZE), rows=kept)
        return kept

    def add(self, clip: Named) -> Mapping[str, Any]:
        (measured,) = measure(self._manifest, clip.clip, self._flow, cache=self._cache)
        face = apex_face(self._manifest, clip.clip) if self._faces else None
        mark = mark_of(clip.clip)
        write_bytes(self._folder / POOL / clip.name.png, png(stretched(measured.maps), mark))
        if face is not None:
            write_bytes(self._folder / FACES / clip.name.jpg, jpg(face, mark))
        self._maps.append(measured.maps)
        return {"peak_flow_px": measured.peak, "flow": self._flow, "strain": STRAIN_VARIANT}

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        self._maps.close()
        for name, fold in folds.items():
            for part, mask in (("u_train", fold.train), ("u_test", fold.test)):
                self._link_all(self._folder / FOLDS / name / part, (one.named for one in compress(written, mask)))
        if self._faces:
            write_htnet_table(self._folder / TABLE, ((one.named.source, one.named.name) for one in written))
        else:
            shutil.rmtree(self._folder / POOL)  # the folds keep their links

    def settings(self) -> Mapping[str, object]:
        return {
            "variant": self._variant,
            "flow": self._flow,
            "strain": STRAIN_VARIANT,
            "crop": CROP,
            "size": SIZE,
            **({"face": FACE} if self._faces else {}),
        }

    def about(self, facts: Facts) -> About:
        holds = [
            f"A picture is the optical flow (`{self._flow}`) from onset to apex of the aligned face: 28x28, red u, "
            "green v, blue strain, each channel stretched to 0..255.",
            f"* `{FOLDS}/<fold>/u_train` and `u_test`, below them a folder for each class index: the folds.",
            *(
                [
                    f"* `{POOL}`, `{FACES}`, `{TABLE}`: every picture once, the face at its apex (224x224), and the "
                    "table that joins them."
                ]
                * self._faces
            ),
            "* `flow.npy`: (N, 3, 28, 28) float32, u and v in pixels of the 128x128 crop and strain, before the "
            "stretching that hides how strong a motion is. Row i is row i of `clips.parquet` and `clips.csv`.",
        ]
        use = [*_USE, *([_SHOWS] * self._faces)]
        return About("Micro-expressions as flow pictures", holds, use, "image-classification")

    def _link_all(self, part: Path, pictures: Iterable[Named]) -> None:
        part.mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            target = part / str(picture.source.index)
            target.mkdir(exist_ok=True)
            link(self._folder / POOL / picture.name.png, target / picture.name.png)


_USE = [
    "## Training on it",
    "",
    "* File names end in a blank and `.png`, as HTNet looks for them.",
    "* Real clips keep the head motion of the person filmed, synthetic ones (but those made with --driving "
    "filmed) have none: their pictures can be told apart. Compare results with and without the synthetic "
    "clips on the same test folders.",
    "* STSTNet (PyTorch) reads `norm_u_v_os` in the folder it is started in: start it here, or link the folder there.",
    "* HTNet reads `datasets/three_norm_u_v_os`, which is `norm_u_v_os`, the other two folders below `datasets`, "
    "and the table in the folder it is started in. The variant `ststnet` has the first only.",
    "* CausalNet reads the same names, but wants three further pictures per clip (`_1`, `_2`, `_3`). What they are is "
    "nowhere documented, so none are written here.",
    "* The published loops of these projects score three classes; other label sets need their number changed. "
    "HTNet and CausalNet keep the epoch that does best on the test person: fix the number of epochs before "
    "results are compared.",
    "",
    "## Use without leakage",
    "",
    "A synthetic clip trains the fold of a person only if that person is not among its `forbidden_subjects` "
    "(driver, target, their ancestors, whoever trained the generator); no synthetic clip is in any `u_test`. The "
    "folders keep to that. Whoever makes other splits from the pictures has to keep to it too: the table says "
    "who contributed to each.",
]
_SHOWS = f"`{FACES}` shows faces."
