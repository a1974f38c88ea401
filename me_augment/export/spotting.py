"""Writes long videos and their expression intervals as spotting projects read them.

OUT/megc2020.txt                 subject, video, type, onset, apex, offset, blank-separated (MEGC2020 and 2021)
OUT/auw_gcn.csv                  subject,video_name,start_frame,apex_frame,end_frame,type_idx,au
OUT/megc2022.csv                 vid,pred_onset,pred_offset,type
OUT/videos.csv, folds.json       what each video is, and which videos may train with which person held out
OUT/export.json, README.md       how it was made, and how it may be used

and, in the shape of a corpus, its frames and its sheet:

OUT/rawpic/s901/901_9001video/img001.jpg, OUT/CAS(ME)^2code_final.xlsx           `spotting-casme-sq`
OUT/SAMM_longvideos/901_1/901_1_0001.jpg, OUT/SAMM_LongVideos_V2_Release.xlsx    `spotting-samm-lv`

Frames count from 1 in all of them. Whoever is read from these lists by subject takes every synthetic video for a
subject of its own, lest it be held out with a real one or trained beside its own driver by mistake.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.export.summary import ClassCount, ExportSummary
from me_augment.flow.choose import Skipped
from me_augment.flow.field import eight_bit
from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.folds import may_train, persons
from me_augment.manifest.store import write_text
from me_augment.staging import link, staged
from me_augment.versions import installed
from me_augment.video.recording import open_recording

SHAPES = ("lists", "casme-sq", "samm-lv")
_SHEET_CASME_SQ = "CAS(ME)^2code_final.xlsx"
_SHEET_SAMM_LV = "SAMM_LongVideos_V2_Release.xlsx"
# Stimuli of CAS(ME)^2: code of the video, name in the label sheet (naming rule 2).
_STIMULI = {
    "0101": "disgust1",
    "0102": "disgust2",
    "0401": "anger1",
    "0402": "anger2",
    "0502": "happy1",
    "0503": "happy2",
    "0505": "happy3",
    "0507": "happy4",
    "0508": "happy5",
}
# Numbers of subjects that no corpus has: loaders take their order, digits and leading zeros for granted.
_FIRST_SUBJECT, _FIRST_SYNTHETIC, _FIRST_VIDEO = 501, 901, 9001
_SAMM_HEADER = (
    *("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units", "Notes"),
)
_READ = 32
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)


@dataclass(frozen=True)
class Named:
    """A long video under the names that an export gives it.

    Attributes:
        recording, rows: of the manifest; the rows are all that it says of the recording.
        subject: digits; `s` and these in CAS(ME)^2's shape.
        video: code of four digits there, a number in SAMM Long Videos' shape.
        stimulus: name of the code in CAS(ME)^2's sheet.
    """

    recording: Recording
    rows: tuple[Clip, ...]
    subject: str
    video: str
    stimulus: str

    @property
    def expressions(self) -> list[Clip]:
        """What a spotter is to find, in order."""
        found = [row for row in self.rows if row.expression != "neutral" and row.onset_index is not None]
        return sorted(found, key=lambda row: (row.onset_index or 0, row.offset_index or 0, row.clip_id))

    @property
    def is_synthetic(self) -> bool:
        """Whether it was made."""
        return any(row.is_synthetic for row in self.rows)


def export_spotting(manifest: Manifest, out: Path, **options: object) -> ExportSummary:
    """Write the interval lists alone, named as in CAS(ME)^2's shape; see `_export`."""
    return _export(manifest, out, "lists", **options)  # type: ignore[arg-type]


def export_casme_sq(manifest: Manifest, out: Path, **options: object) -> ExportSummary:
    """Write frames, sheet and lists in the shape of CAS(ME)^2; see `_export`."""
    return _export(manifest, out, "casme-sq", **options)  # type: ignore[arg-type]


def export_samm_lv(manifest: Manifest, out: Path, **options: object) -> ExportSummary:
    """Write frames, sheet and lists in the shape of SAMM Long Videos; see `_export`."""
    return _export(manifest, out, "samm-lv", **options)  # type: ignore[arg-type]


