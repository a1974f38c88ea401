"""Writes long videos and their expression intervals as spotting projects read them.

OUT/megc2020.txt                 subject, video, type, onset, apex, offset, blank-separated (MEGC2020 and 2021)
OUT/auw_gcn.csv                  subject,video_name,start_frame,apex_frame,end_frame,type_idx,au
OUT/megc2022.csv                 vid,pred_onset,pred_offset,type
OUT/videos.csv, folds.json       what each video is, and which videos may train with which person held out
OUT/export.json, README.md       how it was made, and how it may be used

and, in the shape of a corpus, its frames and its sheet:

OUT/rawpic/s901/901_9001video/img001.jpg, OUT/CAS(ME)^2code_final.xlsx           `--shape casme-sq`
OUT/SAMM_longvideos/901_1/901_1_0001.jpg, OUT/SAMM_LongVideos_V2_Release.xlsx    `--shape samm-lv`

Frames count from 1 in all of them. Whoever is read from these lists by subject takes every synthetic video for a
subject of its own, lest it be held out with a real one or trained beside its own driver by mistake.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.card import citation, consent, front_matter, sources_of, terms
from me_augment.errors import MeAugmentError
from me_augment.export.spotting_names import Named, named_videos, samm_name, title
from me_augment.export.spotting_sheets import ended, span, units, write_casme_sq_sheet, write_samm_lv_sheet
from me_augment.export.steps import Task, software
from me_augment.export.summary import ClassCount, ExportSummary
from me_augment.flow.field import eight_bit
from me_augment.manifest import Manifest, Recording
from me_augment.manifest.folds import may_train, persons
from me_augment.manifest.store import write_bytes, write_text
from me_augment.resumable import resumable
from me_augment.staging import link
from me_augment.video.recording import open_recording

SHAPES = ("lists", "casme-sq", "samm-lv")
_SHEET_CASME_SQ = "CAS(ME)^2code_final.xlsx"
_SHEET_SAMM_LV = "SAMM_LongVideos_V2_Release.xlsx"
_READ = 32
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)


def export_spotting(task: Task, *, shape: str = "lists") -> ExportSummary:
    """Write long videos, or lists of what is in them.

    Frames that are JPEG files already become hard links; others are written as JPEG of the highest quality without
    loss of colour resolution, whose error stays below two grey levels.

    Args:
        task: what is to be exported; recordings that show nothing but an expression are left out.
        shape: `lists`, the interval lists alone; or `casme-sq` or `samm-lv`, frames and sheet too, as these corpora
            have them.

    Raises:
        UsageError: as `resumable`, or a corpus folder is not there.
        MeAugmentError: there is no long video, or OUT cannot be written.
    """
    manifest = task.manifest
    made_of = {
        "format": "spotting",
        "shape": shape,
        "software": software(),
        "manifest": {"corpus": manifest.corpus, "fingerprint": manifest.fingerprint},
    }
    with resumable(task.out, made_of, anew=task.overwrite) as work:
        videos, skipped = named_videos(manifest)
        if not videos:
            raise MeAugmentError(
                "no long video is left to export: every recording shows nothing but its expression. Make some with "
                "`me-augment synthesize --task spotting`."
            )
        for done, video in enumerate(videos, 1):
            if video.recording.recording_id not in work.noted:
                if shape == "casme-sq":
                    name = f"s{video.subject}/{video.subject}_{video.video}{title(video)}"
                    _write_frames(manifest, video, work.folder / "rawpic" / name, "img{n:03d}.jpg")
                elif shape == "samm-lv":
                    name = samm_name(video)
                    _write_frames(manifest, video, work.folder / "SAMM_longvideos" / name, name + "_{n:04d}.jpg")
                work.note(video.recording.recording_id, None)
            if task.progress is not None:
                task.progress(done, len(videos))
        if shape == "casme-sq":
            write_casme_sq_sheet(work.folder / _SHEET_CASME_SQ, videos)
        elif shape == "samm-lv":
            write_samm_lv_sheet(work.folder / _SHEET_SAMM_LV, videos)
        _write_lists(work.folder, videos, samm=shape == "samm-lv")
        folds = _folds(manifest, videos, samm=shape == "samm-lv")
        write_text(work.folder / "folds.json", json.dumps(folds, indent=1) + "\n")
        classes = _count(videos)
        record = {
            **made_of,
            "videos": len(videos),
            "expressions": {name: [count.real, count.synthetic] for name, count in classes.items()},
            "skipped": [[one.name, one.reason] for one in skipped],
        }
        write_text(work.folder / "export.json", json.dumps(record, indent=1) + "\n")
        write_text(work.folder / "README.md", _card(videos, classes, shape))
    return ExportSummary(task.out, classes, len(folds), skipped)


def _write_frames(manifest: Manifest, video: Named, folder: Path, pattern: str) -> None:
    """All frames, numbered from 1."""
    folder.mkdir(parents=True, exist_ok=True)
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
            write_bytes(folder / pattern.format(n=position + 1), _jpeg(eight_bit(frame)))


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


def _write_lists(folder: Path, videos: Sequence[Named], *, samm: bool) -> None:
    plain, auw, megc, table = [], [], [], []
    for video in videos:
        name = samm_name(video) if samm else f"s{video.subject}_{video.video}"
        subject, _, number = name.partition("_")
        theirs = f"samm_{subject}" if samm else f"casme_{int(video.subject):03d}"
        for clip in video.expressions:
            onset, apex, offset = span(clip)
            last, kind = ended((onset, apex, offset)), clip.expression
            places = (onset, apex or (onset + last) // 2, last)
            shown = [str(place) if samm else f"{place}.0" for place in places]
            plain.append(" ".join((subject, number, f"{kind}-expression", *shown)))
            auw.append([theirs, f"{theirs}_{number}", onset, apex, offset, 1 if kind == "macro" else 2, units(clip)])
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
        return samm_name(video) if samm else f"s{video.subject}_{video.video}"

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
    sources = sources_of(row for video in videos for row in video.rows)
    what = {
        "lists": "Lists of intervals only; the names are those of the CAS(ME)^2 shape.",
        "casme-sq": f"Frames and `{_SHEET_CASME_SQ}` in the shape of CAS(ME)^2. Real videos whose stimulus is not one "
        "of its nine, and all synthetic ones, have codes from 9001 on, which `naming rule2` names: loaders with the "
        "nine written into their code need these added.",
        "samm-lv": f"Frames and `{_SHEET_SAMM_LV}` in the shape of SAMM Long Videos.",
    }[shape]
    lines = [
        *front_matter("Long videos with expression intervals", len(videos), made),
        "",
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
        *consent(made > 0),
        *terms(sources),
        *citation(sources),
    ]
    return "\n".join(lines)
