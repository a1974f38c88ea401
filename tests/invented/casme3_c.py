"""CAS(ME)^3, part C."""

from invented import Invented, Row
from invented.files import write_frames

BOOK = "CAS(ME)3_part_C_ME.xlsx"
HEADER = ["sub", "count", "onset", "offset", "au", "emotion"]

# sub, count, onset, offset, au, emotion; then the numbers of the images.
ROWS = [
    ([91, 1, 41, 46, "R4,5", "negative"], range(40, 49)),  # names: there are not so many images
    ([91, 2, 3, 6, "14,L24,", "surprise"], range(101, 112)),  # ranks: no image is called so
    ([91, 3, 4, 8, "4，11", "others"], range(3, 14)),  # either, and not the same frames
    ([92, 1, 2, 5, "13?", "positive"], range(1, 8)),  # either, and the same frames
    ([92, 2, 60, 64, 12, "negative"], range(1, 8)),  # neither
    ([92, 3, 6, 4, 12, "joy"], range(1, 8)),
    ([92, 4, 1, "?", 12, "positive"], range(1, 8)),
    ([92, 5, 1, 4, 12, "positive"], []),
]
EXPECTED = {
    "C91/91_1": Row(
        person="casme3:C91", numbers=(41, None, 46), shows=(41, None, 46), emotion="negative", megc3="negative",
        aus="R4+5",
    ),
    "C91/91_2": Row(
        person="casme3:C91", numbers=(3, None, 6), shows=(103, None, 106), emotion="surprise", megc3="surprise",
        aus="14+L24", issues=("au-trailing-separator", "numbering-ranks"),
    ),
    "C91/91_3": Row(
        person="casme3:C91", numbers=(4, None, 8), shows=(None, None, None), emotion="others", aus="4+11",
        issues=("numbering-undecided",),
    ),
    "C92/92_1": Row(
        person="casme3:C92", numbers=(2, None, 5), shows=(2, None, 5), emotion="positive", megc3="positive",
        aus="13?",
    ),
    "C92/92_2": Row(
        person="casme3:C92", numbers=(60, None, 64), shows=(None, None, None), emotion="negative", megc3="negative",
        aus="12", issues=("numbering-undecided",),
    ),
    "C92/92_3": Row(
        person="casme3:C92", numbers=(6, None, 4), shows=(None, None, None), emotion="joy", aus="12",
        issues=("emotion-unknown", "order"),
    ),
    "C92/92_4": Row(
        person="casme3:C92", numbers=(1, None, None), shows=(None, None, None), emotion="positive",
        megc3="positive", aus="12", issues=("label-unparsed", "numbering-undecided"),
    ),
    "C92/92_5": Row(
        person="casme3:C92", numbers=(1, None, 4), shows=(None, None, None), emotion="positive", megc3="positive",
        aus="12", issues=("folder-missing",), status="failed",
    ),
}  # fmt: skip


def draw(root):
    """A folder for each event; one holds what its name says is of somebody else."""
    for (subject, count, *_), numbers in ROWS:
        if numbers:
            write_frames(root / f"part_C/{subject:02d}/color/{subject}_{count}", numbers, "{n}.jpg")
    write_frames(root / "part_C/91/color/92_5", range(1, 5), "{n}.jpg")


CORPORA = (
    Invented(
        corpus="casme3-c", frames=draw, books={BOOK: {"mockCrimeME": [HEADER, *(r for r, _ in ROWS)]}}, rows=EXPECTED
    ),
)
