"""CAS(ME)^3 part A: the two label files, clips cut out of videos, lists of damaged images, shipped corrections."""

import re

import pytest
from invented import rows_of
from invented.casme3_a import BOOK, CORPORA, EXPECTED, FULL, HEADER, ROWS, VIDEOS, full
from invented.files import write_book

from me_augment.corpora import casme3_a, read_corpus
from me_augment.corpora.corrections import Correction
from me_augment.errors import UsageError


@pytest.fixture
def corpus(tmp_path):
    """The invented corpus: colour and depth frames, the sheet of micro-expressions, two lists."""
    return CORPORA[0].write(tmp_path / "CAS(ME)3")


def read(root, **options):
    return read_corpus("casme3-a", root, **options)


def test_all_expressions_come_from_their_own_workbook(corpus):
    write_book(corpus / FULL, full())
    assert rows_of(read(corpus)) == EXPECTED
    ingested = read(corpus, events="all")
    rows = rows_of(ingested)
    assert ingested.manifest.provenance["labels"] == f"{FULL}, AU+Emotion"
    assert [name for name, row in rows.items() if row.expression == "macro"] == ["spNO.901/a_9#2", "spNO.902/e_2"]
    macro, blinkless = rows["spNO.901/a_9#2"], rows["spNO.902/e_2"]
    assert (macro.numbers, macro.objective, macro.aus, macro.emotion) == ((9, 12, 13), 5, "R18", None)
    assert macro.issues == ("frame-poor", "duplicate-name")
    assert (blinkless.shows, blinkless.issues) == ((2, 50, 105), ())
    micro = {name: row.numbers for name, row in rows.items() if row.expression == "micro"}
    assert micro == {name: row.numbers for name, row in EXPECTED.items()}


def test_micro_expressions_are_picked_from_the_full_workbook_where_there_is_no_other(corpus):
    (corpus / BOOK).unlink()
    write_book(corpus / FULL, full())
    rows = rows_of(read(corpus))
    assert list(rows) == list(EXPECTED)
    assert {row.emotion for row in rows.values()} == {None}
    assert {row.expression for row in rows.values()} == {"micro"}


def test_a_kind_of_expression_that_is_none_is_told(corpus):
    sheets = full()
    sheets["AU+Emotion"][3][6] = "Nano-expression"
    write_book(corpus / FULL, sheets)
    for events in ("micro", "all"):
        said = "\n".join(read(corpus, events=events, sheet=corpus / FULL).warnings)
        assert f"{FULL}, AU+Emotion: row 4 is no data row (Expression type 'Nano-expression'), skipped." in said


@pytest.mark.parametrize("pack", ["part_A_split/part_A", "part_A"])
def test_trees_nested_twice_are_found(tmp_path, pack):
    corpus = CORPORA[0].write(tmp_path / "CAS(ME)3")
    (corpus / "part_A").rename(corpus / "moved")
    (corpus / pack).parent.mkdir(exist_ok=True)
    (corpus / "moved").rename(corpus / pack)
    assert rows_of(read(tmp_path)) == EXPECTED


def test_clips_are_joined_by_subject_video_and_onset(corpus, frames):
    for name, numbers in {"spNO.901_b_16": range(16, 23), "spNO.902_J_2": range(2, 7)}.items():
        frames(corpus / "Part_A_ME_clip/Part_A_ME_clip/frame" / name, numbers, "{n}.jpg")
        frames(corpus / "Part_A_ME_clip/Part_A_ME_clip/depth" / name, numbers, "{n}.png")
    assert read(corpus).manifest.provenance["frames"] == "part_A (not read: Part_A_ME_clip/Part_A_ME_clip)"
    ingested = read(corpus, tree="clips")
    rows = rows_of(ingested)
    assert [row.path for row in ingested.manifest.recordings] == [
        "Part_A_ME_clip/Part_A_ME_clip/frame/spNO.901_b_16",
        "Part_A_ME_clip/Part_A_ME_clip/frame/spNO.902_J_2",
    ]
    assert (rows["spNO.901/b_16"].shows, rows["spNO.901/b_16"].issues) == ((16, 18, 22), ())
    assert (rows["spNO.902/j_2"].shows, rows["spNO.902/j_2"].issues) == ((2, 4, 6), ("frame-unreadable",))
    assert rows["spNO.901/b_20"].issues == ("folder-missing",)


def test_lists_of_damaged_images_are_honoured_and_named(corpus):
    ingested = read(corpus)
    details = {clip.name: [issue.detail for issue in clip.issues] for clip in ingested.manifest.clips}
    assert (
        details["spNO.902/j_2"]
        == [
            f"{BOOK}, label, row 5: the authors list image 5 between onset and offset",
            "no images between onset and offset for 5",
        ][:1]
    )
    assert details["spNO.901/a_9"][0].endswith("list image 12, 14 between onset and offset")
    assert ingested.manifest.provenance["lists of damaged images"] == "cannot open.txt, poor.txt"
    (corpus / "cannot open.txt").write_text("nothing of the kind")
    assert rows_of(read(corpus))["spNO.902/j_2"].issues == ()


