"""Writes the leave-one-subject-out tree of flow pictures that STSTNet, HTNet and their descendants read.

OUT/norm_u_v_os/<subject>/u_train|u_test/<class>/<name>.png   the folds
OUT/STSNet_whole_norm_u_v_os/<name>.png                       every picture once
OUT/combined_datasets_whole/<name>.jpg                        the face at the apex
OUT/combined_3_class2_for_optical_flow.csv                    which picture belongs to which face
OUT/flow.npy, clips.parquet, clips.csv                        the flow before stretching, and what each row is
OUT/export.json, README.md                                    how it was made, and how it may be used

The variant `ststnet` has the folds alone: no pool, no faces, no table that joins them. The variant `causalnet` has no
faces, and in the pool three more pictures of each clip: its motion from apex to offset, and both motions' directions.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

from me_augment.array_cache import ArrayCache
from me_augment.errors import UsageError
from me_augment.export.card import About, Facts
from me_augment.export.names import no_other_with
from me_augment.export.npy import NpyRows
from me_augment.export.pictures import FACE, apex_face, jpg, mark_of, png
from me_augment.export.steps import Named, Task, Written, write_export
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedClip, ExportedRow, write_htnet_table
from me_augment.flow.cache import measure
from me_augment.flow.choose import Skipped
from me_augment.flow.clip import CROP, Part
from me_augment.flow.field import SIZE, STRAIN_VARIANT, directions, require_method, stretched
from me_augment.manifest import Manifest
from me_augment.manifest.splits import Fold
from me_augment.manifest.store import write_bytes
from me_augment.staging import link

FOLDS = "norm_u_v_os"
POOL = "STSNet_whole_norm_u_v_os"
FACES = "combined_datasets_whole"
TABLE = "combined_3_class2_for_optical_flow.csv"
BACK, DIRECTION, DIRECTION_BACK = "_1", "_2", "_3"
"""Follow a clip's name where CausalNet looks for its motion from apex to offset, and for either motion's directions."""


@dataclass(frozen=True)
class _Variant:
    """What a project looks for: pictures of the motion in these parts, the pool with its table, and faces."""

    parts: tuple[Part, ...]
    pool: bool
    faces: bool


_VARIANTS = {
    "htnet": _Variant(("onset-apex",), pool=True, faces=True),
    "ststnet": _Variant(("onset-apex",), pool=False, faces=False),
    "causalnet": _Variant(("onset-apex", "apex-offset"), pool=True, faces=False),
}


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
        variant: `htnet`, `ststnet` or `causalnet`.
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
        self._name, self._variant = variant, _VARIANTS[variant]

    def begin(self, clips: Sequence[Named], classes: Sequence[str]) -> tuple[Sequence[Named], Sequence[Skipped]]:
        if len(self._variant.parts) == 1:
            return clips, ()
        names = no_other_with((BACK, DIRECTION, DIRECTION_BACK), {clip.clip.clip_id: clip.name for clip in clips})
        return [replace(clip, name=names[clip.clip.clip_id]) for clip in clips], ()

    def start(self, folder: Path, kept: int) -> int:
        self._folder = folder
        for name in (POOL, *[FACES] * self._variant.faces):
            (folder / name).mkdir(exist_ok=True)
        files = {"onset-apex": "flow.npy", "apex-offset": "flow-apex-offset.npy"}
        self._maps = [NpyRows(folder / files[part], (3, SIZE, SIZE), rows=kept) for part in self._variant.parts]
        return kept

    def add(self, clip: Named) -> Mapping[str, Any]:
        measured = measure(self._manifest, clip.clip, self._flow, self._variant.parts, cache=self._cache)
        face = apex_face(self._manifest, clip.clip) if self._variant.faces else None
        mark = mark_of(clip.clip)
        pictures = {"": stretched(measured[0].maps)}
        if len(measured) > 1:
            pictures[BACK] = stretched(measured[1].maps)
            pictures[DIRECTION], pictures[DIRECTION_BACK] = map(directions, (pictures[""], pictures[BACK]))
        for ending, picture in pictures.items():
            write_bytes(self._folder / POOL / clip.name.png_of(ending), png(picture, mark))
        if face is not None:
            write_bytes(self._folder / FACES / clip.name.jpg, jpg(face, mark))
        for rows, motion in zip(self._maps, measured, strict=True):
            rows.append(motion.maps)
        return {"peak_flow_px": measured[0].peak, "flow": self._flow, "strain": STRAIN_VARIANT}

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        for rows in self._maps:
            rows.close()
        for name, fold in folds.items():
            for part, mask in (("u_train", fold.train), ("u_test", fold.test)):
                self._link_all(self._folder / FOLDS / name / part, (one.named for one in compress(written, mask)))
        if self._variant.pool:
            write_htnet_table(self._folder / TABLE, ((one.named.source, one.named.name) for one in written))
        else:
            shutil.rmtree(self._folder / POOL)  # the folds keep their links

    def settings(self) -> Mapping[str, object]:
        return {
            "variant": self._name,
            "flow": self._flow,
            "strain": STRAIN_VARIANT,
            "crop": CROP,
            "size": SIZE,
            **({"face": FACE} if self._variant.faces else {}),
        }

    def about(self, facts: Facts) -> About:
        holds = [
            f"A picture is the optical flow (`{self._flow}`) from onset to apex of the aligned face: 28x28, red u, "
            "green v, blue strain, each channel stretched to 0..255.",
            f"* `{FOLDS}/<fold>/u_train` and `u_test`, below them a folder for each class index: the folds.",
            *_POOLED.get(self._name, ()),
            "* `flow.npy`: (N, 3, 28, 28) float32, u and v in pixels of the 128x128 crop and strain, before the "
            "stretching that hides how strong a motion is. Row i is row i of `clips.parquet` and `clips.csv`.",
        ]
        use = [*_USE, *([_SHOWS] * self._variant.faces)]
        return About("Micro-expressions as flow pictures", holds, use, "image-classification")

    def _link_all(self, part: Path, pictures: Iterable[Named]) -> None:
        part.mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            target = part / str(picture.source.index)
            target.mkdir(exist_ok=True)
            link(self._folder / POOL / picture.name.png, target / picture.name.png)


_POOLED = {
    "htnet": (
        f"* `{POOL}`, `{FACES}`, `{TABLE}`: every picture once, the face at its apex (224x224), and the table that "
        "joins them.",
    ),
    "causalnet": (
        f"* `{POOL}`, `{TABLE}`: four pictures of each clip, and the table that names the clips. What follows the "
        f"clip's name says which: nothing, onset to apex; `{BACK}`, apex to offset; `{DIRECTION}` and "
        f"`{DIRECTION_BACK}`, the directions of either, atan2(v, u) of the stretched channels as one grey level. That "
        "these are what CausalNet was trained on is told by its author (issues 2 and 4 of its repository); how the "
        "angle becomes a grey level is not, and here it is stretched as u and v are. CausalNet's flow is TV-L1.",
        "* `flow-apex-offset.npy`: as `flow.npy`, from apex to offset.",
    ),
}
_USE = [
    "## Training on it",
    "",
    "* File names end in a blank and `.png`, as HTNet looks for them.",
    "* Real clips keep the head motion of the person filmed, synthetic ones (but those made with --driving "
    "filmed) have none: their pictures can be told apart. Compare results with and without the synthetic "
    "clips on the same test folders.",
    "* STSTNet (PyTorch) reads `norm_u_v_os` in the folder it is started in: start it here, or link the folder there.",
    "* HTNet reads `datasets/three_norm_u_v_os`, which is `norm_u_v_os`, the other two folders below `datasets`, "
    "and the table in the folder it is started in. CausalNet reads the same without the faces, and needs the variant "
    "`causalnet`; the variant `ststnet` has the first only.",
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
