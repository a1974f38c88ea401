"""What all formats do alike: choose and name clips, fold them, write tables, record and card; all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2

from me_augment.errors import MeAugmentError
from me_augment.export.card import Facts, card
from me_augment.export.held_out import Fold, folds_of, parsed_folds
from me_augment.export.names import PictureName, fold_names, picture_names
from me_augment.export.summary import ClassCount, ExportSummary
from me_augment.export.table import ExportedRow, write_clip_tables
from me_augment.flow.choose import Labelled, Selection, Skipped, require_folds, select
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import covers
from me_augment.manifest.store import write_text
from me_augment.staging import staged
from me_augment.versions import installed

Progress = Callable[[int, int], None]
"""Called with clips done and clips in all."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is to be exported.

    Attributes:
        manifest: the clips; of a run, real and synthetic ones.
        out: folder that is made; it must not exist, or be empty.
        labels: name of the label set.
        protocol: see `select`.
        folds: `loso`, `none` or a number of groups of persons.
        progress: called after each clip.
    """

    manifest: Manifest
    out: Path
    labels: str
    protocol: str | None = None
    folds: str | int = "loso"
    progress: Progress | None = None


@dataclass(frozen=True)
class Named:
    """A clip that is to be written."""

    source: Labelled
    name: PictureName

    @property
    def clip(self) -> Clip:
        """Its row in the manifest."""
        return self.source.clip


@dataclass(frozen=True)
class Written:
    """A clip that was written, and what the format said of it."""

    named: Named
    said: Mapping[str, Any]

    @property
    def clip(self) -> Clip:
        """Its row in the manifest."""
        return self.named.clip


class Writer(Protocol):
    """What a format does itself.

    Attributes:
        format: its name.
        row_type: of its table. `add` gives the fields that `ExportedRow` has not, and may give some that it has.
        motion, face: what a clip needs, see `select`.
    """

    format: str
    row_type: type[ExportedRow]
    motion: bool
    face: bool

    def begin(self, clips: Sequence[Named]) -> Iterable[Skipped]:
        """Get ready for these clips, which come in order; says which of them the format cannot hold."""

    def add(self, clip: Named) -> Mapping[str, Any]:
        """Write a clip; MeAugmentError, with nothing of it left behind, where it cannot be read."""

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        """Write what takes all clips; indices of the folds are places in `written`."""

    def settings(self) -> Mapping[str, object]:
        """What was decided, for `export.json`."""

    def about(self, facts: Facts) -> tuple[str, list[str], list[str]]:
        """Title of the card, what lies in the folder and how to train on it, as lines of Markdown."""


def write_export(task: Task, open_writer: Callable[[Path], Writer]) -> ExportSummary:
    """Write a manifest or run in a format; OUT appears complete or not at all.

    Args:
        task: what to write.
        open_writer: from the folder to be filled to what fills it.

    Raises:
        UsageError: an unknown label set or protocol, folds that cannot be, an OUT that holds something, a corpus folder
            that is not there, clips without landmarks where they are needed, or too few persons with a clip.
        MeAugmentError: OUT cannot be written.
    """
    manifest, folds = task.manifest, parsed_folds(task.folds)
    with staged(Path(task.out)) as folder:
        writer = open_writer(folder)
        selection = select(manifest, task.labels, task.protocol, motion=writer.motion, face=writer.face)
        _require_enough((one.clip for one in selection.chosen), selection.skipped, task, folds)
        named, fold_of = _named(selection.chosen)
        left_out = {row.clip_id: row for row in writer.begin(named)}
        written: list[Written] = []
        for done, one in enumerate(named, 1):
            if one.clip.clip_id not in left_out:
                try:
                    written.append(Written(one, writer.add(one)))
                except MeAugmentError as error:
                    left_out[one.clip.clip_id] = Skipped(one.clip.clip_id, one.clip.name, str(error))
            if task.progress is not None:
                task.progress(done, len(named))
        every = (*selection.skipped, *left_out.values())
        skipped = tuple(sorted(every, key=lambda clip: (clip.name, clip.clip_id)))
        clips = [one.clip for one in written]
        _require_enough(clips, skipped, task, folds)
        held_out = folds_of(clips, fold_of, folds)
        writer.finish(written, held_out)
        persons = {clip.person_id for clip in clips}
        write_clip_tables(folder, [_row(writer.row_type, one, persons) for one in written])
        classes = _count(selection, written)
        record = _record(writer, task, classes, held_out, skipped)
        write_text(folder / "export.json", json.dumps(record, indent=1) + "\n")
        terms = tuple(sorted({(clip.corpus, clip.licence) for clip in clips}))
        facts = Facts(classes, len(held_out), folds, task.labels, terms)
        write_text(folder / "README.md", card(facts, *writer.about(facts)))
    return ExportSummary(Path(task.out), classes, len(held_out), skipped)


def _require_enough(chosen: Iterable[Clip], skipped: Sequence[Skipped], task: Task, folds: str | int) -> None:
    """Two persons to hold one out, or one where nobody is."""
    listed = list(chosen)
    if folds == "none" and any(not clip.is_synthetic for clip in listed):
        return
    require_folds(listed, skipped, task.manifest, task.labels)


def _named(chosen: Sequence[Labelled]) -> tuple[list[Named], dict[str, str]]:
    """The clips sorted by subject and name, and the name of each person."""
    clips = [one.clip for one in chosen]
    fold_of = fold_names(clip for clip in clips if not clip.is_synthetic)
    names = picture_names(clips, fold_of)
    named = [Named(one, names[one.clip.clip_id]) for one in chosen]
    return sorted(named, key=lambda one: (one.name.sub, one.name.video)), fold_of


def _row(row_type: type[ExportedRow], one: Written, persons: set[str]) -> ExportedRow:
    clip = one.clip
    common = {
        "name": one.named.name.png,
        "clip_id": clip.clip_id,
        "label": one.named.source.label,
        "label_index": one.named.source.index,
        "is_synthetic": clip.is_synthetic,
        "corpus": clip.corpus,
        "subject": one.named.name.sub,
        "person_id": clip.person_id,
        "driver_person_id": clip.driver_person_id,
        "target_person_id": clip.target_person_id,
        "forbidden_subjects": forbidden(clip, persons),
    }
    return row_type(**{**common, **one.said})


def forbidden(clip: Clip, persons: set[str]) -> tuple[str, ...]:
    """Whose fold must not train on a clip, sorted: everybody whom the row names.

    Programs that read the table look for names: of `persons`, whoever `corpus:*` stands for is named too.
    """
    seen = (clip.person_id, clip.driver_person_id, clip.target_person_id)
    named = {*clip.forbidden_subjects, *clip.generator_training_subjects, *(person for person in seen if person)}
    found = {*clip.forbidden_subjects, *(named & persons)}
    if any(name.endswith(":*") for name in named):
        found |= {person for person in persons if covers(named, person)}
    return tuple(sorted(found))


def _count(selection: Selection, written: Iterable[Written]) -> dict[str, ClassCount]:
    counts = {label: [0, 0] for label in selection.classes}
    for one in written:
        counts[one.named.source.label][one.clip.is_synthetic] += 1
    return {label: ClassCount(*pair) for label, pair in counts.items()}


def _record(
    writer: Writer,
    task: Task,
    classes: Mapping[str, ClassCount],
    folds: Mapping[str, Fold],
    skipped: Sequence[Skipped],
) -> dict[str, object]:
    loso = task.folds == "loso"
    return {
        "format": writer.format,
        "labels": task.labels,
        "protocol": task.protocol,
        "classes": {label: index for index, label in enumerate(classes)},
        **writer.settings(),
        "software": _software(),
        "manifest": {"corpus": task.manifest.corpus, "fingerprint": task.manifest.fingerprint},
        "counts": {label: asdict(count) for label, count in classes.items()},
        "folds": {name: fold.counts(one_person=loso) for name, fold in folds.items()},
        "skipped": [asdict(clip) for clip in skipped],
    }


def _software() -> dict[str, str | None]:
    """What decides the bytes besides the settings."""
    packages = ("me-augment", "numpy", "scikit-image")
    return {"opencv": cv2.__version__, **{name: installed(name) for name in packages}}
