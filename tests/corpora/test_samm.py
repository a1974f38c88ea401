"""SAMM: copies of its sheet, its trees, shipped corrections, the MEGC2019 rule."""

import re
import shutil

import pytest
from invented import rows_of
from invented.samm import BOOK, CORPORA, EXPECTED, HEADER, PREAMBLE, draw, table

from me_augment.corpora import read_corpus, samm
from me_augment.corpora.corrections import Correction
from me_augment.manifest.au import parse_aus


@pytest.fixture
def corpus(tmp_path):
    return CORPORA[0].write(tmp_path / "SAMM_all")


def read(root, **options):
    return read_corpus("samm", root, **options)


def test_copies_of_the_sheet_read_alike(corpus, tmp_path, workbook, old_workbook):
    wide = [[*row, None, None] for row in table()]
    copies = [
        workbook(tmp_path / "bare.xlsx", {"MICRO_ONLY": table()}),
        workbook(tmp_path / "wide.csv", {"": wide}),
        old_workbook(tmp_path / "copy.xls", {"MICRO_ONLY": [*PREAMBLE, *table()]}),
    ]
    for copy in copies:
        assert rows_of(read(corpus, sheet=copy)) == EXPECTED, copy


def test_issues_say_what_contradicts_what(corpus):
    clips = {clip.name: clip for clip in read(corpus).manifest.clips}
    slip, other = clips["091/091_1_3"], clips["091/091_1_5"]
    where = f"{BOOK}, MICRO_ONLY, row"
    assert [issue.detail for issue in slip.issues] == [
        f"{where} 16: Duration '12' is not that of 60 to 70, both included"
    ]
    assert other.issues[0].detail == f"{where} 21: Subject '092' is not that of '091_1_5'"
    assert (other.subject, other.au_verbatim) == ("091", "R14A")
    assert clips["091/091_1_4"].au_verbatim == "12+15 "


def test_a_row_that_calls_itself_macro_is_noted(corpus, workbook):
    rows = table()
    rows[1][HEADER.index("Micro")] = "Macro"
    workbook(corpus / BOOK, {"MICRO_ONLY": rows})
    clip = read(corpus).manifest.clips[0]
    assert [issue.code for issue in clip.issues] == ["expression-unknown"]


@pytest.mark.parametrize("folder", ["SAMM_CROP", "SAMM_cropped", "pack/samm_crop"])
def test_raw_comes_before_cropped(corpus, folder):
    draw(corpus, folder, before="reg_")
    assert read(corpus).manifest.provenance["frames"] == f"SAMM (not read: {folder})"
    cropped = read(corpus, tree="cropped")
    assert rows_of(cropped) == EXPECTED
    assert cropped.manifest.recordings[0].frame_pattern == "reg_091_{n}.jpg"
    shutil.rmtree(corpus / "SAMM")
    assert rows_of(read(corpus)) == EXPECTED


def test_a_correction_may_ask_for_any_choice_of_units(corpus, monkeypatch):
    (shipped,) = (entry for entry in samm.CORRECTIONS if entry.key == "011_4_2")
    table = tuple(
        Correction(key=key, guard=shipped.guard, change={"au": "L12"}, mark="opt-in", why="a guess")
        for key in ("091_1_2", "091_1_3", "092_2_2")
    )
    monkeypatch.setattr(samm, "CORRECTIONS", table)
    plain, mended = (read(corpus, corrections=level).manifest.clips for level in ("safe", "all"))
    assert [clip.au_verbatim for clip in plain[:4]] == ["L12 or L14", "12", "ref(7B)", "A/L12"]
    assert [clip.au_verbatim for clip in mended[:4]] == ["L12", "12", "ref(7B)", "L12"]
    assert mended[0].issues[0].detail == "au L12 or L14 is now L12: a guess"


@pytest.mark.parametrize(
    "cell", ["L12 or L14", "14or23", "(R6 or R12) + R15", "R14A or 17A or 24A", "A/L12", "4+l/r 12", "12", "10A/B",
             "4(B/C)+7B", "ref(7B)", "soft focus", "L14+R12"],
)  # fmt: skip
def test_the_guard_of_those_corrections_is_what_the_grammar_calls_a_choice(cell):
    (shipped,) = (entry for entry in samm.CORRECTIONS if entry.key == "011_4_2")
    choice = any(unit.status == "choice" for unit in parse_aus(cell).units)
    assert bool(shipped.guard["au"].fullmatch(cell)) == choice


def test_the_shipped_corrections_have_the_right_form():
    marks = [entry.mark for entry in samm.CORRECTIONS]
    assert {mark: marks.count(mark) for mark in marks} == {"safe": 2, "opt-in": 7, "conflict": 4}
    assert len({(entry.key, *entry.guard.items()) for entry in samm.CORRECTIONS}) == len(marks)
    for entry in samm.CORRECTIONS:
        assert re.fullmatch(r"0[0-9]{2}_[0-9]_[0-9]", entry.key)
        assert set(entry.change) <= set(entry.guard) <= {"onset", "apex", "offset", "au"}
        assert all(entry.guard[name] != value for name, value in entry.change.items())
        assert entry.why


def test_every_class_but_other_is_in_megc2019(corpus, workbook):
    rows = table()
    for row, word in zip(rows[1:], ("Anger", "Other", "FEAR", "Others", "joy", "", "Surprise"), strict=True):
        row[HEADER.index("Estimated Emotion")] = word
    workbook(corpus / BOOK, {"MICRO_ONLY": rows})
    clips = read(corpus).manifest.clips
    assert [bool(clip.protocols) for clip in clips] == [True, False, True, False, False, False, True]
    codes = [[issue.code for issue in clip.issues if issue.code.startswith("emotion")] for clip in clips]
    assert codes == [[], [], [], [], ["emotion-unknown"], ["emotion-missing"], []]