def _export(
    manifest: Manifest,
    out: Path,
    shape: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    **unused: object,
) -> ExportSummary:
    """Write a manifest or a run; OUT appears complete or not at all, and with the same bytes for the same rows.

    Frames that are JPEG files already become hard links; others are written as JPEG of the highest quality without
    loss of colour resolution, whose error stays below two grey levels.

    Args:
        manifest: the videos; recordings that show nothing but an expression are left out.
        out: folder that is made; it must not exist, or be empty.
        shape: one of `SHAPES`.
        progress: called with (videos written, videos in all).
        unused: options of other formats: there are no classes and no flow here.

    Raises:
        UsageError: OUT holds something, or a corpus folder is not there.
        MeAugmentError: there is no long video, or OUT cannot be written.
    """
    out = Path(out)
    with staged(out) as folder:
        videos, skipped = named_videos(manifest)
        if not videos:
            raise MeAugmentError(
                "no long video is left to export: every recording shows nothing but its expression. Make some with "
                "`me-augment synthesize --task spotting`."
            )
        for done, video in enumerate(videos, 1):
            if shape == "casme-sq":
                place = folder / "rawpic" / f"s{video.subject}" / f"{video.subject}_{video.video}{_title(video)}"
                _write_frames(manifest, video, place, "img{n:03d}.jpg")
            elif shape == "samm-lv":
                name = _samm_name(video)
                _write_frames(manifest, video, folder / "SAMM_longvideos" / name, name + "_{n:04d}.jpg")
            if progress is not None:
                progress(done, len(videos))
        if shape == "casme-sq":
            _write_casme_sq_sheet(folder / _SHEET_CASME_SQ, videos)
        elif shape == "samm-lv":
            _write_samm_lv_sheet(folder / _SHEET_SAMM_LV, videos)
        _write_lists(folder, videos, samm=shape == "samm-lv")
        folds = _folds(manifest, videos, samm=shape == "samm-lv")
        write_text(folder / "folds.json", json.dumps(folds, indent=1) + "\n")
        classes = _count(videos)
        record = {
            "format": "spotting" if shape == "lists" else f"spotting-{shape}",
            "me_augment": installed("me-augment"),
            "manifest": manifest.fingerprint,
            "videos": len(videos),
            "expressions": {name: [count.real, count.synthetic] for name, count in classes.items()},
            "skipped": [[one.name, one.reason] for one in skipped],
        }
        write_text(folder / "export.json", json.dumps(record, indent=1) + "\n")
        write_text(folder / "README.md", _card(videos, classes, shape))
    return ExportSummary(out, classes, len(folds), skipped)


def named_videos(manifest: Manifest) -> tuple[list[Named], tuple[Skipped, ...]]:
    """The long videos of a manifest under names that loaders of both corpora can read, and what was left out."""
    rows = defaultdict(list)
    skipped = []
    for clip in manifest.clips:
        if clip.status != "ok" or clip.recording_id is None:
            skipped.append(Skipped(clip.clip_id, clip.name, clip.reason or "it has no frames"))
        else:
            rows[clip.recording_id].append(clip)
    long = []
    for recording_id in sorted(rows, key=lambda key: (manifest.recording_of[key].path, key)):
        recording, clips = manifest.recording_of[recording_id], rows[recording_id]
        for clip in clips:
            if clip.expression != "neutral" and clip.onset_index is None:
                skipped.append(Skipped(clip.clip_id, clip.name, "its onset frame is not known"))
        if any(row.expression == "neutral" and not _is_video(row) for row in clips) and all(
            row.expression == "neutral" and not row.is_synthetic for row in clips
        ):
            skipped += [Skipped(clip.clip_id, clip.name, "a face without an event") for clip in clips]
        elif _covered(clips, recording.n_frames) == recording.n_frames:
            skipped += [Skipped(c.clip_id, c.name, "its recording shows nothing but the expression") for c in clips]
        else:
            long.append((recording, tuple(clips)))
    return _named(long), tuple(skipped)


def _is_video(row: Clip) -> bool:
    return any(issue.code == "long-video" for issue in row.issues)


