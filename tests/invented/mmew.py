"""MMEW: side as prefix or suffix, an emotion that the clip's name contradicts, two trees."""

from invented import Invented, Row
from invented.files import write_frames

SHEET = "MMEW_Micro_Exp.xlsx"
HEADER = [
    "Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion", "remarks",
]  # fmt: skip
# Subject, Filename, onset, apex, offset, AU, emotion; then the folder's emotion and its frames.
ROWS = [
    ([91, "S91-01-001", 1, 5, 11.0, "R4+R10", "happiness", None], "happiness", range(1, 13)),
    ([91, "s91-02-002", 1, 3, 4, "12L", "surprise", "late"], "surprise", range(1, 5)),
    ([92, "S92-04-001", 1, 2, 6, "4R+7", "others", None], "others", range(1, 7)),
    ([92, "S92-07-002", 1, 2, 6, 4, "fear", None], "anger", range(1, 7)),
    ([92, "S92-05-003", 2, 4, 9, "1+2", "fear", None], "fear", [1, 2, 4, 6, 7, 8]),
    ([93, "S93-03-001", 1, 2, 3, 9, "disgust", None], "disgust", []),
    ([93, "S92-06-004", 1, 2, 3, 15, "sadness", None], "sadness", range(1, 4)),
]
EXPECTED = {
    "S91-01-001": Row(
        person="mmew:S91", numbers=(1, 5, 11), shows=(1, 5, 11), emotion="happiness", megc3="positive", aus="R4+R10",
    ),
    "s91-02-002": Row(
        person="mmew:S91", numbers=(1, 3, 4), shows=(1, 3, 4), emotion="surprise", megc3="surprise", aus="L12",
    ),
    "S92-04-001": Row(person="mmew:S92", numbers=(1, 2, 6), shows=(1, 2, 6), emotion="others", aus="R4+7"),
    "S92-07-002": Row(
        person="mmew:S92", numbers=(1, 2, 6), shows=(1, 2, 6), emotion="fear", megc3="negative", aus="4",
        issues=("emotion-conflict",),
    ),
    "S92-05-003": Row(
        person="mmew:S92", numbers=(2, 4, 9), shows=(2, 4, None), emotion="fear", megc3="negative", aus="1+2",
        issues=("onset-unusual", "frame-missing"),
    ),
    "S93-03-001": Row(
        person="mmew:S93", numbers=(1, 2, 3), shows=(None,) * 3, emotion="disgust", megc3="negative", aus="9",
        issues=("folder-missing",), status="failed",
    ),
    "S92-06-004": Row(
        person="mmew:S93", numbers=(1, 2, 3), shows=(None,) * 3, emotion="sadness", megc3="negative", aus="15",
        issues=("subject-conflict", "folder-missing"), status="failed",
    ),
}  # fmt: skip


def draw(root, tree="Micro_Expression/{emotion}"):
    """The clips, one without row, and the pictures of macro-expressions beside them."""
    for (_, name, *_rest), emotion, numbers in [*ROWS, ([94, "S94-03-009"], "disgust", range(1, 3))]:
        folder = root / tree.format(emotion=emotion, subject=name[:3].upper()) / name.upper()
        write_frames(folder, numbers, "{n}.jpg")
    write_frames(root / "Macro_Expression/S91/anger", [1], "S91-07-00{n}.jpg")


CORPORA = (
    Invented(
        corpus="mmew",
        frames=draw,
        books={SHEET: {"Sheet1": [HEADER, *(row for row, _, _ in ROWS), [None] * 8, ["total", 7]]}},
        rows=EXPECTED,
        leavings={"Micro_Expression/happiness/S91-01-001/Thumbs.db": b"x", f"~${SHEET}": b"lock"},
    ),
)
