"""CASME."""

from invented import Invented, Row
from invented.files import write_frames

BOOK = "CASME-coded-20190721.xls"
HEADER = [
    "Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "Onset", "Total", "AU", "Emotion",
]  # fmt: skip

# Subject, Filename, OnsetF, ApexF1, ApexF2, OffsetF, AU, Emotion; then the frames of the folder.
ROWS = [
    ([91, "EP01_12", 8, 10, "\\", 12, "4+L10", "tense"], range(7, 15)),
    ([92, "EP03_5", 42, 44, 46, 48, 12, "happiness"], range(41, 50)),
    ([92, "EP03_6", 20, 15, "\\", 10, "R4", "Disgust"], range(10, 21)),
    ([92, "EP04_1", 3, 5, "\\", 9, "1+2", "surprise"], [1, 2, 3, 4, 5, 6, 8, 9]),
    ([7, "EP91_01", 2, 3, "late", "x", "9", "others"], range(1, 7)),
    ([91, "EP50_1", 5, 6, "\\", 7, 15, "sadness"], []),
]
EXPECTED = {
    "sub91/EP01_12": Row(
        person="casme:sub91", numbers=(8, 10, 12), shows=(8, 10, 12), emotion="tense", aus="4+L10",
    ),
    "sub92/EP03_5": Row(
        person="casme:sub92", numbers=(42, 44, 48), shows=(42, 44, 48), emotion="happiness", megc3="positive",
        aus="12", issues=("second-apex",),
    ),
    "sub92/EP03_6": Row(
        person="casme:sub92", numbers=(20, 15, 10), shows=(None, None, None), emotion="Disgust", megc3="negative",
        aus="R4", issues=("order",),
    ),
    "sub92/EP04_1": Row(
        person="casme:sub92", numbers=(3, 5, 9), shows=(3, 5, 9), emotion="surprise", megc3="surprise", aus="1+2",
        issues=("frame-missing",),
    ),
    "sub07/EP91_01": Row(
        person="casme:sub07", numbers=(2, 3, None), shows=(2, 3, None), emotion="others", aus="9",
        issues=("label-unparsed", "label-unparsed", "emotion-unknown"),
    ),
    "sub91/EP50_1": Row(
        person="casme:sub91", numbers=(5, 6, 7), shows=(None, None, None), emotion="sadness", megc3="negative",
        aus="15", issues=("folder-missing",), status="failed",
    ),
}  # fmt: skip


def sheet():
    """Milliseconds stand in columns whose names begin like those of the frame numbers."""
    rows = [[s, f, None, a, b, c, d, None, 133.5, 333, au, word] for (s, f, a, b, c, d, au, word), _ in ROWS]
    return [HEADER, *rows]


def draw(root):
    """Raw clips, their numbers padded in one folder and not in the others, and crops of one."""
    for (subject, name, *_), numbers in ROWS:
        pattern = f"{name}-{{n:03d}}.jpg" if name == "EP03_5" else f"{name}-{{n}}.jpg"
        if numbers:
            write_frames(root / f"CASME_raw_selected/sub{subject:02d}/{name}", numbers, pattern)
    write_frames(root / "CASME_raw_selected/sub93/EP77_7", range(4), "EP77_7-{n}.jpg")
    write_frames(root / "Cropped/sub91/EP01_12", range(8, 13), "reg_EP01_12-{n}.jpg")


CORPORA = (
    Invented(
        corpus="casme",
        frames=draw,
        books={BOOK: {"Sheet1": sheet()}},
        rows=EXPECTED,
        leavings={"CASME_raw_selected/sub91/EP01_12/Thumbs.db": b"x"},
    ),
)
