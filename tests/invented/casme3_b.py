"""CAS(ME)^3, part B."""

from invented import Invented, Row
from invented.files import write_frames

BOOK = "part_B_self_report_by_subjects_per_video.xlsx"
HEADER = [None, "video order", "happy  ", "sad", "disgust", "fear    ", "surprise  ", "anger", " contempt"]
EXPECTED = {
    "spNO.918/1": Row(
        person="casme3-b:spNO.918", expression="neutral", numbers=(41, None, 41), shows=(41, None, 41),
    ),
    "spNO.918/2": Row(
        person="casme3-b:spNO.918", expression="neutral", numbers=(9, None, 9), shows=(9, None, 9),
    ),
    "spNO.919/1": Row(
        person="casme3-b:spNO.919", expression="neutral", numbers=(0, None, 0), shows=(0, None, 0),
    ),
}  # fmt: skip


def reports(subject):
    """Scores of 13 videos; the subject stands on the first row only."""
    return [[subject if video == 1 else None, video, 1, 2, 3, 4, 5, 1, 1] for video in range(1, 14)]


def draw(root, below=""):
    """Recordings, lowest number last on disk."""
    write_frames(root / "part_B/spNo.918/1" / below, [41, 100, 42], "{n}.jpg")
    write_frames(root / "part_B/spNo.918/2" / below, [9, 10], "{n}.jpg")
    write_frames(root / "part_B/spNo.919/1" / below, [0, 1], "{n}.jpg")


CORPORA = (
    Invented(
        corpus="casme3-b",
        frames=draw,
        books={BOOK: {"Sheet1": [["self-report"], HEADER, *reports("spNo.918")], "Sheet2": reports("spNo.919")}},
        rows=EXPECTED,
    ),
)
