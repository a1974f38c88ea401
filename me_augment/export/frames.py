"""Writes real and synthetic clips as CASME II, SAMM or SMIC lie on disk, so that loaders of these read both.

OUT/<tree>/…                       frames, for example Cropped/sub01/EP02_01f/reg_img46.jpg
OUT/<sheet>.xlsx                   labels of all clips in the corpus' own columns (SMIC has none: folders are labels)
OUT/combined_3class_gt.csv         dataset,subject,clip,class of MEGC2019, without a header
OUT/provenance.csv                 whose clip each is, and in whose fold it must not train
OUT/folds/<fold>/…                 sheet and table of each fold: real clips and the synthetic ones it may train on
OUT/clips.parquet, clips.csv, export.json, README.md
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

import pyarrow as pa

from me_augment.errors import MeAugmentError, UsageError
from me_augment.export.card import About, Facts
from me_augment.export.clip_files import facts_of
from me_augment.export.frame_files import put_frames
from me_augment.export.pictures import mark_of
from me_augment.export.shapes import MEGC_CLASSES, SHAPES, Label, TreeShape
from me_augment.export.spelling import Place, is_own, spell, subject_numbers
from me_augment.export.steps import Named, Task, Written, forbidden, write_export
from me_augment.export.summary import ExportSummary
from me_augment.export.table import ExportedRow, ExportedVideo, csv_cell, write_csv
from me_augment.export.workbook import write_workbook
from me_augment.flow.choose import Skipped
from me_augment.flow.clip import without_roots
from me_augment.manifest import Manifest
from me_augment.manifest.columns import column
from me_augment.manifest.splits import Fold
from me_augment.staging import link
from me_augment.video.recording import open_recording

MEGC_TABLE = "combined_3class_gt.csv"
PROVENANCE = "provenance.csv"
MMNET = "Cropped-updated/Cropped"
"""Where MMNet looks for crops of CASME II: subjects there are bare numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFrames(ExportedVideo):
    """The frames of one clip in a corpus-shaped tree; `name` is their folder."""

    sheet_subject: str = column(pa.string(), "Subject as the tree spells it; of synthetic clips one that nobody has.")
    sheet_clip: str = column(pa.string(), "Name of the clip in tree and sheet.")
    onset_number: int = column(pa.int32(), "Number of the onset's file.")
    apex_number: int | None = column(pa.int32(), "Number of the apex' file; null where unknown.", default=None)
    offset_number: int = column(pa.int32(), "Number of the offset's file.")
    linked: bool = column(pa.bool_(), "The files are those of the corpus, or copies of them byte for byte.")


def export_frames(
    task: Task, *, shape: str = "casme2", images: str | None = None, tree: str | None = None
) -> ExportSummary:
    """Write a tree of frames in the shape of a corpus, and for each fold a sheet of the clips admissible in it.

    Args:
        task: what is to be exported. Labels say which clips enter, those that the set has a class for: where none is
            named `emotion` (any word), for `smic` `megc3`, the only one it knows.
        shape: `casme2`, `samm` or `smic`.
        images: `jpg` or `png`; by default jpg, which the loaders look for. SMIC has .bmp.
        tree: `raw` or `cropped`, which only decides names; by default what most real clips of that corpus are.

    Raises:
        UsageError: options that do not go together, people that the shape has no names for, or as `write_export`.
        MeAugmentError: OUT cannot be written.
    """
    chosen = SHAPES[shape]
    labels = task.labels or ("verbatim" if chosen.sheet else "megc3")
    if not chosen.sheet and labels != "megc3":
        raise UsageError(f"{chosen.title} has the classes of megc3 and no others: leave --labels out, or --shape.")
    if chosen.bitmaps and images is not None:
        raise UsageError(f"{chosen.title} has .bmp frames, which are without loss: leave --images out.")
    suffix = ".bmp" if chosen.bitmaps else f".{images or 'jpg'}"
    tree = tree or _tree_of(task.manifest, chosen)
    return write_export(replace(task, labels=labels), _Tree(task.manifest, chosen, tree, suffix))


