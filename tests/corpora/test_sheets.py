"""Label tables: cells as text, the header wherever it stands, the end of the data, what is no table."""

import re

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.corpora.sheets import Columns, read_table
from me_augment.errors import UsageError

COLUMNS = Columns(
    required={"subject": ("Subject",), "onset": ("OnsetFrame", "Onset")},
    optional={"note": ("Notes",)},
    keys={"subject": re.compile(r"[0-9]+")},
)
HEADER = ["Subject", None, "OnsetFrame"]


def cells(table):
    return [(row.number, dict(row.cells)) for row in table.rows]


def test_cells_come_as_text_and_nothing_is_taken_for_missing(tmp_path, workbook):
    values = ["01", 46, 46.0, 46.5, "NULL", "null", "/", "\\", "?", " 7 ", None, "NA"]
    path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, *(["1", None, value] for value in values)]})
    read = [row.cells["onset"] for row in read_table(path, COLUMNS).rows]
    assert read == ["01", "46", "46", "46.5", "NULL", "null", "/", "\\", "?", " 7 ", "", "NA"]


def test_all_formats_read_alike(tmp_path, workbook, old_workbook):
    rows = [["title"], ["Subject", "", "OnsetFrame"], ["01", "", 46.0], [2, "", "x,y"], ["total", "", 2]]
    xlsx = workbook(tmp_path / "a.xlsx", {"S": rows, "T": []})
    xls = old_workbook(tmp_path / "a.xls", {"S": rows, "T": []})
    csv = tmp_path / "a.csv"
    csv.write_text('\ufefftitle\r\nSubject,,OnsetFrame\r\n01,,46\r\n2,,"x,y"\r\ntotal,,2\r\n', encoding="utf-8")
    excel_csv = tmp_path / "b.csv"
    excel_csv.write_bytes("title;é;\nSubject;;OnsetFrame\n01;;46\n2;;x,y\ntotal;;2\n".encode("latin-1"))
    expected = [(3, {"subject": "01", "onset": "46"}), (4, {"subject": "2", "onset": "x,y"})]
    for path in (xlsx, xls, csv, excel_csv):
        assert cells(read_table(path, COLUMNS)) == expected, path
    assert read_table(xlsx, COLUMNS).title == "a.xlsx, S"
    assert read_table(csv, COLUMNS).title == "a.csv"


def test_an_old_name_on_a_new_workbook_is_no_obstacle(tmp_path, workbook):
    path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, ["1", None, 2]]}).rename(tmp_path / "a.xls")
    assert len(read_table(path, COLUMNS).rows) == 1


def test_the_header_is_found_below_text_under_other_spellings(tmp_path, workbook):
    rows = [["a citation"]] * 13 + [["notes'", " ONSET\n", "extra", "subject '"], ["n", 5, "e", "3"]]
    path = workbook(tmp_path / "a.xlsx", {"empty": [], "S": rows})
    table = read_table(path, COLUMNS)
    assert cells(table) == [(15, {"subject": "3", "onset": "5", "note": "n"})]
    assert set(table.fields) == {"subject", "onset", "note"}


def test_a_spoilt_last_row_is_no_text_below_the_table(tmp_path, workbook):
    columns = Columns(
        required={"subject": ("Subject",), "onset": ("Onset",), "offset": ("Offset",)},
        keys={"subject": re.compile(r"[0-9]+")},
    )
    rows = [["Subject", "Onset", "Offset"], ["1", 5, 6], ["S2", 7, 8.0], ["sum", 2, None], ["by me", None, None]]
    table = read_table(workbook(tmp_path / "a.xlsx", {"S": rows}), columns)
    assert table.misfits == ("row 3 is no data row (Subject 'S2')",)


def test_a_last_row_spoilt_in_key_and_numbers_is_no_text_below_the_table(tmp_path, workbook):
    columns = Columns(
        required={"subject": ("Subject",), "onset": ("Onset",), "offset": ("Offset",), "emotion": ("Emotion",)},
        keys={"subject": re.compile(r"[0-9]+")},
    )
    head, good = ["Subject", "Onset", "Offset", "Emotion"], ["1", 5, 6, "fear"]
    below = [["sum", 2, None, None], ["by me", None, None, "x"], [None, None, None, None]]
    for spoilt in (["S2", 7, "8?", "joy"], ["S2", "x", None, "joy"]):
        table = read_table(workbook(tmp_path / "a.xlsx", {"S": [head, good, spoilt, *below]}), columns)
        assert table.misfits == ("row 3 is no data row (Subject 'S2')",)
    # Text may stand in every column of a table of two.
    assert read_table(workbook(tmp_path / "b.xlsx", {"S": [HEADER, ["1", 0, 5], ["sum", 0, 2]]}), COLUMNS).misfits == ()


def test_a_column_that_only_some_copies_have_can_be_a_key(tmp_path, workbook):
    columns = Columns(
        required={"subject": ("Subject",), "onset": ("Onset",), "offset": ("Offset",)},
        optional={"kind": ("Type",)},
        keys={"subject": re.compile(r"[0-9]+"), "kind": re.compile("macro|micro")},
    )
    rows = [["Subject", "Onset", "Offset", "Type"], ["1", 5, 6, "macro"], ["2", 7, 8, "x"], ["3", 8, 9, "micro"]]
    table = read_table(workbook(tmp_path / "a.xlsx", {"S": rows}), columns)
    assert table.misfits == ("row 3 is no data row (Type 'x')",)
    assert len(read_table(workbook(tmp_path / "b.xlsx", {"S": [row[:3] for row in rows]}), columns).rows) == 3


