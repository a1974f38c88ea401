"""SAMM Long Videos."""

from invented import Invented, Row, samm
from invented.files import write_frames

BOOK = "SAMM_LongVideos_V2_Release.xlsx"
HEADER = [
    "Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units", "Notes",
]  # fmt: skip
PREAMBLE = [["Movements, invented"], [], *([symbol, "a meaning"] for symbol in "LRATB"), [], ["Onset, Apex, Offset"]]
MICRO = "Micro - 1/2"
ROWS = (
    ["091", "091_1_2", 21, 5, 8, 12, 8, MICRO, "4+L10", None],
    ["091", "091_1_2", 21, 3, 9, 14, 12, "Macro", "7A/B+L10A/B)+ref(11)+12C", "long"],
    ["091", "091_1_3", 21, 6, -1, 9, 4, MICRO, 12, None],
    ["091", "091_2_1", 22, 0, 4, 7, 8, "Macro", "all of the above", None],
    ["092", "092_1_1", 21, 9998, 10000, 10002, 5, MICRO, 85, None],
    [92, "92_1_2", 21, 9999, 10001, 10009, 11, "Macro", "12 + 6 ", None],
    ["092", "092_9_1", 29, 5, 6, 7, 3, "Macro", "twice - left", None],
)
# Their numbers are 500 greater there; one clip has no row, and one a word that SAMM does not know.
SAMM_ROWS = (
    ["091", "091_1_2", 21, 505, 508, 512, 8, MICRO, "4+L10", "Anger", 7, None],
    ["092", "092_1_1", 21, 10498, 10500, 10502, 5, MICRO, "85", "Joy", 7, None],
)
EXPECTED = {
    "091/091_1_2": Row(
        person="samm:091", numbers=(5, 8, 12), shows=(5, 8, 12), emotion="Anger", megc3="negative", five="anger",
        aus="4+L10",
    ),
    "091/091_1_2-macro": Row(
        person="samm:091", numbers=(3, 9, 14), shows=(3, 9, 14), expression="macro", aus="7A/B+ref(11)+12C",
        issues=("au-unbalanced-brackets", "au-unparsed"),
    ),
    "091/091_1_3": Row(
        person="samm:091", numbers=(6, None, 9), shows=(6, None, 9), aus="12",
        issues=("apex-missing", "emotion-missing"),
    ),
    "091/091_2_1-macro": Row(
        person="samm:091", numbers=(0, 4, 7), shows=(1, 4, 7), expression="macro",
        issues=("onset-zero", "au-unparsed"),
    ),
    "092/092_1_1": Row(
        person="samm:092", numbers=(9998, 10000, 10002), shows=(14, 16, 18), emotion="Joy", aus="85",
        issues=("emotion-unknown",),
    ),
    "092/092_1_2-macro": Row(
        person="samm:092", numbers=(9999, 10001, 10009), shows=(15, 17, None), expression="macro", aus="12+6",
        issues=("frame-missing",),
    ),
    "092/092_9_1-macro": Row(
        person="samm:092", numbers=(5, 6, 7), shows=(None, None, None), expression="macro",
        issues=("au-unparsed", "folder-missing"), status="failed",
    ),
}  # fmt: skip


def draw(root):
    """The rows' recordings, and one that has none."""
    for video, numbers in {"091_1": range(1, 21), "091_2": range(1, 9), "092_1": range(9996, 10004)}.items():
        write_frames(root / "SAMM_longvideos" / video, numbers, video + "_{n:04d}.jpg")
    write_frames(root / "SAMM_longvideos/093_1", range(1, 4), "093_1_{n:04d}.jpg")


CORPORA = (
    Invented(
        corpus="samm-lv",
        fractions=True,
        frames=draw,
        books={
            BOOK: {"FACS_Movement_Only": [*PREAMBLE, HEADER, *ROWS]},
            samm.BOOK: {"MICRO_ONLY": [*samm.PREAMBLE, samm.HEADER, *SAMM_ROWS]},
        },
        rows=EXPECTED,
        leavings={"SAMM_longvideos/091_1/Thumbs.db": b"x"},
    ),
)