class _Tree:
    """Fills a folder with frames, then with the sheets that label them."""

    format = "frames"
    row_type: type[ExportedRow] = ExportedFrames
    motion = face = False
    prefix = ""

    def __init__(self, manifest: Manifest, shape: TreeShape, tree: str, suffix: str) -> None:
        self._manifest, self._shape, self._tree, self._suffix = manifest, shape, tree, suffix
        self._places: dict[str, Place] = {}
        self._numbers: dict[tuple[str, bool], int] = {}

    def begin(self, clips: Sequence[Named], classes: Sequence[str]) -> tuple[Sequence[Named], Sequence[Skipped]]:
        self._numbers = subject_numbers([one.clip for one in clips], self._shape)
        self._places, skipped = spell(clips, self._shape, self._tree, self._numbers)
        return [one for one in clips if one.clip.clip_id in self._places], skipped

    def start(self, folder: Path, kept: int) -> int:
        self._folder = folder
        return kept

    def add(self, clip: Named) -> Mapping[str, Any]:
        row, place = clip.clip, self._places[clip.clip.clip_id]
        assert row.recording_id is not None
        assert row.onset_index is not None
        assert row.offset_index is not None
        recording = self._manifest.recording_of[row.recording_id]
        folder = self._folder / place.folder
        known = folder.exists()  # another row of the same recording
        try:
            source = open_recording(self._manifest, recording)
            own = is_own(row, self._shape)
            span = range(row.onset_index, row.offset_index + 1)
            whole = own and source.storage == "frames"
            first = row.onset if own and row.onset is not None else 1

            def number(position: int) -> int:
                return source.numbers[position] if whole else first + position - span.start

            def name(position: int, stem: str | None) -> str:
                if whole and stem is not None and self._shape.frame_names.fullmatch(stem):
                    return stem  # corpora vary in how many zeros they write
                return self._shape.frame(self._tree, place.number, number(position))

            folder.mkdir(parents=True, exist_ok=True)
            positions = range(len(source)) if whole else span
            linked = put_frames(source, positions, folder, name, self._suffix, mark_of(row))
        except MeAugmentError as error:
            if not known:
                shutil.rmtree(folder, ignore_errors=True)
            raise MeAugmentError(without_roots(self._manifest, str(error))) from error
        apex = row.apex_index
        return {
            **facts_of(self._manifest, row),
            "name": place.folder,
            "sheet_subject": self._shape.subject(place.number),
            "sheet_clip": place.clip,
            "onset_number": number(span.start),
            "apex_number": None if apex is None else number(apex),
            "offset_number": number(span.stop - 1),
            "linked": linked > 0,
        }

    def finish(self, written: Sequence[Written], folds: Mapping[str, Fold]) -> None:
        self._labels(self._folder, written)
        self._provenance(written)
        shutil.rmtree(self._folder / "folds", ignore_errors=True)  # of a process that was ended here
        for name, fold in folds.items():
            folder = self._folder / "folds" / name
            folder.mkdir(parents=True)
            chosen = list(compress(written, fold.train | fold.test))
            self._labels(folder, chosen)
            if not self._shape.sheet:
                for one in chosen:
                    _link_folder(self._folder, folder, self._place(one).folder)
        if self._shape.dataset == "casme2" and self._tree == "cropped":
            self._link_for_mmnet()

    def settings(self) -> Mapping[str, object]:
        return {"shape": self._shape.dataset, "tree": self._tree, "images": self._suffix.removeprefix(".")}

    def about(self, facts: Facts) -> About:
        shape, tree = self._shape, self._shape.trees[self._tree]
        lossless = self._suffix != ".jpg"
        frames = (
            "without loss"
            if lossless
            else "as JPEG of quality 100 with full colour resolution, which changes their optical flow by about 0.01 px"
        )
        holds = [
            f"The tree is that of {shape.title}.",
            f"* `{tree}`: the frames. Those of real clips are the corpus' own files where these are "
            f"`{self._suffix}` (links where the file system allows: **do not edit them in place**); all others were "
            f"written {frames}. Nothing was cropped or resized.",
            f"* `{shape.sheet}`: labels of all clips, real and synthetic, in {shape.title}'s columns."
            if shape.sheet
            else "* The folders are the labels, as in the corpus; apexes are in `clips.csv`.",
            f"* `{MEGC_TABLE}`: dataset, subject, clip, class (0 negative, 1 positive, 2 surprise) of all clips that "
            "MEGC2019 has a class for, in its own spelling and without a header.",
            f"* `{PROVENANCE}`: who is seen in a clip, who drove it, and in whose fold it must not train.",
            *(
                [f"* `{MMNET}`: the same crops by bare subject number, as MMNet looks for them (links)."]
                * (shape.dataset == "casme2" and self._tree == "cropped")
            ),
            *(
                [
                    f"* `folds/<fold>/`: {'sheet' if shape.sheet else 'tree'} and `{MEGC_TABLE}` of all real clips and "
                    "of those synthetic ones that may train when the persons of the fold are held out."
                ]
                * (facts.held_out != "none")
            ),
            "* `clips.parquet` and `clips.csv`: the same rows with what every export of me-augment says.",
        ]
        spelled = ", ".join(f"`{shape.subject(number)}`" for number in (501, 502))
        use = [
            "## Use without leakage",
            "",
            f"Synthetic clips stand under subjects that {shape.title} has not ({spelled}: number + 500 is the face of "
            "the subject so numbered; from 601, faces of other corpora). That keeps them apart from real clips, "
            "**but a loader that holds out one subject after the other is not safe on the whole tree**: holding out "
            "subject 1 it would train on synthetic clips of that face or that motion, and it would take synthetic "
            "subjects for test persons.",
            "",
            "* Train and test each person with the labels of its folder below `folds`: hold out the person whom the "
            f"fold names, and skip subjects from {shape.subject(501)} as test persons."
            if facts.held_out != "none"
            else "* No folds were written. Export with `--folds loso` for labels that are safe fold by fold.",
            f"* Or drop, for the subject held out, every clip whose `not_in_training_of` in `{PROVENANCE}` names it.",
            "* Results with and without synthetic clips compare on the same real test clips only.",
            "* Real clips keep the head motion of the person filmed, and what the corpus' compression left; synthetic "
            "ones may lack both: the two can be told apart.",
        ]
        return About(f"Micro-expressions in the shape of {shape.title}", holds, use)

    def _labels(self, folder: Path, written: Sequence[Written]) -> None:
        """Sheet and MEGC table of some clips, by subject and name."""
        ordered = sorted(written, key=lambda one: (self._place(one).number, self._place(one).clip))
        if self._shape.sheet:
            rows = self._shape.rows(self._label(one) for one in ordered)
            write_workbook(folder / self._shape.sheet, "Sheet1", rows)
        classed = [one for one in ordered if one.clip.label_megc3 in MEGC_CLASSES]
        lines = (
            ",".join((self._shape.dataset, *self._spelled(one), str(MEGC_CLASSES.index(one.clip.label_megc3 or ""))))
            for one in classed
        )
        (folder / MEGC_TABLE).write_bytes("".join(f"{line}\r\n" for line in lines).encode())

    def _place(self, one: Written) -> Place:
        return self._places[one.clip.clip_id]

    def _spelled(self, one: Written) -> tuple[str, str]:
        return self._shape.megc(self._place(one).number, self._place(one).clip)

    def _label(self, one: Written) -> Label:
        place = self._place(one)
        return Label(
            number=place.number,
            clip=place.clip,
            onset=one.said["onset_number"],
            apex=one.said["apex_number"],
            offset=one.said["offset_number"],
            units=one.clip.au_verbatim or "",
            emotion=place.emotion,
            objective_class=one.clip.objective_class,
        )

    def _provenance(self, written: Sequence[Written]) -> None:
        persons = {one.clip.person_id for one in written}

        def spelled(person: str | None) -> str | None:
            """The person's subject in the tree; the person id where no real clip of it is there."""
            if person is None:
                return None
            number = self._numbers.get((person, False))
            return person if number is None else self._shape.subject(number)

        columns = [
            "subject",
            "clip",
            "folder",
            "is_synthetic",
            "person_id",
            "face_of",
            "motion_of",
            "not_in_training_of",
        ]
        rows = (
            [
                self._shape.subject(self._place(one).number),
                self._place(one).clip,
                self._place(one).folder,
                one.clip.is_synthetic,
                one.clip.person_id,
                spelled(one.clip.person_id),
                spelled(one.clip.driver_person_id),
                tuple(str(spelled(person)) for person in forbidden(one.clip, persons)),
            ]
            for one in written
        )
        write_csv(self._folder / PROVENANCE, columns, ([csv_cell(cell) for cell in row] for row in rows))

    def _link_for_mmnet(self) -> None:
        parent = self._folder / MMNET
        shutil.rmtree(parent, ignore_errors=True)
        parent.mkdir(parents=True)
        for subject in sorted((self._folder / self._shape.trees["cropped"]).iterdir()):
            number = int(subject.name.removeprefix("sub"))
            (parent / str(number)).symlink_to(f"../../{subject.parent.name}/{subject.name}", target_is_directory=True)


def _link_folder(source: Path, target: Path, name: str) -> None:
    (target / name).mkdir(parents=True, exist_ok=True)
    for file in sorted((source / name).iterdir()):
        link(file, target / name / file.name)


def _tree_of(manifest: Manifest, shape: TreeShape) -> str:
    """Whether most recordings of the corpus look like crops, by the names of their folders and files."""
    own = [row for row in manifest.recordings if row.corpus in shape.corpora]
    cropped = sum("crop" in row.path.casefold() or (row.frame_pattern or "").startswith("reg_") for row in own)
    return "cropped" if 2 * cropped > len(own) else "raw"
