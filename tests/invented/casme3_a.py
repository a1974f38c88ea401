"""CAS(ME)^3, part A."""

from invented import Invented, Row
from invented.files import write_frames

BOOK, FULL = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", "CAS(ME)3_part_A_v2.xls"
HEADER = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]
FULL_HEADER = [*HEADER[:6], "Expression type", "Objective class"]
MACRO, MICRO = "Macro-expression", "Micro-expression"

ROWS = [
    ["spNO.901", "a", "9", "11", "14", "4+R10", "III", "disgust"],
    ["spNO.901", "b", 16, 18.0, 22, "T12+B25", "I", "happy"],
    ["spNO.901", "b", "20", "20", "25", "1+r18", "VII", "Others"],
    ["spNO.902", "j", "2", "4", "6", 12, "IV", "sad"],
    ["spNO.902", "e", 3, 5, 0, "14", "II", "surprise"],
    ["spNO.902", "e", 0, 0, 8, "14", "", "fear"],
    ["spNO.902", "e", 5, 8, 105, "L4", "VI", "anger"],
    ["spNO.903", "c", 2, 3, 4, "9", "VIII", "sad"],
]
# What there is beside them in the sheet of all expressions.
MORE = [["spNO.901", "a", "9", "12", "13", "r18", MACRO, "V"], ["spNO.902", "e", "2", "50", "105", "12", MACRO, "II"]]
EXPECTED = {
    "spNO.901/a_9": Row(
        person="casme3:spNO.901", numbers=(9, 11, 14), shows=(9, 11, 14), emotion="disgust", megc3="negative",
        objective=3, aus="4+R10", issues=("frame-poor",),
    ),
    "spNO.901/b_16": Row(
        person="casme3:spNO.901", numbers=(16, 18, 22), shows=(16, 18, 22), emotion="happy", megc3="positive",
        objective=1, aus="T12+B25", issues=("frame-missing",),
    ),
    "spNO.901/b_20": Row(
        person="casme3:spNO.901", numbers=(20, 20, 25), shows=(20, 20, 25), emotion="Others", objective=7,
        aus="1+R18", issues=("apex-at-onset",),
    ),
    "spNO.902/j_2": Row(
        person="casme3:spNO.902", numbers=(2, 4, 6), shows=(2, 4, 6), emotion="sad", megc3="negative", objective=4,
        aus="12", issues=("frame-unreadable",),
    ),
    "spNO.902/e_3": Row(
        person="casme3:spNO.902", numbers=(3, 5, None), shows=(3, 5, None), emotion="surprise", megc3="surprise",
        objective=2, aus="14", issues=("offset-missing",),
    ),
    "spNO.902/e_0": Row(
        person="casme3:spNO.902", numbers=(None, None, 8), shows=(None, None, 8), emotion="fear", megc3="negative",
        aus="14", issues=("onset-missing", "apex-missing", "class-missing"),
    ),
    "spNO.902/e_5": Row(
        person="casme3:spNO.902", numbers=(5, 8, 105), shows=(5, 8, 105), emotion="anger", megc3="negative",
        objective=6, aus="L4", issues=("span-long",),
    ),
    "spNO.903/c_2": Row(
        person="casme3:spNO.903", numbers=(2, 3, 4), shows=(None, None, None), emotion="sad", megc3="negative",
        aus="9", issues=("label-unparsed", "folder-missing"), status="failed",
    ),
}  # fmt: skip
VIDEOS = {
    "spNO.901/a": range(7, 17),
    "spNO.901/b": [*range(15, 19), *range(20, 28)],
    "spNO902/J": [*range(1, 5), 6],
    "spNO902/e": range(1, 107),
    "spNO.901/k": range(1, 3),
}
UNREADABLE = "spNO.902 J 5.jpg  the image cannot open\nspNO.902 J 44.jpg  the image cannot open\nno image\n"
POOR = "D:\\data\\part_A\\spNO.901\\a\\color\\12.jpg\nD:\\data\\part_A\\spNO.901\\a\\color\\14.jpg\n"


def full():
    """The workbook of all expressions: frames as text, no emotion; blinks on a sheet of their own."""
    micro = [[*map(str, row[:5]), str(row[5]), MICRO, row[6]] for row in ROWS]
    blinks = [["Subject", "Filename", "Onset", "Offset"], ["spNO.901", "a", "8", "9"]]
    return {"eye blink": blinks, "AU+Emotion": [FULL_HEADER, *micro, *MORE]}


def draw(root):
    """Colour frames, one of them damaged; depth beside them or a level up."""
    for name, numbers in VIDEOS.items():
        write_frames(root / "part_A" / name / "color", numbers, "{n}.jpg")
    (root / "part_A/spNO902/J/color/5.jpg").write_bytes(b"")
    write_frames(root / "part_A/spNO.901/a/depth", range(7, 17), "{n}.png")
    write_frames(root / "part_A/spNO.901/b", range(15, 18), "{n}.png")


CORPORA = (
    Invented(
        corpus="casme3-a",
        frames=draw,
        books={BOOK: {"Sheet1": [], "label": [HEADER, *ROWS], "Sheet3": []}},
        rows=EXPECTED,
        leavings={"cannot open.txt": UNREADABLE.encode(), "poor.txt": POOR.encode("gbk")},
    ),
)
