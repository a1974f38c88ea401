"""What exports of whole clips share: which clips, under which names, their frames, their folds, table and card."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError
from me_augment.export.names import fold_names, picture_names
from me_augment.export.summary import ClassCount, ExportSummary
from me_augment.export.table import ExportedVideo, write_clip_tables
from me_augment.flow.choose import Labelled, Skipped, require_folds, select
from me_augment.flow.clip import crops, without_roots
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import may_test, may_train
from me_augment.manifest.ids import digest
from me_augment.manifest.store import write_text
from me_augment.staging import link
from me_augment.versions import installed
from me_augment.video import write_lossless
from me_augment.video.recording import open_recording

UNKNOWN_FPS = Fraction(25)
"""Of the file of a clip whose frame rate nobody knows; the table says null."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class VideoClip:
    """A clip that is to be exported.

    Attributes:
        source: the clip and its class.
        key: unique name without dots, of letters, digits, `_`, `-`, `#`, `+`, beginning with a letter or digit.
        sub: fold that holds the clip out; `syn` for synthetic clips.
    """

    source: Labelled
    key: str
    sub: str

    @property
    def clip(self) -> Clip:
        """The manifest's row."""
        return self.source.clip


@dataclass(frozen=True)
class Fold:
    """One division into training and test.

    Attributes:
        name: `fold_sub01`, as files are called.
        held_out: the persons tested on.
    """

    name: str
    held_out: tuple[str, ...]

    def trains(self, clip: Clip) -> bool:
        """Whether the fold may train on a clip."""
        return all(may_train(clip, person) for person in self.held_out)

    def tests(self, clip: Clip) -> bool:
        """Whether the fold tests on a clip."""
        return any(may_test(clip, person) for person in self.held_out)


@dataclass(frozen=True)
class Chosen:
    """The clips of a manifest that can be exported, sorted by name within real and synthetic, and the others."""

    classes: tuple[str, ...]
    clips: tuple[VideoClip, ...]
    skipped: tuple[Skipped, ...]

    @cached_property
    def persons(self) -> frozenset[str]:
        """Everyone who is seen."""
        return frozenset(one.clip.person_id for one in self.clips)


def choose(manifest: Manifest, labels: str, protocol: str | None, size: int | None) -> Chosen:
    """Choose the clips that have a class and frames and, where they are to be cropped, a face.

    Raises:
        UsageError: as `flow.choose.select`, a size below 8, or fewer than two persons with a real clip.
    """
    if size is not None and size < 8:
        raise UsageError(f"--size is {size}; the face-aligned crop has at least 8 pixels a side.")
    selection = select(manifest, labels, protocol, motion=False, face=size is not None)
    clips = [one.clip for one in selection.chosen]
    require_folds(clips, selection.skipped, manifest, labels)
    names = picture_names(clips, fold_names(clip for clip in clips if not clip.is_synthetic))
    keys = {clip.clip_id: _key(names[clip.clip_id].stem) for clip in clips}
    shared = Counter(key.casefold() for key in keys.values())
    found = [
        VideoClip(
            one,
            keys[one.clip.clip_id]
            if shared[keys[one.clip.clip_id].casefold()] == 1
            else f"{keys[one.clip.clip_id]}_{digest(one.clip.clip_id)[:8]}",
            names[one.clip.clip_id].sub,
        )
        for one in selection.chosen
    ]
    found.sort(key=lambda one: (one.clip.is_synthetic, one.key))
    return Chosen(selection.classes, tuple(found), selection.skipped)


def write_clips(
    manifest: Manifest,
    labels: str,
    chosen: Chosen,
    put: Callable[[VideoClip], ExportedVideo],
    progress: Progress | None,
) -> tuple[list[VideoClip], list[ExportedVideo], tuple[Skipped, ...]]:
    """Write clip by clip; one that cannot be read is left out with its reason.

    Args:
        manifest, labels: of the export.
        chosen: what to write.
        put: writes one and gives its row; leaves nothing behind where it raises MeAugmentError.
        progress: called with (clips done, clips in all).

    Returns:
        The clips written, their rows, and all that were left out.

    Raises:
        UsageError: the clips that could be read show fewer than two persons.
    """
    written, rows, unreadable = [], [], []
    for done, one in enumerate(chosen.clips, 1):
        try:
            rows.append(put(one))
        except MeAugmentError as error:
            unreadable.append(Skipped(one.clip.clip_id, one.clip.name, str(error)))
        else:
            written.append(one)
        if progress is not None:
            progress(done, len(chosen.clips))
    skipped = tuple(sorted((*chosen.skipped, *unreadable), key=lambda clip: (clip.name, clip.clip_id)))
    require_folds((one.clip for one in written), skipped, manifest, labels)
    return written, rows, skipped


