"""Every form in which intervals are exchanged, and the command that compares them."""

import json

import pytest

from me_augment.cli import main
from me_augment.errors import UsageError
from me_augment.evaluation.spotting import Interval, compare
from me_augment.evaluation.spotting_files import log_lines, megc2022_lines, read_intervals, video_name

MEGC2020 = "s15 0401 macro-expression 12.0 20.0 31.0\n006 1 micro-expression 100 120 140\n"
AUW_GCN = (
    "subject,video_name,start_frame,apex_frame,end_frame,type_idx,au\n"
    "casme_015,casme_015_0401,12,20,31,1,4+7\nsamm_006,samm_006_1,100,120,0,2,\n"
)
MEGC2022 = "vid,pred_onset,pred_offset,type\ns15_0401,12,31,mae\r\n006_1,100,140,me\n"
MEGC2023 = "vid,onset,offset,type\ns15_0401,12,31,mae\n006_1,100,140,me\n"
MEGC2024 = "subject,video,onset,offset,emotion\n17,017_3,5,9,negative\n15,anger1,5,9,others\n"
LOG = "1\ns15_0401 12 31 14 30 TP\ns15_0401 50 60 - - FN\n2\n006_1 - - 7 9 FP\n"


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "list.txt"
        path.write_bytes(text.encode())
        return path

    return write


def spans(path, predicted=True):
    return [(one.video, one.onset, one.offset, one.kind) for one in read_intervals(path, predicted=predicted)]


@pytest.mark.parametrize("text", [MEGC2020, MEGC2022, MEGC2023, f"\ufeff{MEGC2023}"])
def test_three_forms_of_the_same(file, text):
    assert spans(file(text)) == [("s15_0401", 12, 31, "macro"), ("006_1", 100, 140, "micro")]


def test_auw_gcn_keeps_an_offset_of_zero_that_is_the_apex(file):
    assert spans(file(AUW_GCN)) == [("s15_0401", 12, 31, "macro"), ("006_1", 100, 120, "micro")]


def test_emotions_and_subjects_of_2024(file):
    found = read_intervals(file(MEGC2024), predicted=True)
    assert found == [
        Interval("017_3", 5, 9, "micro", "negative"),
        Interval("15_anger1", 5, 9, "micro", "others"),
    ]


def test_a_log_holds_both_sides(file):
    assert spans(file(LOG)) == [("s15_0401", 14, 30, "micro"), ("006_1", 7, 9, "micro")]
    assert spans(file(LOG), predicted=False) == [("s15_0401", 12, 31, "micro"), ("s15_0401", 50, 60, "micro")]


def test_what_is_written_is_read(file):
    said = [Interval("s15_0401", 3, 9), Interval("006_1", 5, 8, "macro")]
    assert set(read_intervals(file("\n".join(megc2022_lines(said))), predicted=True)) == set(said)
    truth = [Interval("s15_0401", 3, 9), Interval("s15_0401", 30, 40)]
    lines = log_lines(compare(truth, [Interval("s15_0401", 3, 10), Interval("006_1", 5, 8)]))
    assert lines == ["006_1 - - 5 8 FP", "s15_0401 3 9 3 10 TP", "s15_0401 30 40 - - FN"]
    assert spans(file("\n".join(lines)), predicted=False) == [
        (one.video, one.onset, one.offset, "micro") for one in truth
    ]


def test_a_name_stays_one_cell_and_no_formula():
    (_, line) = megc2022_lines([Interval("=cmd(1, 2)", 1, 2)])
    assert line == "_cmd(1__2),1,2,me"


@pytest.mark.parametrize(
    ("subject", "video", "name"),
    [("casme_015", "casme_015_0401", "s15_0401"), ("samm_006", "samm_006_1", "006_1"), ("s15", "0401", "s15_0401"),
     ("006", "1", "006_1"), ("17", "017_3", "017_3"), ("", "002_4", "002_4"), ("17", "017", "17_017")],
)  # fmt: skip
def test_one_name_for_a_video(subject, video, name):
    assert video_name(subject, video) == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s15 0401 macro-expression 12 20\n", "line 1: 5 words"),
        ("s15 0401 smile 12 20 31\n", "'smile' is neither"),
        ("s15 0401 macro-expression x 20 31\n", "onset is 'x'"),
        ("s15 0401 macro-expression nan 20 31\n", "onset is 'nan'"),
        ("s15 0401 macro-expression 40 20 31\n", "ends at 31, before"),
        ("a,b\n1,2\n", "columns a, b"),
        ("vid,onset,offset,type\nv,1,2\n", "3 cells below 4 columns"),
    ],
)
def test_mistakes_name_the_line(file, text, words):
    with pytest.raises(UsageError, match=words):
        read_intervals(file(text), predicted=True)


def test_command(tmp_path, capsys):
    (tmp_path / "gt").write_text(MEGC2024)
    (tmp_path / "pred").write_text(
        "subject,video,onset,offset,emotion\n17,017_3,5,10,negative\n15,anger1,20,29,others\n"
    )
    log = tmp_path / "log"
    arguments = ["evaluate", "spotting", str(tmp_path / "pred"), str(tmp_path / "gt"), "--log", str(log)]
    main([*arguments, "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["micro"]["hits"] == 1
    assert figures["overall"]["f1"] == 0.5
    assert figures["strs"]["strs"] == pytest.approx(0.5 * figures["strs"]["analysis_f1"])
    assert log.read_text().count("TP") == 1
    main(arguments)
    assert "STRS" in capsys.readouterr().out


def test_command_mistakes(tmp_path, capsys):
    (tmp_path / "pred").write_text("a b c\n")
    for first, words in (("pred", "3 words"), ("nowhere", "no file and no folder")):
        with pytest.raises(SystemExit) as end:
            main(["evaluate", "spotting", str(tmp_path / first), str(tmp_path / "pred")])
        assert end.value.code == 2
        assert words in capsys.readouterr().err
