"""CASME II."""

from invented import Invented, Row
from invented.files import write_frames

HEADER = [
    "Subject",
    "Filename",
    None,
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    None,
    "Action Units",
    "Estimated Emotion",
]
OLDER, NEWER = "CASME2-coding-20140508.xlsx", "CASME2-coding-20190701.xlsx"

# Subject, Filename, onset, apex, offset, AU, emotion; then the frames of the folder.
ROWS = {
    "plain": (["91", "EP02_01f", 33, 36.0, 39, 12, "happiness"], range(31, 42)),
    "no apex": (["91", "EP03_1", 9, "/", 11, "4+L10", "disgust"], range(8, 13)),
    "hole": (["92", "EP09f", 6, 6, 12, "?", "sadness"], [5, 6, 7, 8, 10, 11, 12, 13]),
    "apex late": (["92", "EP06_02_01", 46, 52, 52, "R4+R10", "others"], range(46, 53)),
    "cut off": ([7, "EP91_01", 2, 4, 9, "soft focus", "repression"], range(1, 7)),
    "no folder": (["92", "EP50_01", 5, 6, 7, "1+2", "surprise"], []),
    "reversed": (["92", "ep51_01", 20, 15, 10, None, "Fear"], range(10, 21)),
    "scribble": (["92", "EP52_01", "x", 11, 12.5, 2, "joy"], range(10, 13)),
}
EXPECTED = {
    "sub91/EP02_01f": Row(
        person="casme2:sub91", numbers=(33, 36, 39), shows=(33, 36, 39), emotion="happiness", megc3="positive",
        five="happiness", protocols=("megc2019",), aus="12",
    ),
    "sub91/EP03_1": Row(
        person="casme2:sub91", numbers=(9, None, 11), shows=(9, None, 11), emotion="disgust", megc3="negative",
        five="disgust", protocols=("megc2019",), aus="4+L10", issues=("apex-missing",),
    ),
    "sub92/EP09f": Row(
        person="casme2:sub92", numbers=(6, 6, 12), shows=(6, 6, 12), emotion="sadness",
        issues=("au-unknown", "apex-at-onset", "frame-missing"),
    ),
    "sub92/EP06_02_01": Row(
        person="casme2:sub92", numbers=(46, 52, 52), shows=(46, 52, 52), emotion="others", five="others",
        aus="R4+R10", issues=("apex-at-offset",),
    ),
    "sub07/EP91_01": Row(
        person="casme2:sub07", numbers=(2, 4, 9), shows=(2, 4, None), emotion="repression", megc3="negative",
        five="repression", protocols=("megc2019",), issues=("au-unparsed", "frame-missing"),
    ),
    "sub92/EP50_01": Row(
        person="casme2:sub92", numbers=(5, 6, 7), shows=(None, None, None), emotion="surprise", megc3="surprise",
        five="surprise", protocols=("megc2019",), aus="1+2", issues=("folder-missing",), status="failed",
    ),
    "sub92/ep51_01": Row(
        person="casme2:sub92", numbers=(20, 15, 10), shows=(None, None, None), emotion="Fear",
        issues=("au-blank", "order"),
    ),
    "sub92/EP52_01": Row(
        person="casme2:sub92", numbers=(None, 11, None), shows=(None, 11, None), emotion="joy", aus="2",
        issues=("emotion-unknown", "label-unparsed", "label-unparsed"),
    ),
}  # fmt: skip


def sheet_2014():
    spread = [[s, f, None, *frames, None, au, word] for (s, f, *frames, au, word), _ in ROWS.values()]
    return [HEADER, *spread, [None] * 9, ["sub", "total", None, 8]]


def sheet_2019():
    """A column more, and one emotion changed."""
    head, *rows = sheet_2014()
    rows[2][-1] = "surprise"
    return [[*head, "Objective Classes"], *([*row, i] for i, row in enumerate(rows[:8], 1))]


def draw(root):
    """A raw tree with the rows' folders, one without row, and the pack of a Mac beside it."""
    for (subject, name, *_), numbers in ROWS.values():
        if numbers:
            folder = root / f"CASME2_RAW_selected/sub{int(subject):02d}/{name.upper()[:-1]}{name[-1]}"
            write_frames(folder, numbers)
    write_frames(root / "CASME2_RAW_selected/sub93/EP77_77", range(4))
    write_frames(root / "__MACOSX/CASME2_RAW_selected/sub91/EP02_01f", [1])


CORPORA = (
    Invented(
        corpus="casme2",
        frames=draw,
        books={OLDER: {"Sheet1": sheet_2014(), "Sheet2": [], "Sheet3": []}},
        rows=EXPECTED,
        leavings={"CASME2_RAW_selected/sub91/EP02_01f/Thumbs.db": b"x", f"~${NEWER}": b"lock"},
    ),
)
