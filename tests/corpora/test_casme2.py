"""CASME II: an invented corpus beside the rows it must give, its variants on disk, shipped corrections."""

import re
import shutil

import pytest
from invented import rows_of
from invented.casme2 import CORPORA, EXPECTED, HEADER, NEWER, OLDER, sheet_2014, sheet_2019

from me_augment.corpora import casme2, read_corpus
from me_augment.errors import UsageError

NAME = OLDER


@pytest.fixture
def corpus(tmp_path):
    """The invented corpus: raw tree, labels of 2014, a folder without row, what programs leave behind."""
    return CORPORA[0].write(tmp_path / "CASME2")


def read(root, **options):
    return read_corpus("casme2", root, **options)


def test_labels_stay_verbatim(corpus):
    clips = {clip.name: clip for clip in read(corpus).manifest.clips}
    late, reversed_, scribble = (clips[f"sub92/{name}"] for name in ("EP06_02_01", "ep51_01", "EP52_01"))
    assert (late.onset, late.apex, late.offset, late.au_verbatim) == (46, 52, 52, "R4+R10")
    assert (reversed_.onset, reversed_.apex, reversed_.offset, reversed_.emotion) == (20, 15, 10, "Fear")
    assert (scribble.onset, scribble.offset, scribble.emotion) == (None, None, "joy")
    assert scribble.issues[1].detail == f"{NAME}, Sheet1, row 9: onset 'x' is no frame number"
    assert [(unit.number, unit.side) for unit in clips["sub91/EP03_1"].aus] == [(4, None), (10, "L")]
    assert all(clip.forbidden_subjects == (clip.person_id,) for clip in clips.values())


def test_recordings_are_as_expected(corpus):
    manifest = read(corpus).manifest
    recording = {row.path: row for row in manifest.recordings}["CASME2_RAW_selected/sub92/EP09f"]
    assert (recording.first_number, recording.last_number, recording.n_frames) == (5, 13, 8)
    assert (recording.height, recording.width, recording.frame_pattern) == (48, 64, "img{n}.jpg")
    assert (recording.fps_num, recording.fps_den, recording.storage) == (200, 1, "frames")
    assert (recording.subject, recording.person_id, recording.root) == ("sub92", "casme2:sub92", "casme2")
    assert [issue.code for issue in recording.issues] == ["unverified-nominal"]
    assert len(manifest.recordings) == 8


def test_warnings_speak_of_the_whole(corpus):
    warnings = "\n".join(read(corpus).warnings)
    assert f"label-version-unknown: {NAME}, Sheet1 has 8 micro events of 3 subjects" in warnings
    assert "1 of 8 clips cannot be used, see their reason: sub92/EP50_01." in warnings
    assert "3 of 8 clips lack their onset or offset: sub07/EP91_01, sub92/ep51_01, sub92/EP52_01." in warnings
    assert "1 recordings have no label row: CASME2_RAW_selected/sub93/EP77_77." in warnings


def test_the_newer_labels_are_read_and_change_no_membership(corpus, workbook, monkeypatch):
    old = read(corpus).manifest
    workbook(corpus / NEWER, {"Sheet1": sheet_2019(), "Sheet2": [[1, 2, 3]]})
    monkeypatch.setattr(casme2, "MEGC2019_DROPPED", {"sub92/ep09f"})
    ingested = read(corpus)
    new = ingested.manifest
    assert ingested.manifest.provenance["labels"] == f"{NEWER}, Sheet1 (not read: {NAME})"
    assert new.clips[2].emotion == "surprise"
    assert new.clips[2].label_megc3 == "surprise"
    assert [clip.protocols for clip in new.clips] == [clip.protocols for clip in old.clips]
    assert [clip.objective_class for clip in new.clips] == [1, 2, 3, 4, 5, 6, 7, None]
    assert new.clips[7].issues[-1].detail.endswith("objective_class '8' is none of 1 to 7")
    assert [clip.clip_id for clip in new.clips] == [clip.clip_id for clip in old.clips]
    assert read(corpus, sheet=corpus / NAME).manifest == old


def test_a_second_sheet_and_a_second_column_of_one_name_are_said(corpus, workbook):
    head, *rows = sheet_2014()
    wide = [[*head, "Onsetframe "], *([*row, 1] for row in rows)]
    workbook(corpus / NAME, {"Sheet1": wide, "draft": [head, rows[0]], "notes": [["Subject", "Filename"]]})
    warnings = read(corpus).warnings
    assert f"{NAME}: sheet draft has the columns too, and is not read." in warnings
    assert f"{NAME}, Sheet1 has several columns onset, of which the first is read." in warnings
    assert rows_of(read(corpus)) == EXPECTED
    assert not any("sheet notes" in line for line in warnings)


