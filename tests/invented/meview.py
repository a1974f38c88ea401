"""MEVIEW: folders of frames and a video, counted from 0 by a table of the user's own."""

from invented import Invented, Row
from invented.files import write_frames, write_video

HEADER = ["clip", "onset", "apex", "offset", "au", "emotion", "programme"]
# The frames of the first folder are numbered from 1: rank 2 is number 3.
ROWS = [
    (["sub91_01", 2, 4, 7, "L4+7", "anger", "poker"], range(1, 10)),
    (["sub91_02", 0, "", 3, "12", "happiness", ""], range(4)),
    (["sub92_01", 1, 2, 5, "14", "smirk", ""], range(7)),
    (["sub93_01", 1, 2, 3, "", "", ""], []),
]
EXPECTED = {
    "sub91_01": Row(
        person="meview:sub91", numbers=(2, 4, 7), shows=(3, 5, 8), emotion="anger", megc3="negative", aus="L4+7",
    ),
    "sub91_02": Row(
        person="meview:sub91", numbers=(0, None, 3), shows=(0, None, 3), emotion="happiness", megc3="positive",
        aus="12", issues=("apex-missing",),
    ),
    "sub92_01": Row(person="meview:sub92", numbers=(1, 2, 5), shows=(1, 2, 5), emotion="smirk", aus="14"),
    "sub93_01": Row(
        person="meview:sub93", numbers=(1, 2, 3), shows=(None,) * 3,
        issues=("emotion-missing", "au-blank", "folder-missing"), status="failed",
    ),
}  # fmt: skip


def draw(root):
    """Two folders and a video with rows, a folder without; of one clip both."""
    for (name, *_), numbers in ROWS:
        if name == "sub92_01":
            write_video(root / f"MEVIEW/{name}.mp4", numbers)
        else:
            write_frames(root / "MEVIEW" / name, numbers, "frame{n:03d}.png")
    write_video(root / "MEVIEW/sub91_01.mp4", range(50, 60))
    write_frames(root / "MEVIEW/sub94_01", range(2), "frame{n:03d}.png")


CORPORA = (
    Invented(
        corpus="meview",
        frames=draw,
        books={"MEVIEW labels.csv": {"": [HEADER, *(row for row, _ in ROWS)]}},
        rows=EXPECTED,
        leavings={"MEVIEW/sub91_01/Thumbs.db": b"x"},
    ),
)
