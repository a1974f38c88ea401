"""DFME: three label files and three trees that are one corpus, onsets of 0, several frame rates."""

from invented import Invented, Row
from invented.files import write_frames

HEADER = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId", "Fps", "AU"]
# For each part: file, tree, rows (as the header says), and the frames of each row's folder.
PARTS = {
    "training_full_with_AU.xlsx": (
        "DFME_train",
        [
            (["sub9001", "sub9001_01", 0, 4, 9, "happiness", 4, 200, "AD31+L12"], range(10)),
            (["sub9001", "sub9001_02", 0, 2.0, 5, "disgust", 2, 500, "M57+R4"], range(6)),
            (["sub9002", "sub9002_01", 1, 3, 5, "anger", 3, 300, "4+7"], [0, 1, 2, 3, 5, 6]),
        ],
    ),
    "testA_full_with_AU.xlsx": (
        "test_data_A",
        [
            (["sub9003", "sub9003_01", 0, 1, 3, "contempt", 1, 300, 14], range(4)),
            (["sub9004", "sub9003_02", 0, 1, 3, "fear", 3, 250, 20], range(4)),
        ],
    ),
    "testB_full_with_AU.xlsx": (
        "test_data_B",
        [
            (["sub9005", "SUB9005_01", 2, 3, 4, "Surprise", 6, 200, "1+2"], range(5)),
            (["sub9005", "sub9005_02", 0, 3, 4, "joy", 9, None, "1"], range(5)),
            (["sub9005", "sub9005_03", 0, 1, 2, "sadness", 5, 200, "15"], []),
        ],
    ),
}
EXPECTED = {
    "sub9001_01": Row(
        person="dfme:sub9001", numbers=(0, 4, 9), shows=(0, 4, 9), emotion="happiness", megc3="positive",
        aus="AD31+L12",
    ),
    "sub9001_02": Row(
        person="dfme:sub9001", numbers=(0, 2, 5), shows=(0, 2, 5), emotion="disgust", megc3="negative", aus="M57+R4",
    ),
    "sub9002_01": Row(
        person="dfme:sub9002", numbers=(1, 3, 5), shows=(1, 3, 5), emotion="anger", megc3="negative", aus="4+7",
        issues=("emotion-conflict", "frame-missing"),
    ),
    "sub9003_01": Row(
        person="dfme:sub9003", numbers=(0, 1, 3), shows=(0, 1, 3), emotion="contempt", megc3="negative", aus="14",
    ),
    "sub9003_02": Row(
        person="dfme:sub9004", numbers=(0, 1, 3), shows=(None,) * 3, emotion="fear", megc3="negative", aus="20",
        issues=("subject-conflict", "fps-unknown", "folder-missing"), status="failed",
    ),
    "SUB9005_01": Row(
        person="dfme:sub9005", numbers=(2, 3, 4), shows=(2, 3, 4), emotion="Surprise", megc3="surprise", aus="1+2",
    ),
    "sub9005_02": Row(
        person="dfme:sub9005", numbers=(0, 3, 4), shows=(0, 3, 4), emotion="joy", aus="1",
        issues=("fps-missing", "emotion-unknown", "label-unparsed"),
    ),
    "sub9005_03": Row(
        person="dfme:sub9005", numbers=(0, 1, 2), shows=(None,) * 3, emotion="sadness", megc3="negative", aus="15",
        issues=("folder-missing",), status="failed",
    ),
}  # fmt: skip


def draw(root):
    """The three trees, and a clip without row."""
    for tree, rows in PARTS.values():
        for (_, name, *_rest), numbers in rows:
            write_frames(root / tree / name.lower(), numbers, "{n:05d}.png")
    write_frames(root / "test_data_B/sub9006_01", range(2), "{n:05d}.png")


CORPORA = (
    Invented(
        corpus="dfme",
        frames=draw,
        books={name: {"Sheet1": [HEADER, *(row for row, _ in rows)]} for name, (_, rows) in PARTS.items()},
        rows=EXPECTED,
        leavings={"DFME_train/sub9001_01/Thumbs.db": b"x", "~$testA_full_with_AU.xlsx": b"lock"},
    ),
)