def _covered(clips: Iterable[Clip], count: int) -> int:
    """Frames of a recording that belong to an expression."""
    inside = np.zeros(count, bool)
    for clip in clips:
        if clip.expression != "neutral" and clip.onset_index is not None:
            inside[clip.onset_index : (clip.onset_index if clip.offset_index is None else clip.offset_index) + 1] = True
    return int(inside.sum())


def _named(long: Sequence[tuple[Recording, tuple[Clip, ...]]]) -> list[Named]:
    """Real subjects keep a number that is theirs alone; others, and every synthetic video, get one nobody has."""
    real = sorted({(r.person_id, r.subject) for r, clips in long if not clips[0].is_synthetic})
    wanted = {person: match[1] for person, subject in real if (match := re.fullmatch(r"s?(\d{1,3})", subject))}
    shared = Counter(int(number) for number in wanted.values())
    numbers: dict[str, str] = {}
    for person, _ in real:
        number = wanted.get(person)
        if number is not None and shared[int(number)] == 1 and int(number) < _FIRST_SUBJECT:
            numbers[person] = number
    for free, person in enumerate(person for person, _ in real if person not in numbers):
        numbers[person] = str(_FIRST_SUBJECT + free)
    counted: Counter[str] = Counter()
    named = []
    for place, (recording, clips) in enumerate(one for one in long if one[1][0].is_synthetic):
        named.append(Named(recording, clips, str(_FIRST_SYNTHETIC + place), str(_FIRST_VIDEO), "synthetic1"))
    for recording, clips in (one for one in long if not one[1][0].is_synthetic):
        subject = numbers[recording.person_id]
        known = re.match(r"\d+_(\d{4})", recording.path.rsplit("/", 1)[-1])
        if known and known[1] in _STIMULI:
            code, stimulus = known[1], _STIMULI[known[1]]
        else:
            counted[subject] += 1
            code, stimulus = str(_FIRST_VIDEO + counted[subject]), f"video{counted[subject]}"
        named.append(Named(recording, clips, subject, code, stimulus))
    return sorted(named, key=lambda one: (int(one.subject), one.video, one.recording.path))


def _title(video: Named) -> str:
    return re.sub(r"\d+$", "", video.stimulus)


def _samm_name(video: Named) -> str:
    """`901_1`: the subject in three digits, and the video by a number of few."""
    return f"{int(video.subject):03d}_{int(video.video) % _FIRST_VIDEO + (int(video.video) == _FIRST_VIDEO)}"


def _write_frames(manifest: Manifest, video: Named, folder: Path, pattern: str) -> None:
    """All frames, numbered from 1."""
    folder.mkdir(parents=True)
    source = open_recording(manifest, video.recording)
    files = _jpeg_files(manifest, video.recording, source.numbers)
    if files is not None:
        for place, file in enumerate(files, 1):
            link(file, folder / pattern.format(n=place))
        return
    count = video.recording.n_frames
    for start in range(0, count, _READ):
        positions = range(start, min(count, start + _READ))
        for position, frame in zip(positions, source.read(positions), strict=True):
            (folder / pattern.format(n=position + 1)).write_bytes(_jpeg(eight_bit(frame)))


def _jpeg_files(manifest: Manifest, recording: Recording, numbers: Sequence[int]) -> list[Path] | None:
    """The frames where they are JPEG files of unpadded names, in order; None where they have to be written."""
    pattern = recording.frame_pattern or ""
    if recording.storage != "frames" or not pattern.lower().endswith((".jpg", ".jpeg")):
        return None
    files = [manifest.path_of(recording) / pattern.replace("{n}", str(number)) for number in numbers]
    return files if all(file.is_file() for file in files) else None


def _jpeg(frame: NDArray[np.uint8]) -> bytes:
    stored = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    encoded, data = cv2.imencode(".jpg", stored, list(_JPEG))
    if not encoded:
        raise MeAugmentError(f"a frame of {stored.shape[1]}x{stored.shape[0]} pixels could not be stored as JPEG.")
    return data.tobytes()


def _span(clip: Clip) -> tuple[int, int, int]:
    """Onset, apex and offset from 1; 0 where the corpus does not say, as CAS(ME)^2 writes it."""
    onset, apex, offset = (0 if i is None else i + 1 for i in (clip.onset_index, clip.apex_index, clip.offset_index))
    return onset, apex, offset