def test_events_of_one_video_and_onset_keep_apart(corpus, workbook):
    workbook(corpus / BOOK, {"label": [HEADER, ROWS[0], ROWS[0]]})
    rows = rows_of(read(corpus))
    assert rows["spNO.901/a_9"].issues == ("frame-poor",)
    assert rows["spNO.901/a_9#2"].issues == ("frame-poor", "duplicate-name")


def test_corrections_apply_by_level_to_the_one_event_they_mean(corpus, monkeypatch):
    invented = (
        Correction(
            key="spNO.902/e", guard={"onset": 3, "apex": 5, "offset": None}, change={"offset": 9}, mark="safe", why="w"
        ),
        Correction(
            key="spNO.902/e", guard={"onset": 5, "apex": 8, "offset": 105}, change={"offset": 9}, mark="opt-in", why="w"
        ),
        Correction(key="spNO.902/e", guard={"apex": None, "offset": 8}, change={"apex": 3}, mark="conflict", why="w"),
    )
    monkeypatch.setattr(casme3_a, "CORRECTIONS", invented)
    found = {}
    for level in ("none", "safe", "all"):
        rows = rows_of(read(corpus, corrections=level))
        found[level] = [rows[f"spNO.902/e_{onset}"].numbers for onset in (3, 5, 0)]
        assert "correction-conflict" in rows["spNO.902/e_0"].issues
    assert found["none"] == [(3, 5, None), (5, 8, 105), (None, None, 8)]
    assert found["safe"] == [(3, 5, 9), (5, 8, 105), (None, None, 8)]
    assert found["all"] == [(3, 5, 9), (5, 8, 9), (None, None, 8)]


def test_the_shipped_corrections_have_the_right_form():
    marks = [entry.mark for entry in casme3_a.CORRECTIONS]
    assert {mark: marks.count(mark) for mark in marks} == {"safe": 4, "opt-in": 1, "conflict": 2}
    for entry in casme3_a.CORRECTIONS:
        assert re.fullmatch(r"spNO\.[0-9]{1,3}/[a-m]", entry.key)
        assert set(entry.guard) == {"onset", "apex", "offset"}
        assert set(entry.change) <= set(entry.guard)
        assert all(entry.guard[name] != value for name, value in entry.change.items())
        assert entry.why


@pytest.mark.parametrize("mark", ["safe", "all"])
def test_an_onset_of_zero_is_corrected_and_its_apex_stays_in_doubt(corpus, workbook, monkeypatch, mark):
    shipped = casme3_a.CORRECTIONS
    monkeypatch.setattr(
        casme3_a, "CORRECTIONS", [Correction(**{**_fields(entry), "key": "spNO.902/e"}) for entry in shipped]
    )
    workbook(corpus / BOOK, {"label": [HEADER, ["spNO.902", "e", 0, 0, 25, "14", "II", "fear"]]})
    (row,) = rows_of(read(corpus, corrections=mark)).values()
    assert row.numbers == (1, None, 25)
    assert row.issues == ("onset-missing", "apex-missing", "correction-conflict", "correction-applied")


def _fields(entry):
    return {name: getattr(entry, name) for name in ("guard", "change", "mark", "why")}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"events": "macro"}, r"there are no events 'macro' in CAS\(ME\)\^3 part A: choose one of micro, all"),
        ({"events": "all"}, r"no label file of CAS\(ME\)\^3 part A below .*: looked for CAS\(ME\)3_part_A_v2"),
        ({"events": "all", "sheet": BOOK}, "sheet 'label' lacks the column Expression type: give .*_part_A_v2"),
    ],
)
def test_what_is_not_there_is_one_sentence(corpus, options, says):
    if "sheet" in options:
        options = {**options, "sheet": corpus / options["sheet"]}
    with pytest.raises(UsageError, match=says):
        read(corpus, **options)


def test_a_renamed_emotion_is_not_overlooked(corpus, workbook):
    workbook(corpus / BOOK, {"label": [[*HEADER[:-1], "feeling"], *ROWS]})
    with pytest.raises(UsageError, match="lacks the column emotion"):
        read(corpus)


def test_no_frame_of_a_video_is_named_by_the_depth_beside_it(corpus):
    patterns = {row.path: row.frame_pattern for row in read(corpus).manifest.recordings}
    assert patterns == {f"part_A/{name}/color": "{n}.jpg" for name in VIDEOS}
