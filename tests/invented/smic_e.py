"""SMIC-E, the long clips of each camera."""

from invented import Invented, Row
from invented.files import write_frames

# Subject, Filename, three onsets and offsets, first and last frame, three lengths and that of the clip, emotion;
# then the frames.
ROWS = {
    "third repeats": (
        [9, "s9_sur_91", 1005, 1009, 1012, 1015, 1012, 1015, 1000, 1020, 5, 4, 4, 21, "surprise"], range(1000, 1021)
    ),
    "reversed, third is junk": (
        [9, "s9_ne_91", 2010, 2014, 2003, 2006, 2016, 0, 2000, 2020, 5, 4, -2015, 21, "negative"], range(2000, 2021)
    ),
    "first is text": (
        [92, "s92_po_91", 12345680, 12345684, *[None] * 4, "MISSING <-123", 12345690, 5, 0, 0, 13, "positive"],
        range(12345678, 12345691),
    ),
    "last too small": (
        [92, "s92_sur_92", 30, 34, None, None, None, None, 20, 31, 5, 0, 0, 21, "negative"], range(20, 41)
    ),
    "no folder": ([92, "s92_po_93", 30, 34, None, None, None, None, 20, 40, 5, 0, 0, 21, "positive"], []),
    "other subject": (
        ["s9", "s92_po_94", 300, 304, None, None, None, None, 298, 312, 5, 0, 0, 15, "positive"], range(298, 313)
    ),
}  # fmt: skip
TAIL = [[None] * 3, ["Note:", "ME2 is there where a second one follows"], [None, "OnsetF", "of the first", 1, None]]
_COLUMNS = (
    "Subject", "Filename", "OnsetF", "OffsetF", "Onset2F", "Offset2F", "Onset3F", "Offset3F", "FirstF", "LastF",
    "TotalMF1", "TotalMF2", "TotalMF3", "TotalVL", "Emotion",
)  # fmt: skip
_THIRD = ("Onset3F", "Offset3F", "TotalMF3")


def book(*without):
    """The sheet, with an empty column before the onsets and one behind the offsets, without some columns."""
    lines = [list(_COLUMNS), *(row for row, _ in ROWS.values())]
    kept = [place for place, name in enumerate(_COLUMNS) if name not in without]
    narrow = [[line[place] for place in kept] for line in lines]
    end = narrow[0].index("FirstF")
    return [[*line[:2], None, *line[2:end], None, *line[end:]] for line in narrow] + TAIL


def rows(*without):
    """What the events must be where the sheet lacks some columns."""
    third, last = "TotalMF3" not in without, "LastF" not in without

    def micro(person, onset, offset, emotion, *issues, **rest):
        ends = (onset, None, offset)
        shows = tuple(None if n is None else n % 256 for n in ends)
        row = {"megc3": emotion, "shows": shows, **rest}
        return Row(person=f"smic:{person}", numbers=ends, emotion=emotion, issues=issues, **row)

    repeats = ("duplicate-event",) if third else ()
    reverse = ("event-dropped", "event-order") if third else ("event-order",)
    small = ("row-conflict",) if last else ()
    return {
        "s09/s9_sur_91": micro("s09", 1005, 1009, "surprise", *repeats),
        "s09/s9_sur_91-2": micro("s09", 1012, 1015, "surprise", *repeats),
        "s09/s9_ne_91": micro("s09", 2003, 2006, "negative", *reverse),
        "s09/s9_ne_91-2": micro("s09", 2010, 2014, "negative", *reverse),
        "s92/s92_po_91": micro("s92", 12345680, 12345684, "positive", "label-unparsed"),
        "s92/s92_sur_92": micro("s92", 30, 34, "negative", "emotion-conflict", *small),
        "s92/s92_po_93": micro("s92", 30, 34, "positive", "folder-missing", status="failed", shows=(None, None, None)),
        "s92/s92_po_94": micro("s92", 300, 304, "positive", "row-conflict"),
    }


def draw(root, pad=2):
    """The rows' recordings below `root`, whose subject folders are padded or not, and one that no row names."""
    for (_, name, *_), numbers in ROWS.values():
        subject = int(name.split("_")[0][1:])
        if numbers:
            write_frames(root / f"s{subject:0{pad}d}" / name, numbers, "image{n:06d}.jpg")
    write_frames(root / "s92/s92_ne_95", range(4), "image{n:06d}.jpg")


def _of(view, folder, name, sheets, *without):
    return Invented(
        corpus=f"smic-e-{view}",
        frames=lambda root: draw(root / folder),
        books={name: {view.upper(): book(*without), **sheets}},
        rows=rows(*without),
        leavings={f"{folder}/s09/Thumbs.db": b"x"},
    )


CORPORA = (
    _of("hs", "SMIC-E_raw image/HS_long/SMIC-HS-E", "SMIC-HS-E_annotation_2019.xlsx", {}),
    _of("vis", "SMIC-E_raw image/VIS_long/SMIC-VIS-E/VIS", "SMIC_VIS_E_annotation.xlsx", {"Sheet2": [], "Sheet3": []},
        *_THIRD, "LastF"),
    _of("nir", "SMIC_NIR_E", "SMIC-NIR-E_annotation.xlsx", {}, *_THIRD),
)  # fmt: skip
