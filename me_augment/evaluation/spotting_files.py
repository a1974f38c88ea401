"""Reads and writes expression intervals in every form in which spotting challenges and projects exchange them.

Videos are named `<subject>_<video>` (`s15_0401`, `006_1`) whatever a form calls them; frames count as the file does.
A manifest or run is read as the same: videos by the names of their recordings, frames counted from 1.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.spotting import Interval, Spotted
from me_augment.manifest import Manifest

_KINDS = {
    **dict.fromkeys(("me", "micro", "micro-expression", "2", "micro - 1/2"), "micro"),
    **dict.fromkeys(("mae", "macro", "macro-expression", "1"), "macro"),
}
_LOG_WORDS = ("TP", "FP", "FN")


def read_intervals(path: Path, *, predicted: bool) -> list[Interval]:
    """The intervals in a file, or in a manifest or run.

    Read are blank-separated lists (MEGC2020 and 2021: subject video type onset apex offset), logs (MEGC2019 and 2020:
    video, true onset and offset, predicted onset and offset, TP, FP or FN), tables with a header (AUW-GCN's, MEGC2022's
    and 2023's `vid,…,type`, MEGC2024's `subject,video,onset,offset,emotion`) and folders with a `manifest.json`.

    An offset of 0, which is how CAS(ME)^2 writes that it is not known, becomes the apex. In a manifest, expressions
    whose onset is not known are left out.

    Args:
        path: the file or folder.
        predicted: of a log, which holds both, take what was predicted and not the truth.

    Raises:
        UsageError: the path is nothing, or a file of no known form; names the line.
        MeAugmentError: the file cannot be read.
    """
    if path.is_dir():
        return list(_of_manifest(Manifest.open(path)))
    if not path.is_file():
        raise UsageError(f"{path} is no file and no folder: give a list of intervals, a log, a manifest or a run.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MeAugmentError(f"{path} cannot be read as text: {error}.") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        return []
    columns = [cell.strip().casefold() for cell in next(csv.reader([lines[0][1]]))]
    if len(columns) > 1:
        return [one for number, row in _table(path, text, columns) for one in _of_row(path, number, row)]
    found: list[Interval] = []
    for number, line in lines:
        cells = line.split()
        if len(cells) == 1 and cells[0] in ("1", "2"):
            continue  # a log says which corpus follows
        if len(cells) == 6 and cells[5] in _LOG_WORDS:
            found += _of_log(path, number, cells, predicted)
        elif len(cells) == 6:
            row = dict(zip(("subject", "video", "type", "onset", "apex", "offset"), cells, strict=True))
            found += _of_row(path, number, row)
        else:
            raise UsageError(
                f"{path}, line {number}: {len(cells)} words; expected subject, video, type, onset, apex and offset, or "
                "a log's video, onsets and offsets and TP, FP or FN, or a table with commas."
            )
    return found


def video_name(subject: str, video: str) -> str:
    """The one name of a video that projects spell differently: `casme_015`, `casme_015_0401` → `s15_0401`."""
    if match := re.fullmatch(r"casme_0*(\d+)", subject):
        subject, video = f"s{match[1]}", re.sub(r"^casme_\d+_", "", video)
    elif match := re.fullmatch(r"samm_(\d+)", subject):
        subject, video = match[1], re.sub(r"^samm_\d+_", "", video)
    if not subject or video.startswith(f"{subject}_"):
        return video
    if re.fullmatch(r"\d{1,3}", subject) and re.match(rf"0*{int(subject)}_", video):
        return video  # 17 beside 017_3
    return f"{subject}_{video}"


def _table(path: Path, text: str, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    known: tuple[tuple[set[str], dict[str, str]], ...] = (
        ({"subject", "video_name", "start_frame", "end_frame", "type_idx"}, _AUW_GCN),
        (
            {"vid", "pred_onset", "pred_offset", "type"},
            {"vid": "video", "pred_onset": "onset", "pred_offset": "offset"},
        ),
        ({"vid", "onset", "offset", "type"}, {"vid": "video"}),
        ({"subject", "video", "onset", "offset"}, {}),
    )
    names = next((names for needed, names in known if needed <= set(columns)), None)
    if names is None:
        raise UsageError(
            f"{path}: a table with the columns {', '.join(columns)} is of no known form; expected `vid,pred_onset,"
            "pred_offset,type`, `vid,onset,offset,type`, `subject,video,onset,offset,emotion` or AUW-GCN's."
        )
    reader = csv.reader(text.splitlines())
    next(reader)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            if len(cells) != len(columns):
                raise UsageError(f"{path}, line {reader.line_num}: {len(cells)} cells below {len(columns)} columns.")
            row = {names.get(name, name): cell.strip() for name, cell in zip(columns, cells, strict=True)}
            yield reader.line_num, row


_AUW_GCN = {
    "video_name": "video",
    "start_frame": "onset",
    "apex_frame": "apex",
    "end_frame": "offset",
    "type_idx": "type",
}


def _of_row(path: Path, number: int, row: Mapping[str, str]) -> Iterator[Interval]:
    word = row.get("type", "micro")  # a list without types is one of micro-expressions
    if word.casefold() not in _KINDS:
        raise UsageError(f"{path}, line {number}: the type {word!r} is neither micro nor macro (me, mae, 2, 1).")
    onset, offset = (_frame(path, number, row, name) for name in ("onset", "offset"))
    if offset == 0 and onset > 0:
        offset = _frame(path, number, row, "apex") if "apex" in row else 0
    if offset < onset:
        raise UsageError(f"{path}, line {number}: it ends at {offset}, before it begins at {onset}.")
    emotion = row.get("emotion") or None
    yield Interval(video_name(row.get("subject", ""), row["video"]), onset, offset, _KINDS[word.casefold()], emotion)


def _frame(path: Path, number: int, row: Mapping[str, str], name: str) -> int:
    try:
        return int(float(row[name]) + 0.5)  # SAMM-LV's first version has fractions
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{path}, line {number}: {name} is {row[name]!r}; a frame number was expected.") from error


def _of_log(path: Path, number: int, cells: Sequence[str], predicted: bool) -> Iterator[Interval]:
    first, last = (cells[3], cells[4]) if predicted else (cells[1], cells[2])
    if first == "-" and last == "-":
        return
    row = {"video": cells[0], "onset": first, "offset": last}
    yield from _of_row(path, number, row)


def _of_manifest(manifest: Manifest) -> Iterator[Interval]:
    for clip in manifest.clips:
        if clip.status != "ok" or clip.expression == "neutral" or clip.recording_id is None or clip.onset_index is None:
            continue
        last = clip.offset_index if clip.offset_index is not None else clip.apex_index
        if last is None or last < clip.onset_index:
            continue
        name = recording_name(manifest.recording_of[clip.recording_id].path)
        yield Interval(name, clip.onset_index + 1, last + 1, clip.expression, clip.label_megc3)


def recording_name(path: str) -> str:
    """How a recording is called in lists of intervals: the last part of its path without a suffix."""
    return re.sub(r"\.[A-Za-z0-9]{2,4}$", "", path.rsplit("/", 1)[-1])


def log_lines(spotted: Spotted) -> list[str]:
    """A comparison as MEGC2019 and 2020 write it: video, true and predicted span, and what came of it."""
    rows = [
        *((truth, (truth.onset, truth.offset, said.onset, said.offset, "TP")) for truth, said in spotted.pairs),
        *((truth, (truth.onset, truth.offset, "-", "-", "FN")) for truth in spotted.missed),
        *((said, ("-", "-", said.onset, said.offset, "FP")) for said in spotted.wrong),
    ]
    rows.sort(key=lambda row: (row[0].video, row[0].onset, row[0].offset, row[0].kind))
    return [" ".join(map(str, (_one_word(one.video), *cells))) for one, cells in rows]


def megc2022_lines(intervals: Sequence[Interval]) -> list[str]:
    """Predictions as MEGC2022 asks for them, header first."""
    rows = sorted(intervals, key=lambda one: (one.video, one.onset, one.offset, one.kind))
    word = {"micro": "me", "macro": "mae"}
    return ["vid,pred_onset,pred_offset,type"] + [
        f"{_one_word(one.video)},{one.onset},{one.offset},{word[one.kind]}" for one in rows
    ]


def _one_word(name: str) -> str:
    """A name that stays one cell wherever it is cut, and that no spreadsheet takes for a formula."""
    return re.sub(r"^[=+@-]+", "_", re.sub(r"[\s,;\"']", "_", name))