def test_objective_classes_come_from_their_own_file(corpus, workbook):
    ghost = [["92", "EP09f", 5]]
    rows = [["Subject", "Filename", "Objective Class"], ["91", "EP03_1", 4], ["92", "ep09F", 6]]
    workbook(corpus / "labels/CASME2-ObjectiveClasses.xlsx", {"Sheet1": rows, "Sheet2": ghost})
    ingested = read(corpus)
    assert [clip.objective_class for clip in ingested.manifest.clips[:4]] == [None, 4, 6, None]
    assert ingested.manifest.provenance["objective classes"] == "CASME2-ObjectiveClasses.xlsx, Sheet1"


def test_a_damaged_file_of_objective_classes_costs_the_classes_only(corpus):
    (corpus / "CASME2-ObjectiveClasses.xlsx").write_bytes(b"PK\x03\x04 cut short")
    ingested = read(corpus)
    assert rows_of(ingested) == EXPECTED
    assert "objective classes" not in ingested.manifest.provenance
    assert "CASME2-ObjectiveClasses.xlsx is damaged" in ingested.warnings[-1]


def test_copies_of_the_sheet_read_alike(corpus, tmp_path, workbook, old_workbook):
    narrow = [[cell for i, cell in enumerate(row) if i not in (2, 6)] for row in sheet_2014()]
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in narrow]
    (tmp_path / "copy.csv").write_text("\n".join(lines))
    copies = [
        workbook(tmp_path / "copy.xlsx", {"x": narrow}),
        old_workbook(tmp_path / "copy.xls", {"x": sheet_2014()}),
        tmp_path / "copy.csv",
    ]
    for copy in copies:
        assert rows_of(read(corpus, sheet=str(copy))) == EXPECTED, copy


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("reg_img{n}.jpg", "Cropped"),
        ("img{n}.jpg", "Cropped-updated/Cropped"),
        ("reg_img{n}.jpg", "CASME2_preprocessed_Li Xiaobai/cropped"),
    ],
)
def test_raw_comes_before_cropped_and_each_can_be_chosen(corpus, frames, pattern, folder):
    frames(corpus / folder / "sub91/EP02_01f", range(33, 40), pattern)
    assert read(corpus).manifest.provenance["frames"] == f"CASME2_RAW_selected (not read: {folder})"
    cropped = read(corpus, tree="cropped").manifest
    assert [(row.path, row.frame_pattern) for row in cropped.recordings] == [(f"{folder}/sub91/EP02_01f", pattern)]
    assert cropped.clips[0].onset_index == 0
    shutil.rmtree(corpus / "CASME2_RAW_selected")
    assert read(corpus).manifest == cropped


def test_whole_recordings_give_other_positions_of_the_same_frames(corpus, frames):
    shutil.rmtree(corpus / "CASME2_RAW_selected")
    frames(corpus / "CASME2-RAW/SUB91/EP02_01F", range(1, 60))
    clip = read(corpus).manifest.clips[0]
    assert (clip.onset, clip.onset_index, clip.apex_index, clip.offset_index) == (33, 32, 35, 38)


def test_another_corpus_beside_it_is_not_mistaken_for_it(corpus, frames):
    shutil.rmtree(corpus / "CASME2_RAW_selected")
    for name in ("EP02_01f", "EP03_1"):
        frames(corpus / f"Z/Cropped/sub91/{name}", range(31, 42))
    frames(corpus / "A/Cropped/sub91/EP01_12", range(3))
    assert read(corpus).manifest.provenance["frames"] == "Z/Cropped (not read: A/Cropped)"


def test_a_renamed_tree_can_be_given_itself(corpus):
    tree = (corpus / "CASME2_RAW_selected").rename(corpus / "my frames")
    ingested = read(tree, sheet=corpus / NAME)
    assert rows_of(ingested) == EXPECTED
    assert ingested.manifest.provenance["frames"] == "my frames"
    assert ingested.manifest.recordings[0].path == "sub07/EP91_01"


INVENTED = (
    casme2.Correction(
        key="sub92/ep09f",
        guard={"apex": 6},
        change={"apex": 8},
        mark="safe",
        estimated=True,
        why="it is the onset",
    ),
    casme2.Correction(key="sub91/ep02_01f", guard={"apex": 35}, change={"apex": 34}, mark="safe", why="old copy"),
    casme2.Correction(
        key="sub91/ep03_1",
        guard={"apex": None},
        change={"apex": 10},
        mark="opt-in",
        estimated=True,
        why="a guess",
    ),
    casme2.Correction(key="sub92/ep06_02_01", guard={"apex": 52}, change={"apex": 50}, mark="conflict", why="two"),
)


