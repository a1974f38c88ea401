"""4DME: emotions of several words, units that are merely held, a summary below the rows, a folder without row."""

from invented import Invented, Row
from invented.files import write_frames

SHEET, SECOND = "4DME_Labelling_Micro_release v1.xlsx", "Micro and Macro-expression labels.xlsx"
WORDS = ["Positive", "Negative", "Surprise", "Repression", "Others"]
HEADER = [
    "sub_ID", "fold_name", "Onset", "Apex", "Offset", "AUs", "Emotion", "AU4", "AU12", "fold", "eye blink", *WORDS,
    "Total",
]  # fmt: skip
# sub_ID, fold_name, onset, apex, offset, AUs, emotion, words marked; then the frames of the folder.
ROWS = [
    (["X91", "X91_a", 42, 45, 50.0, "AU4(k)+L7", "Negative"], [0, 1, 0, 0, 0], range(42, 52)),
    (["X91", "X91_1st_001", 107, 109, 110, "AUR2+12(k)+45", "Surprise+Positive"], [1, 0, 1, 0, 0], range(105, 112)),
    (["X92", "X92_a_1", 7, 8, 9, "AU12", "Repression"], [None] * 5, range(7, 10)),
    (["X92", "X92_b_1", 7, 9, 9, "6", "positive"], [0, 1, 0, 0, 0], range(7, 10)),
    (["X92", "X92_c", 3, 4, 5, "6", "Others+Joy"], [0, 0, 0, 0, 1], range(3, 6)),
    (["X93", "X93_a", 3, 4, 5, "1", "Others"], [0, 0, 0, 0, 1], []),
]
EXPECTED = {
    "X91/X91_a": Row(
        person="4dme:X91", numbers=(42, 45, 50), shows=(42, 45, 50), emotion="Negative", megc3="negative",
        aus="4(k)+L7",
    ),
    "X91/X91_1st_001": Row(
        person="4dme:X91", numbers=(107, 109, 110), shows=(107, 109, 110), emotion="Surprise+Positive",
        aus="R2+12(k)+45",
    ),
    "X92/X92_a_1": Row(
        person="4dme:X92", numbers=(7, 8, 9), shows=(7, 8, 9), emotion="Repression", megc3="negative", aus="12",
    ),
    "X92/X92_b_1": Row(
        person="4dme:X92", numbers=(7, 9, 9), shows=(7, 9, 9), emotion="positive", megc3="positive", aus="6",
        issues=("emotion-conflict", "apex-at-offset"),
    ),
    "X92/X92_c": Row(
        person="4dme:X92", numbers=(3, 4, 5), shows=(3, 4, 5), emotion="Others+Joy", aus="6",
        issues=("emotion-unknown",),
    ),
    "X93/X93_a": Row(
        person="4dme:X93", numbers=(3, 4, 5), shows=(None,) * 3, emotion="Others", aus="1",
        issues=("folder-missing",), status="failed",
    ),
}  # fmt: skip


def sheet(header=HEADER):
    """The rows, and the sums that stand below them."""
    rows = [[*row, 0, 1, "f", None, *marks, None] for row, marks, _ in ROWS]
    return [header, *rows, [None] * 7 + [2, 3, None, None, 1, 2, 1, 1, 1, 6]]


def second(base):
    """The other file, whose columns are counted from 0 or from 1."""
    rows = []
    for (subject, folder, onset, apex, _, _, emotion), _, _ in ROWS:
        row = [subject, 1, 2, 3, folder, "x", "y", onset, apex, None, None, None, emotion]
        rows.append([None] * (1 - base) + row)
    return [[f"column {i}" for i in range(len(rows[0]))], *rows]


def draw(root, tree="gray_micro", first=0):
    """The clips, and one without row."""
    for (subject, folder, *_), _, numbers in [*ROWS, (["X92", "X92_z_1"], [], range(3))]:
        write_frames(root / tree / subject / folder, [first + n for n in numbers], "Frame_{n:09d}.jpg")


CORPORA = (
    Invented(
        corpus="4dme",
        frames=draw,
        books={SHEET: {"Sheet1": sheet()}},
        rows=EXPECTED,
        leavings={"gray_micro/X91/X91_a/Thumbs.db": b"x", f"~${SHEET}": b"lock"},
    ),
)