def _ended(span: tuple[int, int, int]) -> int:
    """The offset, or the apex where there is none, or the onset."""
    return span[2] or span[1] or span[0]


def _units(clip: Clip) -> str:
    """Action units as the sheet wrote them; never the beginning of a formula, of which no unit begins with the sign."""
    return re.sub(r"^[\s=+@-]+", "", re.sub(r"[\r\n\t]", " ", clip.au_verbatim or ""))


def _write_casme_sq_sheet(path: Path, videos: Sequence[Named]) -> None:
    """Three sheets without headers: labels, subjects, and codes of videos; see `_STIMULI`."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "CASFEcode_final"
    participants = {subject: place for place, subject in enumerate(sorted({int(v.subject) for v in videos}), 1)}
    for video in videos:
        for place, clip in enumerate(video.expressions, 1):
            onset, apex, offset = _span(clip)
            emotion = clip.label_megc3 or "others"
            sheet.append(
                [
                    *(participants[int(video.subject)], f"{video.stimulus}_{place}", onset, apex, offset),
                    *(_units(clip), emotion, f"{clip.expression}-expression", emotion),
                ]
            )
    first = book.create_sheet("naming rule1")
    for video in videos:
        for _ in video.expressions:
            first.append([int(video.subject), f"s{video.subject}", participants[int(video.subject)]])
    second = book.create_sheet("naming rule2")
    for code, stimulus in sorted({(video.video, video.stimulus) for video in videos}):
        second.append([code, stimulus])
    _save(book, path)


def _write_samm_lv_sheet(path: Path, videos: Sequence[Named]) -> None:
    """Nine rows of text, the header, and a row per expression."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "FACS_Movement_Only"
    sheet.append(["Invented rows and rows of the corpus together, in the shape of SAMM Long Videos (me-augment)"])
    for _ in range(8):
        sheet.append([" "])
    sheet.append(list(_SAMM_HEADER))
    for video in videos:
        for place, clip in enumerate(video.expressions, 1):
            onset, apex, offset = _span(clip)
            kind = "Macro" if clip.expression == "macro" else "Micro - 1/2"
            last = _ended((onset, apex, offset))
            name = _samm_name(video)
            sheet.append(
                [
                    *(name.partition("_")[0], f"{name}_{place}", 0, onset, apex or -1, last, last - onset + 1),
                    *(kind, _units(clip), "synthetic" if video.is_synthetic else ""),
                ]
            )
    _save(book, path)


def _save(book: object, path: Path) -> None:
    """Save a workbook with the same bytes whenever it is written."""
    import datetime
    import io
    import zipfile

    then = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
    book.properties.created = then  # type: ignore[attr-defined]
    held = io.BytesIO()
    book.save(held)  # type: ignore[attr-defined]
    with zipfile.ZipFile(held) as read, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            content = read.read(name)
            if name == "docProps/core.xml":  # openpyxl stamps the time of saving
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
            written.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content)