def test_columns_without_a_header_are_told_by_their_place(tmp_path, workbook):
    columns = Columns(
        required={"subject": ("participant",), "onset": ("onset",), "offset": ("offset",)},
        keys={"subject": re.compile(r"[0-9]+")},
        positions={"subject": 0, "onset": 2, "offset": 3},
    )
    sheets = {"rules": [["a", "b"]], "S": [[7, "x", 1, 2], ["n", "x", 3, 4], [8, "y", 5]]}
    table = read_table(workbook(tmp_path / "a.xlsx", sheets), columns)
    assert table.sheet == "S"
    assert [(row.number, row.cells["offset"]) for row in table.rows] == [(1, "2"), (3, "")]
    assert table.misfits == ("row 2 is no data row (participant 'n')",)
    with pytest.raises(UsageError, match=r"no row of .* looks like one of its labels .participant in column 1"):
        read_table(workbook(tmp_path / "b.xlsx", {"S": [["x", "y", 1, 2]]}), columns)


def test_a_hidden_sheet_is_read_only_where_no_other_will_do(tmp_path):
    book = openpyxl.Workbook()
    hidden = book.active
    hidden.title, hidden.sheet_state = "old", "hidden"
    hidden.append(HEADER)
    hidden.append(["1", None, 5])
    shown = book.create_sheet("new")
    book.save(tmp_path / "a.xlsx")
    assert read_table(tmp_path / "a.xlsx", COLUMNS).hidden
    shown.append(HEADER)
    shown.append(["1", None, 6])
    book.save(tmp_path / "b.xlsx")
    table = read_table(tmp_path / "b.xlsx", COLUMNS)
    assert (table.sheet, table.hidden, table.rows[0].cells["onset"]) == ("new", False, "6")


def test_text_below_the_data_ends_it_and_text_within_is_reported(tmp_path, workbook):
    rows = [HEADER, ["1", None, 5], [None] * 3, ["?", None, 6], ["2", None, 7], ["sum", None, 2], ["by me"]]
    table = read_table(workbook(tmp_path / "a.xlsx", {"S": rows}), COLUMNS)
    assert [row.number for row in table.rows] == [2, 5]
    assert table.misfits == ("row 4 is no data row (Subject '?')",)


def test_a_workbook_that_states_a_wrong_size_is_read_whole(tmp_path, workbook):
    import zipfile

    path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, ["1", None, 5], ["2", None, 6]]})
    lying = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(lying, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', data))
    assert len(openpyxl.load_workbook(lying, read_only=True)["S"][1]) == 1
    assert len(read_table(lying, COLUMNS).rows) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "gb18030"])
def test_a_csv_may_have_any_common_encoding(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("Subject,OnsetFrame\n1,2\n3,4".encode(encoding))
    assert [row.cells["onset"] for row in read_table(path, COLUMNS).rows] == ["2", "4"]


def broken(name, tmp_path, workbook):
    path = tmp_path / f"{name}.xlsx"
    if name == "empty":
        return workbook(path, {"S": [], "T": []})
    if name == "columns":
        return workbook(path, {"S": [["Subject", "Apex"], ["1", 2]], "T": [["x"]]})
    if name == "rows":
        return workbook(path, {"S": [HEADER, ["nobody", None, 2]]})
    if name == "truncated":
        whole = workbook(path, {"S": [HEADER, ["1", None, 2]]}).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    if name == "quote":
        path = tmp_path / "quote.csv"
        path.write_text('Subject,OnsetFrame,AU\n1,2,"4\n1,3,5\n1,4,6\n')
    if name == "text":
        path.write_text("<html>login</html>")
    if name == "void":
        path.write_bytes(b"")
    if name == "ole":
        path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(5000))
    if name == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty", "is empty"),
        ("columns", "sheet 'S' of .*columns.xlsx lacks the column OnsetFrame in its first 30 rows"),
        ("rows", r"has a header but no data rows: row 2 is no data row \(Subject 'nobody'\)"),
        ("truncated", "is damaged or protected"),
        ("quote", "is no sound CSV file: a quotation mark is opened and never closed, in row 2 or before"),
        ("text", "is not an Excel workbook"),
        ("void", "is not an Excel workbook"),
        ("ole", "is damaged or protected"),
        ("missing", "cannot be read .No such file"),
        ("folder", "cannot be read .Is a directory"),
    ],
)
def test_what_is_no_label_table_is_one_sentence(tmp_path, workbook, name, says):
    with pytest.raises(UsageError, match=says) as caught:
        read_table(broken(name, tmp_path, workbook), COLUMNS)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


@given(rows=st.lists(st.tuples(st.integers(0, 99), st.text(max_size=5)), min_size=1, max_size=8))
def test_any_csv_cell_survives(tmp_path_factory, rows):
    import csv

    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, quoting=csv.QUOTE_ALL).writerows([["Subject", "Onset"], *rows])
    assert [row.cells["onset"] for row in read_table(path, COLUMNS).rows] == [text for _, text in rows]
