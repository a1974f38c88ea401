"""Writes the leave-one-subject-out tree of flow pictures that STSTNet, HTNet and their descendants read.

OUT/norm_u_v_os/<subject>/u_train|u_test/<class>/<name>.png   the folds
OUT/STSNet_whole_norm_u_v_os/<name>.png                       every picture once
OUT/combined_datasets_whole/<name>.jpg                        the face at the apex
OUT/combined_3_class2_for_optical_flow.csv                    which picture belongs to which face
OUT/flow.npy, clips.parquet, clips.csv                        the flow before stretching, and what each row is
OUT/export.json, README.md                                    how it was made, and how it may be used
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.export.card import card
from me_augment.export.names import PictureName, fold_names, picture_names
from me_augment.export.pictures import FACE, apex_face, jpg, png
from me_augment.export.summary import ClassCount, ExportSummary
from me_augment.export.table import ExportedClip, write_clip_tables, write_htnet_table
from me_augment.flow.choose import Labelled, Selection, Skipped, require_folds, select
from me_augment.flow.clip import CROP, measure
from me_augment.flow.field import SIZE, STRAIN_VARIANT, require_method, stretched
from me_augment.manifest import Manifest
from me_augment.manifest.folds import may_test, may_train
from me_augment.manifest.store import write_text
from me_augment.staging import link, staged
from me_augment.versions import installed

FOLDS = "norm_u_v_os"
POOL = "STSNet_whole_norm_u_v_os"
FACES = "combined_datasets_whole"
TABLE = "combined_3_class2_for_optical_flow.csv"


@dataclass(frozen=True)
class _Picture:
    """A clip whose picture is in the pool."""

    source: Labelled
    name: PictureName
    maps: NDArray[np.float32]
    peak: float


@dataclass(frozen=True)
class _Fold:
    """How many clips a fold has."""

    person_id: str
    train_real: int
    train_synthetic: int
    test: int


def export_norm_uv_os(
    manifest: Manifest,
    out: Path,
    *,
    labels: str = "megc3",
    flow: str = "dis",
    protocol: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ExportSummary:
    """Write a manifest or a run as a tree of flow pictures; OUT appears complete or not at all.

    A real clip is the test clip of its person's fold and trains all others. A synthetic clip trains the folds
    of those who contributed nothing to it, and is tested nowhere. The same manifest gives the same bytes.

    Args:
        manifest: the clips; of a run, real and synthetic ones.
        out: folder that is made; it must not exist, or be empty.
        labels: `megc3`, `casme2-5`, `samm-5`, `objective` or `emotion`; classes become folders 0, 1, … in the
            set's order.
        flow: method, see `flow.FLOW_METHODS`.
        protocol: keep to the clips of a published protocol such as `megc2019`, and to motion taken from them.
        progress: called with (clips measured, clips in all).

    Raises:
        UsageError: an unknown label set, protocol or flow method, an OUT that holds something, a corpus folder that is
            not there, clips without landmarks, or fewer than two persons with a clip.
        MeAugmentError: OUT cannot be written.
    """
    require_method(flow)
    out = Path(out)
    with staged(out) as folder:
        selection = select(manifest, labels, protocol)
        require_folds((one.clip for one in selection.chosen), selection.skipped, manifest, labels)
        pictures, unreadable = _draw(manifest, selection.chosen, folder, flow, progress)
        skipped = tuple(sorted((*selection.skipped, *unreadable), key=lambda clip: (clip.name, clip.clip_id)))
        require_folds((picture.source.clip for picture in pictures), skipped, manifest, labels)
        folds = _write_folds(folder, pictures)
        classes = _count(selection, pictures)
        np.save(folder / "flow.npy", np.stack([picture.maps for picture in pictures]))
        persons = {picture.source.clip.person_id for picture in pictures}
        write_clip_tables(folder, [_row(picture, flow, persons) for picture in pictures])
        write_htnet_table(folder / TABLE, ((picture.source, picture.name) for picture in pictures))
        record = _record(manifest, labels, flow, protocol, classes, folds, skipped)
        write_text(folder / "export.json", json.dumps(record, indent=1) + "\n")
        clips = [picture.source.clip for picture in pictures]
        write_text(folder / "README.md", card(classes, len(folds), labels, flow, clips))
    return ExportSummary(out, classes, len(folds), skipped)


def _draw(
    manifest: Manifest,
    chosen: Sequence[Labelled],
    folder: Path,
    flow: str,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[_Picture], list[Skipped]]:
    """Write pool and faces; the pictures come sorted by subject and name."""
    clips = [one.clip for one in chosen]
    names = picture_names(clips, fold_names(clip for clip in clips if not clip.is_synthetic))
    pictures, unreadable = [], []
    for part in (POOL, FACES):
        (folder / part).mkdir()
    ordered = sorted(chosen, key=lambda one: (names[one.clip.clip_id].sub, names[one.clip.clip_id].video))
    for done, one in enumerate(ordered, 1):
        name = names[one.clip.clip_id]
        try:
            measured = measure(manifest, one.clip, flow)
            face = apex_face(manifest, one.clip)
        except MeAugmentError as error:
            unreadable.append(Skipped(one.clip.clip_id, one.clip.name, str(error)))
        else:
            (folder / POOL / name.png).write_bytes(png(stretched(measured.maps)))
            (folder / FACES / name.jpg).write_bytes(jpg(face))
            pictures.append(_Picture(one, name, measured.maps, measured.peak))
        if progress is not None:
            progress(done, len(ordered))
    return pictures, unreadable


def _write_folds(folder: Path, pictures: Sequence[_Picture]) -> dict[str, _Fold]:
    """Link every picture into the folds it may train or test; fold name → counts."""
    held_out = {p.name.sub: p.source.clip.person_id for p in pictures if not p.source.clip.is_synthetic}
    folds = {}
    for fold, person in sorted(held_out.items()):
        test = [picture for picture in pictures if may_test(picture.source.clip, person)]
        train = [picture for picture in pictures if may_train(picture.source.clip, person)]
        _link_all(folder, folder / FOLDS / fold / "u_train", train)
        _link_all(folder, folder / FOLDS / fold / "u_test", test)
        synthetic = sum(picture.source.clip.is_synthetic for picture in train)
        folds[fold] = _Fold(person, len(train) - synthetic, synthetic, len(test))
    return folds


def _link_all(folder: Path, part: Path, pictures: Iterable[_Picture]) -> None:
    part.mkdir(parents=True)
    for picture in pictures:
        target = part / str(picture.source.index)
        target.mkdir(exist_ok=True)
        link(folder / POOL / picture.name.png, target / picture.name.png)


def _row(picture: _Picture, flow: str, persons: Iterable[str]) -> ExportedClip:
    clip = picture.source.clip
    # Programs that read the table look for names: whoever `corpus:*` stands for is named too.
    named = {*clip.forbidden_subjects, *(person for person in persons if not may_train(clip, person))}
    return ExportedClip(
        name=picture.name.png,
        clip_id=clip.clip_id,
        label=picture.source.label,
        label_index=picture.source.index,
        is_synthetic=clip.is_synthetic,
        corpus=clip.corpus,
        subject=picture.name.sub,
        person_id=clip.person_id,
        driver_person_id=clip.driver_person_id,
        target_person_id=clip.target_person_id,
        forbidden_subjects=tuple(sorted(named)),
        peak_flow_px=picture.peak,
        flow=flow,
        strain=STRAIN_VARIANT,
    )


def _count(selection: Selection, pictures: Iterable[_Picture]) -> dict[str, ClassCount]:
    drawn = [(picture.source.label, picture.source.clip.is_synthetic) for picture in pictures]
    return {label: ClassCount(drawn.count((label, False)), drawn.count((label, True))) for label in selection.classes}


def _record(
    manifest: Manifest,
    labels: str,
    flow: str,
    protocol: str | None,
    classes: dict[str, ClassCount],
    folds: dict[str, _Fold],
    skipped: Sequence[Skipped],
) -> dict[str, object]:
    return {
        "format": "norm-uv-os",
        "labels": labels,
        "protocol": protocol,
        "classes": {label: index for index, label in enumerate(classes)},
        "flow": flow,
        "strain": STRAIN_VARIANT,
        "crop": CROP,
        "size": SIZE,
        "face": FACE,
        "software": _software(),
        "manifest": {"corpus": manifest.corpus, "fingerprint": manifest.fingerprint},
        "counts": {label: asdict(count) for label, count in classes.items()},
        "folds": {name: asdict(fold) for name, fold in folds.items()},
        "skipped": [asdict(clip) for clip in skipped],
    }


def _software() -> dict[str, str | None]:
    """What decides the bytes besides the settings."""
    packages = ("me-augment", "numpy", "scikit-image")
    return {"opencv": cv2.__version__, **{name: installed(name) for name in packages}}
