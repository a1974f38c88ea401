"""CAS(ME)^2."""

from invented import Invented, Row
from invented.files import write_frames

BOOK = "CAS(ME)^2code_final.xlsx"
MACRO, MICRO = "macro-expression", "micro-expression"

# Folder number, folder, participant: either's participant number is the other's folder number.
PEOPLE = [[91, "s91", 92], [92, "s92", 91]]
CODES = [["0101", "disgust1"], ["0401", "anger1"], ["0503", "happy2"]]

# Participant, clip, onset, apex, offset, AU, emotion, expression, self-report.
ROWS = [
    [92, "anger1_1", 3, 5, 8, "4", "negative", MICRO, "anger"],
    [92, "anger1_2", 6, 7, 0, "4+7", "negative", MACRO, "anger"],
    [91, "disgust1_1", 998, 1001, 1003, 10, "others", MICRO, "disgust"],
    [91, "happy2_1", 2, 0, 9, "6+12", "positive", MACRO, "happyiness"],
    [91, "happy2_12", 4, 9, 6, "62", "surprise", MACRO, "sympathy"],
    [92, "happy2_3", 2, "###", 4, "NULL", "positive", MACRO, "happy"],
    [93, "anger1_1", 2, 3, 4, "12", "positive", MICRO, "happy"],
    [92, "anger7_1", 2, 3, 4, "14or23", "negative", MICRO, "anger"],
]
EXPECTED = {
    "s91/anger1_1": Row(
        person="casme-sq:s91", numbers=(3, 5, 8), shows=(3, 5, 8), emotion="negative", megc3="negative", aus="4",
    ),
    "s91/anger1_2": Row(
        person="casme-sq:s91", expression="macro", numbers=(6, 7, None), shows=(6, 7, None), emotion="negative",
        megc3="negative", aus="4+7", issues=("offset-missing",),
    ),
    "s92/disgust1_1": Row(
        person="casme-sq:s92", numbers=(998, 1001, 1003), shows=(998 % 256, 1001 % 256, 1003 % 256),
        emotion="others", aus="10",
    ),
    "s92/happy2_1": Row(
        person="casme-sq:s92", expression="macro", numbers=(2, None, 9), shows=(2, None, 9), emotion="positive",
        megc3="positive", aus="6+12", issues=("apex-missing",),
    ),
    "s92/happy2_12": Row(
        person="casme-sq:s92", expression="macro", numbers=(4, 9, 6), shows=(4, None, 6), emotion="surprise",
        megc3="surprise", aus="62", issues=("apex-outside",),
    ),
    "s91/happy2_3": Row(
        person="casme-sq:s91", expression="macro", numbers=(2, None, 4), shows=(None, None, None),
        emotion="positive", megc3="positive", issues=("label-unparsed", "au-unknown", "folder-missing"),
        status="failed",
    ),
    "participant-93/anger1_1": Row(
        person="casme-sq:participant-93", numbers=(2, 3, 4), shows=(None, None, None), emotion="positive",
        megc3="positive", aus="12", issues=("subject-unknown", "folder-missing"), status="failed",
    ),
    "s91/anger7_1": Row(
        person="casme-sq:s91", numbers=(2, 3, 4), shows=(None, None, None), emotion="negative", megc3="negative",
        aus="14 or 23", issues=("video-unknown", "folder-missing"), status="failed",
    ),
}  # fmt: skip
VIDEOS = {
    "s91/91_0401x": range(1, 13),
    "s92/92_0101disgusting": range(995, 1006),
    "s92/92_0503unnyfarting": range(1, 12),  # a title that lost its first letter
    "s92/92_0508without rows": range(1, 4),
    "s92/91_0401of somebody else": range(1, 4),
}


def sheets():
    """None has a header; the sheets of people and videos could be taken for labels by their width."""
    pairs = [pair for pair in PEOPLE for _ in range(2)]
    return {"naming rule2": CODES, "naming rule1": pairs, "CASFEcode_final": ROWS}


def draw(root):
    """Raw long videos as pictures."""
    for name, numbers in VIDEOS.items():
        write_frames(root / "rawpic" / name, numbers, "img{n:03d}.jpg")


CORPORA = (
    Invented(corpus="casme-sq", frames=draw, books={BOOK: sheets()}, rows=EXPECTED, leavings={f"~${BOOK}": b"lock"}),
)