def test_a_correction_of_no_value_leaves_an_unreadable_one(corpus, workbook, monkeypatch):
    monkeypatch.setattr(casme2, "CORRECTIONS", INVENTED)
    head, *rows = sheet_2014()
    place = head.index("ApexFrame")
    for cell, apex in (("/", 2), (None, 2), ("1o", None)):
        spoilt = [[*row[:place], cell, *row[place + 1 :]] if row[1] == "EP03_1" else row for row in rows]
        workbook(corpus / NAME, {"Sheet1": [head, *spoilt]})
        clips = {clip.name: clip for clip in read(corpus, corrections="all").manifest.clips}
        assert clips["sub91/EP03_1"].apex_index == apex, cell


@pytest.mark.parametrize(
    ("level", "hole", "no_apex"),
    [("none", (1, False), (None, False)), ("safe", (3, True), (None, False)), ("all", (3, True), (2, True))],
)
def test_corrections_apply_by_level_and_say_so(corpus, monkeypatch, level, hole, no_apex):
    monkeypatch.setattr(casme2, "CORRECTIONS", INVENTED)
    clips = {clip.name: clip for clip in read(corpus, corrections=level).manifest.clips}
    corrected, missing = clips["sub92/EP09f"], clips["sub91/EP03_1"]
    assert (corrected.apex_index, corrected.apex_estimated) == hole
    assert (missing.apex_index, missing.apex_estimated) == no_apex
    details = [issue.detail for issue in corrected.issues if issue.code == "correction-applied"]
    assert details == (["apex 6 is now 8: it is the onset"] if hole[1] else [])
    assert clips["sub91/EP02_01f"].apex == 36
    conflict = clips["sub92/EP06_02_01"]
    assert conflict.apex == 52
    assert [i.detail for i in conflict.issues if i.code == "correction-conflict"] == [
        "apex 52 stays; elsewhere it is 50: two"
    ]


def test_the_shipped_corrections_have_the_right_form():
    marks = [entry.mark for entry in casme2.CORRECTIONS]
    assert {mark: marks.count(mark) for mark in marks} == {"safe": 5, "opt-in": 14, "conflict": 4}
    assert len({entry.key for entry in casme2.CORRECTIONS}) == len(marks)
    for entry in casme2.CORRECTIONS:
        assert re.fullmatch(r"sub[0-9]{2}/ep[0-9]{2}(_[0-9]{2})+f?", entry.key)
        assert set(entry.guard) == {"apex"}
        assert entry.change["apex"] != entry.guard["apex"]
        assert entry.estimated
        assert entry.why


def test_the_shipped_protocol_drops_what_2014_and_2019_disagree_on():
    assert casme2.in_megc2019("sub91/ep02_01f", "Happiness")
    assert not casme2.in_megc2019("sub91/ep02_01f", "fear")
    assert not casme2.in_megc2019("sub91/ep02_01f", None)
    assert not any(casme2.in_megc2019(key, "surprise") for key in casme2.MEGC2019_DROPPED)


def wrong(case, corpus, workbook):
    tree = corpus / "CASME2_RAW_selected"
    if case == "no tree":
        shutil.rmtree(tree)
    if case == "no labels":
        (corpus / NAME).unlink()
    if case == "other columns":
        workbook(corpus / NAME, {"Sheet1": [["Subject", "Filename", "OnsetF"], ["91", "EP02_01f", 3]]})
    if case == "no data":
        workbook(corpus / NAME, {"Sheet1": [HEADER]})
    if case == "other frames":
        for subject in tree.iterdir():
            subject.rename(tree / subject.name.replace("sub9", "sub8"))
        shutil.rmtree(tree / "sub07")
    if case == "no clips":
        shutil.rmtree(tree)
        (tree / "sub91").mkdir(parents=True)


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (
            "no tree",
            "does not look like CASME II: looked for a folder CASME2_RAW_selected or CASME2-RAW or Cropped "
            "with subject folders in it, 4 levels deep",
        ),
        (
            "no labels",
            "no label file of CASME II .*: looked for CASME2-coding-20190701….xlsx or .*--sheet FILE",
        ),
        (
            "other columns",
            "sheet 'Sheet1' of .* lacks the column OnsetFrame, ApexFrame, OffsetFrame, Action Units",
        ),
        ("no data", "sheet 'Sheet1' has a header but no data rows"),
        (
            "other frames",
            "no row of the labels has a folder .*row 2 looks for sub91/EP02_01f, and the tree holds",
        ),
        ("no clips", "the tree holds no clip folder at all"),
    ],
)
def test_a_wrong_folder_is_one_sentence(corpus, workbook, case, says):
    wrong(case, corpus, workbook)
    with pytest.raises(UsageError, match=says):
        read(corpus)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"tree": "video"}, "has no tree 'video': choose one of raw, cropped"),
        ({"corrections": "some"}, "no level of corrections 'some': choose one of none, safe, all"),
        ({"sheet": "nowhere.xlsx"}, "label file nowhere.xlsx cannot be read"),
    ],
)
def test_a_wrong_option_is_one_sentence(corpus, options, says):
    with pytest.raises(UsageError, match=says):
        read(corpus, **options)