def leave_one_out(clips: Iterable[VideoClip]) -> list[Fold]:
    """A fold for every person with a real clip, by name."""
    persons = {one.sub: one.clip.person_id for one in clips if not one.clip.is_synthetic}
    return [Fold(f"fold_{sub}", (person,)) for sub, person in sorted(persons.items())]


def clip_frames(manifest: Manifest, clip: Clip, size: int | None) -> NDArray[np.generic]:
    """The frames of a clip, onset to offset, as stored or cropped to the face, aligned by the landmarks of its onset.

    Returns:
        (T, H, W) or (T, H, W, 3) RGB, uint8 or uint16.

    Raises:
        MeAugmentError: they cannot be read; paths in the text are relative to the corpus.
    """
    positions = _span(clip)
    if size is not None:
        return np.stack(crops(manifest, clip, positions, size))
    assert clip.recording_id is not None
    try:
        return open_recording(manifest, manifest.recording_of[clip.recording_id]).read(positions)
    except MeAugmentError as error:
        raise MeAugmentError(without_roots(manifest, str(error))) from error


def write_video(manifest: Manifest, clip: Clip, file: Path, size: int | None) -> None:
    """Write a clip as lossless video, `.mkv`; one that this tool made and that is wanted whole is linked.

    Files of a corpus are never linked: whoever changed the export would change the corpus.

    Raises:
        MeAugmentError: as `clip_frames`, or the file cannot be written.
    """
    whole = stored_whole(manifest, clip) if size is None else None
    if whole is None:
        write_lossless(file, iter(clip_frames(manifest, clip, size)), frame_rate(manifest, clip) or UNKNOWN_FPS)
    else:
        link(whole, file)


def stored_whole(manifest: Manifest, clip: Clip) -> Path | None:
    """The file of a run that holds exactly the clip's frames, found sound by decoding it; None for other clips."""
    assert clip.recording_id is not None
    recording = manifest.recording_of[clip.recording_id]
    ours = recording.root == "" and recording.storage == "video" and recording.path.endswith(".mkv")
    if not (ours and clip.is_synthetic and clip.onset_index == 0):
        return None
    try:
        source = open_recording(manifest, recording)
        return source.path if len(source) == clip.n_frames else None
    except MeAugmentError as error:
        raise MeAugmentError(without_roots(manifest, str(error))) from error


def frame_rate(manifest: Manifest, clip: Clip) -> Fraction | None:
    """Frames per second of a clip's recording, where known."""
    assert clip.recording_id is not None
    recording = manifest.recording_of[clip.recording_id]
    return Fraction(recording.fps_num, recording.fps_den or 1) if recording.fps_num else None


def encode_frame(frame: NDArray[np.generic]) -> bytes:
    """A frame (H, W) or (H, W, 3) RGB, uint8 or uint16, as PNG, without loss."""
    stored = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, 4])[1].tobytes()


def row_of(manifest: Manifest, one: VideoClip, name: str, chosen: Chosen) -> ExportedVideo:
    """The table's row of a clip whose file is called `name`."""
    clip, rate = one.clip, frame_rate(manifest, one.clip)
    return ExportedVideo(
        **contributors(one.source, name, one.sub, chosen.persons),
        n_frames=clip.n_frames,
        apex=None if clip.apex_index is None or clip.onset_index is None else clip.apex_index - clip.onset_index,
        fps=None if rate is None else float(rate),
        emotion=clip.emotion,
        aus=clip.au_verbatim,
        licence=clip.licence,
    )


def contributors(one: Labelled, name: str, sub: str, persons: Iterable[str]) -> dict[str, Any]:
    """The fields of `ExportedRow`: what a clip is and who contributed to it.

    Args:
        one: the clip.
        name: of its file.
        sub: fold that holds it out.
        persons: everyone who is seen in the export.
    """
    clip = one.clip
    # Programs that read the table look for names: whoever `corpus:*` stands for is named too.
    named = {*clip.forbidden_subjects, *(person for person in persons if not may_train(clip, person))}
    return {
        "name": name,
        "clip_id": clip.clip_id,
        "label": one.label,
        "label_index": one.index,
        "is_synthetic": clip.is_synthetic,
        "corpus": clip.corpus,
        "subject": sub,
        "person_id": clip.person_id,
        "driver_person_id": clip.driver_person_id,
        "target_person_id": clip.target_person_id,
        "forbidden_subjects": tuple(sorted(named)),
    }


@dataclass(frozen=True)
class Written:
    """What an export wrote, for its records.

    Attributes:
        format: its name.
        settings: what else decided the bytes.
        classes: in index order.
        clips, rows: what was written.
        skipped: what was left out.
        folds: the divisions.
    """

    format: str
    settings: Mapping[str, object]
    classes: tuple[str, ...]
    clips: Sequence[VideoClip]
    rows: Sequence[ExportedVideo]
    skipped: tuple[Skipped, ...]
    folds: Sequence[Fold]

    @property
    def counts(self) -> dict[str, ClassCount]:
        """Class → clips."""
        found = Counter((one.source.label, one.clip.is_synthetic) for one in self.clips)
        return {label: ClassCount(found[label, False], found[label, True]) for label in self.classes}

    def summary(self, out: Path) -> ExportSummary:
        """For the caller."""
        return ExportSummary(out, self.counts, len(self.folds), self.skipped)


