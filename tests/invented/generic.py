"""A corpus of the user's own: headers and words of theirs, recordings in folders, videos and pictures."""

from pathlib import Path

from invented import Invented, Row
from invented.files import paint, write_frames, write_video

COLUMNS = """
columns:
  subject: Who
  session: Session
  recording: Recording
  onset: Start
  apex: Peak
  offset: End
  emotion: Feeling
  au: FACS
  expression: Kind
  fps: Rate
  licence: Terms
recording: "{session}/{recording}"
numbering: names
missing: ["-", NA]
expressions: {ME: micro, MaE: macro}
classes: {joy: positive, fury: negative, puzzled: null}
fps: 50
people: my-lab
subjects: "p[0-9]+"
"""
HEADER = ["Who", "Session", "Recording", "Start", "Peak", "End", "Feeling", "FACS", "Kind", "Rate", "Terms", "Note"]
ROWS = [
    ["p1", "day1", "run1", 12, 14, 18, "joy", "12", "ME", 120, "consent A", ""],
    ["p1", "day1", "run1", 20, "NA", 24, "fury", "4+5", "MaE", 120, "consent A", ""],
    ["p2", "DAY1", "run2", 1, 2, 3, "puzzled", "-", "neutral", "-", "-", "a video"],
    ["p2", "day2", "still.png", 0, 0, 0, "-", "-", "mae?", "fast", "", ""],
    ["p3", "..", "../etc/run1", 1, 2, 3, "joy", "6", "ME", 25, "", ""],
    ["p3", "day2", "run9", 1, 2, 3, "bliss", "6", "ME", 25, "", ""],
    ["p3", "day1", "RUN1", 14, 15, 16, "joy", "6", "ME", 120, "", ""],
    ["p3", "day2", "run3", 1, 2, 3, "joy", "6", "ME", 25, "", ""],
]
EXPECTED = {
    "day1/run1@12": Row(
        person="my-lab:p1", numbers=(12, 14, 18), shows=(12, 14, 18), emotion="joy", megc3="positive", aus="12",
    ),
    "day1/run1@20": Row(
        person="my-lab:p1", numbers=(20, None, 24), shows=(20, None, 24), emotion="fury", megc3="negative",
        expression="macro", aus="4+5", issues=("apex-missing",),
    ),
    "DAY1/run2": Row(
        person="my-lab:p2", numbers=(1, 2, 3), shows=(41, 42, 43), emotion="puzzled", expression="neutral",
    ),
    "day2/still.png": Row(
        person="my-lab:p2", numbers=(0, 0, 0), shows=(7, 7, 7),
        issues=("emotion-missing", "expression-unknown", "label-unparsed"),
    ),
    "../../etc/run1": Row(
        person="my-lab:p3", numbers=(1, 2, 3), shows=(None,) * 3, emotion="joy", megc3="positive", aus="6",
        issues=("path-refused", "folder-missing"), status="failed",
    ),
    "day2/run9": Row(
        person="my-lab:p3", numbers=(1, 2, 3), shows=(None,) * 3, emotion="bliss", aus="6",
        issues=("emotion-unknown", "folder-missing"), status="failed",
    ),
    "day1/RUN1": Row(
        person="my-lab:p3", numbers=(14, 15, 16), shows=(14, 15, 16), emotion="joy", megc3="positive", aus="6",
        issues=("subject-conflict",),
    ),
    "day2/run3": Row(
        person="my-lab:p3", numbers=(1, 2, 3), shows=(None,) * 3, emotion="joy", megc3="positive", aus="6",
        issues=("path-ambiguous", "folder-missing"), status="failed",
    ),
}  # fmt: skip


def draw(root):
    """A folder, a video, a picture, and two videos of one name."""
    write_frames(root / "day1/run1", range(10, 26), "cam_{n:04d}.jpg")
    write_video(root / "day1/run2.avi", range(40, 46))
    paint(root / "day2/still.png", 7)
    for suffix in ("avi", "mp4"):
        write_video(root / f"day2/run3.{suffix}", range(2))


CORPORA = (
    Invented(
        corpus="generic",
        frames=draw,
        books={"labels.csv": {"": [HEADER, *ROWS]}},
        rows=EXPECTED,
        options={"sheet": Path("labels.csv"), "columns": Path("columns.yaml")},
        leavings={"columns.yaml": COLUMNS.encode()},
        recognised=False,
    ),
)
