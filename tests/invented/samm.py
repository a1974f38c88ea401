"""SAMM."""

from invented import Invented, Row
from invented.files import write_frames

BOOK = "SAMM_Micro_FACS_Codes_v2.xlsx"
HEADER = [
    "Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro",
    "Action Units", "Estimated Emotion", "Objective Classes", "Notes",
]  # fmt: skip
# Titles, notes on updates, what symbols mean, and a citation far to the right stand above the header.
PREAMBLE = [
    ["Micro-movements, invented"],
    [],
    ["Updated: 1 January, rows 3 and 5"],
    [None, "A", 7],
    *([symbol, None, meaning] for symbol, meaning in [("L", "left"), ("R", "right"), ("A", "both, uneven")]),
    ["T", None, "top"],
    ["B", None, "bottom"],
    ["ref( )", None, "for reference only"],
    [],
    [None, None, None, None, "N. Obody: A dataset that is not. " * 20],
    ["Onset Frame, Apex Frame and Offset Frame are numbers of images."],
]

# Subject, Filename, onset, apex, offset, duration, AU, emotion, objective class; then the frames and their names.
ROWS = {
    "five digits": (["091", "091_1_2", 40, 44.0, 50, 11, "L12 or L14", "Anger", 7], range(38, 53), "091_{n:05d}.jpg"),
    "duration": (["091", "091_1_3", 60, 63, 70, 12, 12, "Happiness", 1], range(58, 73), "091_{n:05d}.jpg"),
    "apex outside": (["092", "092_2_1", 20, 5, 26, 7, "ref(7B)", "Other", 4], range(20, 27), "092_{n:04d}.jpg"),
    "hole": (
        ["092", "092_2_2", 9998, 10001, 10004, 7, "A/L12", "Surprise", 2],
        [n for n in range(9996, 10006) if n != 10002],
        "092_{n:04d}.jpg",
    ),
    "no folder": (["092", "092_3_1", 30, 33, 36, 7, "soft focus", "Contempt", None], [], ""),
    "lost zeros": ([91, "91_1_4", 4, 6, 9, 6, "12+15 ", "Disgust", 4], range(1, 12), "091_{n:05d}.jpg"),
    "other subject": (["092", "091_1_5", 3, None, 8, "x", "R14A", "Sadness", 8], range(1, 10), "091_{n:05d}.jpg"),
}
EXPECTED = {
    "091/091_1_2": Row(
        person="samm:091", numbers=(40, 44, 50), shows=(40, 44, 50), emotion="Anger", megc3="negative", five="anger",
        objective=7, aus="L12 or L14", protocols=("megc2019",),
    ),
    "091/091_1_3": Row(
        person="samm:091", numbers=(60, 63, 70), shows=(60, 63, 70), emotion="Happiness", megc3="positive",
        five="happiness", objective=1, aus="12", protocols=("megc2019",), issues=("row-conflict",),
    ),
    "092/092_2_1": Row(
        person="samm:092", numbers=(20, 5, 26), shows=(20, None, 26), emotion="Other", five="other", objective=4,
        aus="ref(7B)", issues=("apex-outside",),
    ),
    "092/092_2_2": Row(
        person="samm:092", numbers=(9998, 10001, 10004), shows=(14, 17, 20), emotion="Surprise", megc3="surprise",
        five="surprise", objective=2, aus="A/L12", protocols=("megc2019",), issues=("frame-missing",),
    ),
    "092/092_3_1": Row(
        person="samm:092", numbers=(30, 33, 36), shows=(None, None, None), emotion="Contempt", megc3="negative",
        five="contempt", protocols=("megc2019",), status="failed",
        issues=("class-missing", "au-unparsed", "folder-missing"),
    ),
    "091/091_1_4": Row(
        person="samm:091", numbers=(4, 6, 9), shows=(4, 6, 9), emotion="Disgust", megc3="negative", objective=4,
        aus="12+15", protocols=("megc2019",),
    ),
    "091/091_1_5": Row(
        person="samm:091", numbers=(3, None, 8), shows=(3, None, 8), emotion="Sadness", megc3="negative", aus="R14A",
        protocols=("megc2019",), issues=("row-conflict", "apex-missing", "label-unparsed", "row-conflict"),
    ),
}  # fmt: skip


def table():
    """The sheet from its header on."""
    return [
        HEADER,
        *(
            [s, f, "021", *span, "Micro - 1/2", au, word, number, None]
            for (s, f, *span, au, word, number), *_ in ROWS.values()
        ),
    ]


def draw(root, folder="SAMM", before=""):
    """A tree with the rows' folders and one without row."""
    for (_, name, *_), numbers, pattern in ROWS.values():
        clip = name if name.startswith("0") else f"0{name}"
        if numbers:
            write_frames(root / folder / clip[:3] / clip, numbers, before + pattern)
    write_frames(root / folder / "093/093_1_1", range(4), before + "093_{n:05d}.jpg")


CORPORA = (
    Invented(
        corpus="samm",
        frames=draw,
        books={BOOK: {"MICRO_ONLY": [*PREAMBLE, *table()]}},
        rows=EXPECTED,
        leavings={"SAMM/091/091_1_2/Thumbs.db": b"x", f"~${BOOK}": b"lock"},
    ),
)