def write_records(folder: Path, manifest: Manifest, written: Written, about: Iterable[str]) -> None:
    """Write `clips.parquet`, `clips.csv`, `export.json` and the `README.md` whose own part is `about`, Markdown."""
    write_clip_tables(folder, written.rows)
    counts = written.counts
    record = {
        "format": written.format,
        **written.settings,
        "classes": {label: index for index, label in enumerate(written.classes)},
        "software": {name: installed(name) for name in ("me-augment", "numpy", "opencv-python-headless", "av")},
        "manifest": {"corpus": manifest.corpus, "fingerprint": manifest.fingerprint},
        "counts": {label: asdict(count) for label, count in counts.items()},
        "folds": {fold.name: _fold_record(fold, written.clips) for fold in written.folds},
        "skipped": [asdict(clip) for clip in written.skipped],
    }
    write_text(folder / "export.json", json.dumps(record, indent=1) + "\n")
    write_text(folder / "README.md", "\n".join([*_front_matter(written), *_card(written, counts, about)]))


def _fold_record(fold: Fold, clips: Sequence[VideoClip]) -> dict[str, object]:
    train = [one.clip.is_synthetic for one in clips if fold.trains(one.clip)]
    return {
        "held_out": list(fold.held_out),
        "train_real": train.count(False),
        "train_synthetic": train.count(True),
        "test": sum(fold.tests(one.clip) for one in clips),
    }


def _front_matter(written: Written) -> Iterator[str]:
    """What the Hugging Face libraries read: one configuration for each fold."""
    if written.format != "videofolder":
        return
    yield from ("---", "license: other", "configs:")
    yield from ("- config_name: all", "  default: true", "  data_files:", "  - split: train", "    path: all/train/**")
    for fold in written.folds:
        yield from (f"- config_name: {json.dumps(fold.name)}", "  data_files:")
        for part in ("train", "test"):
            yield from (f"  - split: {part}", f"    path: {json.dumps(f'{fold.name}/{part}/**')}")
    yield "---"


def _card(written: Written, counts: Mapping[str, ClassCount], about: Iterable[str]) -> list[str]:
    real, synthetic = (sum(getattr(count, kind) for count in counts.values()) for kind in ("real", "synthetic"))
    size = written.settings["size"]
    shown = "as stored" if size is None else f"the aligned face, {size}x{size}"
    terms = sorted({(one.clip.corpus, one.clip.licence) for one in written.clips})
    return [
        "# Micro-expression clips",
        "",
        f"{real} real and {synthetic} synthetic clips in {len(written.folds)} leave-one-subject-out folds, label set "
        f"`{written.settings['labels']}`, written by me-augment as `{written.format}`. Frames run from onset to "
        f"offset, {shown}, without loss.",
        "",
        "| index | class | real | synthetic |",
        "|---|---|---|---|",
        *(f"| {i} | {name} | {count.real} | {count.synthetic} |" for i, (name, count) in enumerate(counts.items())),
        "",
        *about,
        "* `clips.parquet`, `clips.csv`: what each clip is and who contributed to it. In the CSV a text that begins "
        "with = + - @ has an apostrophe before it, lest a spreadsheet compute it.",
        "* `export.json`: settings, counts per fold, and which clips were left out and why.",
        f"* A file whose clip's frame rate is unknown (`fps` is empty) plays at {UNKNOWN_FPS} frames a second.",
        "",
        "## Use without leakage",
        "",
        "A synthetic clip trains the fold of a person only if that person is not among its `forbidden_subjects` "
        "(driver, target, their ancestors, whoever trained the generator); no synthetic clip is tested on. The lists "
        "of the folds keep to that. Whoever makes other splits has to keep to it too. Choose epochs and other settings "
        "without the test person: fix them, or validate on a person of the training list.",
        "",
        "## Provenance and terms",
        "",
        "Synthetic clips show people performing expressions that they never made; `driver_person_id` and "
        "`target_person_id` say whose motion and whose face each has. All clips are derived from the corpora below and "
        "fall under their terms; do not pass them on where those do not allow it. They show faces.",
        "",
        *(f"* {corpus}: {licence}" for corpus, licence in terms),
        "",
    ]


def _span(clip: Clip) -> list[int]:
    assert clip.onset_index is not None
    assert clip.offset_index is not None
    return list(range(clip.onset_index, clip.offset_index + 1))


def _key(stem: str) -> str:
    """A file name as a key: WebDataset takes what follows the first dot for the kind of file."""
    key = re.sub(r"[^A-Za-z0-9_#+-]", "_", stem)
    return key if key[:1].isalnum() else f"clip_{key}"
