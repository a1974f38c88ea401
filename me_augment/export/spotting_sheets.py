"""The label sheets of long videos in the shapes of CAS(ME)^2 and SAMM Long Videos; the same bytes whenever written."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from me_augment.corpora.casme_sq import PARTICIPANTS
from me_augment.export.spotting_names import Named, samm_name
from me_augment.manifest import Clip

if TYPE_CHECKING:
    from openpyxl import Workbook

_SAMM_HEADER = (
    *("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units", "Notes"),
)


def span(clip: Clip) -> tuple[int, int, int]:
    """Onset, apex and offset from 1; 0 where the corpus does not say, as CAS(ME)^2 writes it."""
    onset, apex, offset = (0 if i is None else i + 1 for i in (clip.onset_index, clip.apex_index, clip.offset_index))
    return onset, apex, offset


def ended(span: tuple[int, int, int]) -> int:
    """The offset, or the apex where there is none, or the onset."""
    return span[2] or span[1] or span[0]


def units(clip: Clip) -> str:
    """Action units as the sheet wrote them; never the beginning of a formula, of which no unit begins with the sign."""
    return re.sub(r"^[\s=+@-]+", "", re.sub(r"[\r\n\t]", " ", clip.au_verbatim or ""))


def write_casme_sq_sheet(path: Path, videos: Sequence[Named]) -> None:
    """Three sheets without headers: labels, subjects, and codes of videos; see `_STIMULI`."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "CASFEcode_final"
    # The corpus' participants keep their numbers, so that nobody else may have one of them.
    counted = {int(subject[1:]): int(participant) for participant, subject in PARTICIPANTS.items()}
    participants = {subject: counted.get(subject, subject) for subject in {int(video.subject) for video in videos}}
    for video in videos:
        for place, clip in enumerate(video.expressions, 1):
            onset, apex, offset = span(clip)
            emotion = clip.label_megc3 or "others"
            sheet.append(
                [
                    *(participants[int(video.subject)], f"{video.stimulus}_{place}", onset, apex, offset),
                    *(units(clip), emotion, f"{clip.expression}-expression", emotion),
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


def write_samm_lv_sheet(path: Path, videos: Sequence[Named]) -> None:
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
            onset, apex, offset = span(clip)
            kind = "Macro" if clip.expression == "macro" else "Micro - 1/2"
            last = ended((onset, apex, offset))
            name = samm_name(video)
            sheet.append(
                [
                    *(name.partition("_")[0], f"{name}_{place}", 0, onset, apex or -1, last, last - onset + 1),
                    *(kind, units(clip), "synthetic" if video.is_synthetic else ""),
                ]
            )
    _save(book, path)


def _save(book: Workbook, path: Path) -> None:
    """Save a workbook with the same bytes whenever it is written."""
    then = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
    book.properties.created = then
    held = io.BytesIO()
    book.save(held)
    with zipfile.ZipFile(held) as read, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            content = read.read(name)
            if name == "docProps/core.xml":  # openpyxl stamps the time of saving
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
            written.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content)
