"""What all formats do alike: choose and name clips, write them one by one, fold them, write tables, record and card."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import cv2
import numpy as np

from me_augment.card import sources_of
from me_augment.errors import MeAugmentError
from me_augment.export.card import About, Facts, card
from me_augment.export.folds import folds_of, parsed_folds
from me_augment.export.names import PictureName, fold_names, picture_names
from me_augment.export.summary import ClassCount, ExportSummary
from me_augment.export.table import ExportedRow, write_clip_tables
from me_augment.flow.choose import Labelled, Skipped, require_folds, select
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import contributors_of, covers
from me_augment.manifest.splits import Fold
from me_augment.manifest.store import write_text
from me_augment.resumable import Unfinished, resumable
from me_augment.versions import installed, source_digest

Row = TypeVar("Row", bound=ExportedRow)
Progress = Callable[[int, int], None]
"""Called with clips done and clips in all."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is to be exported.

    Attributes:
        manifest: the clips; of a run, real and synthetic ones.
        out: folder that is made; it must not exist, or be empty.
        labels: name of a label set; None where the format chooses it.
        protocol: keep to the clips of a published protocol such as `megc2019`, and to motion taken from them.
        folds: `loso`, `none` or a number of groups of persons.
        overwrite: do not go on with what an interrupted export to `out` left.
        progress: called after each clip.
    """

    manifest: Manifest
    out: Path
    labels: str | None = None
    protocol: str | None = None
    folds: str | int = "loso"
    overwrite: bool = False
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


class Adder(Protocol):
    """What writes clips one by one."""

    def start(self, folder: Path, kept: int) -> int:
        """Get ready to fill a folder, or to go on filling it after the first `kept` clips that could be written.

        Gives how many of these it holds; the others are added again. What was written after them is written over.
        """

    def add(self, clip: Named) -> Mapping[str, Any]:
        """Put a clip on disk; MeAugmentError, with nothing of it left behind, where it cannot be read.

        JSON holds what it gives.
        """


class Writer(Adder, Protocol):
    """What a format does itself.

    Attributes:
        format: its name.
        row_type: of its table. `add` gives the fields that `ExportedRow` has not, and may give some that it has.
        motion, face: what a clip needs, see `select`.
        prefix: of the names of folds that hold out one person.
    """

    format: str
    row_type: type[ExportedRow]
    motion: bool
    face: bool
    prefix: str

    def begin(self, clips: Sequence[Named], classes: Sequence[str]) -> tuple[Sequence[Named], Sequence[Skipped]]:
        """Get ready for clips of these classes, which are in index order.

        Gives the clips that the format can hold, in the order in which it wants them, and the others.
        """

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        """Write what takes all clips, over what may be there of it; masks of the folds are over `written`."""

    def settings(self) -> Mapping[str, object]:
        """What was decided, for `export.json`."""

    def about(self, facts: Facts) -> About:
        """What the card says of this format alone."""


def write_export(task: Task, writer: Writer) -> ExportSummary:
    """Write a manifest or run in a format; OUT appears whole, and an interrupted export goes on where it was.

    Args:
        task: what to write.
        writer: fills the folder.

    Raises:
        UsageError: an unknown label set or protocol, folds that cannot be, an OUT that holds something or is being
            written, an interrupted export to it that had other settings, a corpus folder that is not there, clips
            without landmarks where they are needed, or too few persons with a clip.
        MeAugmentError: OUT cannot be written.
    """
    protocol, labels = parsed_folds(task.folds), task.labels
    assert labels is not None
    made_of = _made_of(writer, task)
    with resumable(Path(task.out), {**made_of, "folds": str(task.folds)}, anew=task.overwrite) as work:
        selection = select(task.manifest, labels, task.protocol, motion=writer.motion, face=writer.face, light=True)
        _require_enough((one.clip for one in selection.chosen), selection.skipped, task)
        fitting, unfit = writer.begin(named(selection.chosen), selection.classes)
        written, unreadable = add_all(writer, task.manifest, fitting, work, task.progress)
        skipped = sorted((*selection.skipped, *unfit, *unreadable), key=lambda clip: (clip.name, clip.clip_id))
        clips = [one.clip for one in written]
        _require_enough(clips, skipped, task)
        names = {person: f"{writer.prefix}{name}" for person, name in persons_of(one.named for one in written).items()}
        folds = folds_of(clips, names, protocol, labels)
        writer.finish(written, folds)
        persons = {clip.person_id for clip in clips}
        write_clip_tables(work.folder, [row_of(writer.row_type, one.named, one.said, persons) for one in written])
        classes = count(selection.classes, (one.named.source for one in written))
        record = {**made_of, **_found(classes, _fold_records(task, clips, folds), skipped)}
        write_text(work.folder / "export.json", json.dumps(record, indent=1) + "\n")
        facts = Facts(classes, tuple(folds), task.folds, labels, sources_of(clips))
        write_text(work.folder / "README.md", card(facts, writer.about(facts)))
    return ExportSummary(Path(task.out), classes, len(folds), tuple(skipped))


def add_all(
    writer: Adder, manifest: Manifest, clips: Sequence[Named], work: Unfinished, progress: Progress | None
) -> tuple[list[Written], list[Skipped]]:
    """Write the clips that an earlier process has not written; gives all that are there, and the unreadable.

    Whole rows are with the writer one at a time, those that are held may be without landmarks.
    """
    written: list[Written] = []
    skipped: list[Skipped] = []
    held = writer.start(work.folder, sum("said" in noted for noted in work.noted.values()))
    for done, one in enumerate(clips, 1):
        clip = one.clip
        noted = work.noted.get(clip.clip_id)
        if noted is None or ("said" in noted and len(written) >= held):
            try:
                noted = {"said": writer.add(Named(replace(one.source, clip=manifest.clip_of[clip.clip_id]), one.name))}
            except MeAugmentError as error:
                noted = {"reason": str(error)}
            work.note(clip.clip_id, noted)
        if "said" in noted:
            written.append(Written(one, noted["said"]))
        else:
            skipped.append(Skipped(clip.clip_id, clip.name, noted["reason"]))
        if progress is not None:
            progress(done, len(clips))
    return written, skipped


def _require_enough(chosen: Iterable[Clip], skipped: Sequence[Skipped], task: Task) -> None:
    """Two persons to hold one out, or one where nobody is."""
    listed = list(chosen)
    if task.folds == "none" and any(not clip.is_synthetic for clip in listed):
        return
    assert task.labels is not None
    require_folds(listed, skipped, task.manifest, task.labels)


def named(chosen: Sequence[Labelled]) -> list[Named]:
    """The clips with their names, sorted by these: by subject, then by video."""
    clips = [one.clip for one in chosen]
    names = picture_names(clips, fold_names(clip for clip in clips if not clip.is_synthetic))
    found = [Named(one, names[one.clip.clip_id]) for one in chosen]
    return sorted(found, key=lambda one: (one.name.sub, one.name.video))


def persons_of(clips: Iterable[Named]) -> dict[str, str]:
    """Person id → name, of everybody with a real clip."""
    return {one.clip.person_id: one.name.sub for one in clips if not one.clip.is_synthetic}


def row_of(row_type: type[Row], one: Named, said: Mapping[str, Any], persons: set[str]) -> Row:
    """A clip's row of the table.

    Args:
        row_type: of the table.
        one: the clip.
        said: the fields that `ExportedRow` has not, and others than those it would have.
        persons: everyone who is seen in the export.
    """
    clip = one.clip
    common = {
        "name": one.name.png,
        "clip_id": clip.clip_id,
        "label": one.source.label,
        "label_index": one.source.index,
        "is_synthetic": clip.is_synthetic,
        "corpus": clip.corpus,
        "subject": one.name.sub,
        "person_id": clip.person_id,
        "driver_person_id": clip.driver_person_id,
        "target_person_id": clip.target_person_id,
        "forbidden_subjects": forbidden(clip, persons),
    }
    return row_type(**{**common, **said})


def forbidden(clip: Clip, persons: set[str]) -> tuple[str, ...]:
    """Whose fold must not train on a clip, sorted: everybody whom the row names.

    Programs that read the table look for names: of `persons`, whoever is meant by `corpus:*` or by what another corpus
    calls them is named too.
    """
    named = contributors_of(clip)
    found = {*clip.forbidden_subjects, *(named & persons)}
    if not named <= persons:
        found |= {person for person in persons if covers(named, person)}
    return tuple(sorted(found))


def count(classes: Iterable[str], clips: Iterable[Labelled]) -> dict[str, ClassCount]:
    """Class → clips, in the order of the classes."""
    found = Counter((one.label, one.clip.is_synthetic) for one in clips)
    return {label: ClassCount(found[label, False], found[label, True]) for label in classes}


def _made_of(writer: Writer, task: Task) -> dict[str, object]:
    return {
        "format": writer.format,
        "labels": task.labels,
        "protocol": task.protocol,
        **writer.settings(),
        "software": software(),
        "manifest": {"corpus": task.manifest.corpus, "fingerprint": task.manifest.fingerprint},
    }


def _found(
    classes: Mapping[str, ClassCount], folds: Mapping[str, object], skipped: Sequence[Skipped]
) -> dict[str, object]:
    return {
        "classes": {label: index for index, label in enumerate(classes)},
        "counts": {label: asdict(counted) for label, counted in classes.items()},
        "folds": folds,
        "skipped": [asdict(clip) for clip in skipped],
    }


def _fold_records(task: Task, clips: Sequence[Clip], folds: Mapping[str, Fold]) -> dict[str, object]:
    synthetic = np.array([clip.is_synthetic for clip in clips])
    return {
        name: {
            **({"person_id": fold.held_out[0]} if task.folds == "loso" else {"persons": list(fold.held_out)}),
            "train_real": int((fold.train & ~synthetic).sum()),
            "train_synthetic": int((fold.train & synthetic).sum()),
            "test": int(fold.test.sum()),
        }
        for name, fold in folds.items()
    }


def software() -> dict[str, str | None]:
    """What decides the bytes besides the settings."""
    packages = ("me-augment", "numpy", "scikit-image", "av")
    return {"opencv": cv2.__version__, **{name: installed(name) for name in packages}, "code": source_digest()}
