"""SMIC, the short clips of each camera."""

from invented import Invented, Row
from invented.files import write_frames

COUNTER = "image{n:06d}.bmp"
# Folder of a clip below its camera → its frames.
CLIPS = {
    "s9/micro/negative/s9_ne_91": [12345, 12346, 12347, 12349, 12350],
    "s9/micro/positive/s09_po_7": range(10000001, 10000005),
    "s9/micro/positive/s9_ne_92": range(50, 54),
    "s9/micro/surprise/s9_sur_91": range(99998, 100003),
    "s9/non_micro/s9_n1": range(300, 303),
    "s92/micro/negative/s91_ne_03": range(5, 8),
    "s92/micro/others/s92_ne_04": range(5, 8),
    "s92/micro/surprise/s92_sur_05": [],
    "s92/non_micro/first": range(7, 9),
}


def rows(view):
    """What the clips of a camera must be."""
    protocols = ("megc2019",) if view == "HS" else ()

    def micro(person, first, last, emotion, *issues, **rest):
        ends = (first, None, last)
        shows = tuple(None if n is None else n % 256 for n in ends)
        row = {"megc3": emotion, "protocols": protocols, "shows": shows, **rest}
        return Row(person=f"smic:{person}", numbers=ends, emotion=emotion, issues=issues, **row)

    def neutral(person, first, last, *issues):
        return micro(person, first, last, None, *issues, expression="neutral", protocols=())

    return {
        "s09/s9_ne_91": micro("s09", 12345, 12350, "negative", "frame-missing"),
        "s09/s09_po_7": micro("s09", 10000001, 10000004, "positive"),
        "s09/s9_ne_92": micro("s09", 50, 53, "positive", "emotion-conflict"),
        "s09/s9_sur_91": micro("s09", 99998, 100002, "surprise"),
        "s09/s9_n1": neutral("s09", 300, 302),
        "s92/s91_ne_03": micro("s92", 5, 7, "negative", "row-conflict"),
        "s92/s92_ne_04": micro("s92", 5, 7, "others", "emotion-unknown", megc3=None, protocols=()),
        "s92/s92_sur_05": micro("s92", None, None, "surprise", "unreadable", status="failed"),
        "s92/first": neutral("s92", 7, 8, "row-conflict"),
    }


def draw(root, view="HS", kind="raw", pattern=COUNTER):
    """A tree of one camera."""
    for name, numbers in CLIPS.items():
        (root / f"SMIC_all_{kind}" / view / name).mkdir(parents=True)
        write_frames(root / f"SMIC_all_{kind}" / view / name, numbers, pattern)


def _of(view, kind, pattern):
    return Invented(
        corpus=f"smic-{view.lower()}",
        frames=lambda root: draw(root, view, kind, pattern),
        rows=rows(view),
        leavings={f"SMIC_all_{kind}/{view}/s9/Thumbs.db": b"x", "SMIC_all_raw/read me.txt": b"x"},
    )


CORPORA = (_of("HS", "raw", COUNTER), _of("VIS", "cropped", "reg_" + COUNTER), _of("NIR", "raw", "image{n:08d}.bmp"))