def _write_lists(folder: Path, videos: Sequence[Named], *, samm: bool) -> None:
    plain, auw, megc, table = [], [], [], []
    for video in videos:
        name = _samm_name(video) if samm else f"s{video.subject}_{video.video}"
        subject, _, number = name.partition("_")
        theirs = f"samm_{subject}" if samm else f"casme_{int(video.subject):03d}"
        for clip in video.expressions:
            onset, apex, offset = _span(clip)
            last, kind = _ended((onset, apex, offset)), clip.expression
            places = (onset, apex or (onset + last) // 2, last)
            shown = [str(place) if samm else f"{place}.0" for place in places]
            plain.append(" ".join((subject, number, f"{kind}-expression", *shown)))
            auw.append([theirs, f"{theirs}_{number}", onset, apex, offset, 1 if kind == "macro" else 2, _units(clip)])
            megc.append([name, onset, last, "mae" if kind == "macro" else "me"])
        forbidden = sorted({person for row in video.rows for person in (*row.forbidden_subjects, row.person_id)})
        table.append(
            [
                *(name, subject, "synthetic" if video.is_synthetic else "real", _cell(video.recording.person_id)),
                *(";".join(map(_cell, forbidden)), video.recording.n_frames, _rate(video.recording)),
                _cell(video.recording.path),
            ]
        )
    write_text(folder / "megc2020.txt", "".join(f"{line}\n" for line in plain))
    _write_csv(
        folder / "auw_gcn.csv",
        ["subject", "video_name", "start_frame", "apex_frame", "end_frame", "type_idx", "au"],
        auw,
    )
    _write_csv(folder / "megc2022.csv", ["vid", "pred_onset", "pred_offset", "type"], megc)
    columns = ["video", "subject", "origin", "person_id", "forbidden_subjects", "frames", "fps", "recording"]
    _write_csv(folder / "videos.csv", columns, table)


def _rate(recording: Recording) -> str:
    return "" if not recording.fps_num else f"{recording.fps_num / (recording.fps_den or 1):g}"


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: such a cell gets an apostrophe before it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _folds(manifest: Manifest, videos: Sequence[Named], *, samm: bool) -> dict[str, dict[str, list[str]]]:
    """Person held out → videos to train with and to test on."""

    def name(video: Named) -> str:
        return _samm_name(video) if samm else f"s{video.subject}_{video.video}"

    seen = {video.recording.person_id for video in videos if not video.is_synthetic}
    return {
        person: {
            "train": [name(video) for video in videos if all(may_train(row, person) for row in video.rows)],
            "test": [name(v) for v in videos if not v.is_synthetic and v.recording.person_id == person],
        }
        for person in persons(manifest.clips)
        if person in seen
    }


def _count(videos: Iterable[Named]) -> dict[str, ClassCount]:
    counted = Counter((clip.expression, video.is_synthetic) for video in videos for clip in video.expressions)
    return {kind: ClassCount(counted[kind, False], counted[kind, True]) for kind in ("micro", "macro")}


def _card(videos: Sequence[Named], classes: Mapping[str, ClassCount], shape: str) -> str:
    made = sum(video.is_synthetic for video in videos)
    terms = sorted({(row.corpus, row.licence) for video in videos for row in video.rows})
    what = {
        "lists": "Lists of intervals only; the names are those of the CAS(ME)^2 shape.",
        "casme-sq": f"Frames and `{_SHEET_CASME_SQ}` in the shape of CAS(ME)^2. Real videos whose stimulus is not one "
        "of its nine, and all synthetic ones, have codes from 9001 on, which `naming rule2` names: loaders with the "
        "nine written into their code need these added.",
        "samm-lv": f"Frames and `{_SHEET_SAMM_LV}` in the shape of SAMM Long Videos.",
    }[shape]
    lines = [
        "# Long videos with expression intervals",
        "",
        f"{len(videos) - made} real and {made} synthetic videos, written by me-augment: "
        + ", ".join(f"{count.real} + {count.synthetic} {kind}-expressions" for kind, count in classes.items())
        + f" (real + synthetic). {what}",
        "",
        "* Frames count from 1, the offset is the last frame of an expression. `megc2020.txt` and `megc2022.csv` put "
        "the apex where a corpus states no offset; `auw_gcn.csv` and CAS(ME)^2's sheet keep 0 there.",
        "* Blinks, gaze and turns of the head in synthetic videos are in no list; the run's `clips.parquet` has them.",
        "* Cells that would begin a formula in a spreadsheet begin with an apostrophe, action units without the sign.",
        "",
        "## Use without leakage",
        "",
        "Every synthetic video is a subject of its own (901 and on), so that a loop that holds out subjects neither "
        "tests it together with a real person nor takes it for one. Two rules such a loop does not know: **synthetic "
        "videos are never tested on**, and one may train the fold of a person only if that person is not among the "
        "`forbidden_subjects` of `videos.csv`. `folds.json` lists for every person which videos to train with and "
        "which to test on: use it.",
        "",
        "## Terms",
        "",
        "The videos are, or are derived from, the corpora below and fall under their terms; do not pass them on where "
        "those do not allow it.",
        "",
        *(f"* {corpus}: {licence}" for corpus, licence in terms),
        "",
    ]
    return "\n".join(lines)
