"""A corpus of the user's own: column maps right and wrong, ranks, tables without header, hostile paths."""

from pathlib import Path

import pytest
from invented import rows_of
from invented.files import write_book, write_frames
from invented.generic import COLUMNS, CORPORA, EXPECTED, HEADER, ROWS

from me_augment.corpora import read_corpus
from me_augment.corpora.column_map import read_column_map
from me_augment.errors import UsageError


@pytest.fixture
def corpus(tmp_path):
    return CORPORA[0].write(tmp_path / "corpus")


def read(corpus, **options):
    return read_corpus("generic", corpus, **{**CORPORA[0].options_at(corpus), **options})


def test_terms_rates_and_sources_come_along(corpus):
    manifest = read(corpus).manifest
    own = manifest.licence
    assert [clip.licence for clip in manifest.clips] == ["consent A"] * 2 + [own] * 6
    assert {row.path: (row.fps_num, row.fps_den) for row in manifest.recordings} == {
        "day1/run1": (120, 1), "day1/run2.avi": (25, 1), "day2/still.png": (50, 1),
    }  # fmt: skip
    assert manifest.provenance == {"labels": "labels.csv", "columns": "columns.yaml"}
    assert [clip.licence for clip in read(corpus, licence="mine").manifest.clips] == ["consent A"] * 2 + ["mine"] * 6


def test_paths_are_refused_in_words(corpus):
    clips = {clip.name: clip for clip in read(corpus).manifest.clips}
    out = "labels.csv, row 6: '../../etc/run1' leads out of the folder that was given"
    assert clips["../../etc/run1"].issues[0].detail == out
    two = "labels.csv, row 9: 'day2/run3' could be run3.avi and run3.mp4; write the one that is meant"
    assert clips["day2/run3"].issues[0].detail == two


@pytest.mark.parametrize("name", ["labels.xlsx", "labels.xls"])
def test_tables_of_other_formats_read_alike(corpus, name):
    file = write_book(corpus / name, {"s": [["my labels"], [], HEADER, *ROWS]})
    assert rows_of(read(corpus, sheet=file)) == EXPECTED


def test_columns_may_be_given_by_position(corpus):
    file = write_book(corpus / "bare.csv", {"": ROWS})
    positions = COLUMNS
    for place, header in enumerate(HEADER, 1):
        positions = positions.replace(f": {header}\n", f": {place}\n")
    (corpus / "columns.yaml").write_text(positions)
    assert rows_of(read(corpus, sheet=file)) == EXPECTED


@pytest.mark.parametrize(("numbering", "onset"), [("names", 100), ("ranks from 0", 2), ("ranks from 1", 3)])
def test_numbers_are_those_of_names_or_ranks(tmp_path, numbering, onset):
    write_frames(tmp_path / "root/clip", [10, 20, 100, 150], "{n}.png")
    table = write_book(tmp_path / "t.csv", {"": [["s", "r", "a", "b"], ["p", "clip", onset, onset]]})
    said = f"columns: {{subject: s, recording: r, onset: a, offset: b}}\nnumbering: {numbering}\n"
    (tmp_path / "c.yaml").write_text(said)
    (clip,) = read(tmp_path / "root", sheet=table, columns=tmp_path / "c.yaml").manifest.clips
    assert (clip.onset, clip.onset_index, clip.offset_index) == (onset, 2, 2)
    assert (clip.person_id, clip.expression, clip.emotion, clip.issues) == ("generic:p", "micro", None, ())


def test_without_a_table_of_classes_words_decide(corpus):
    (corpus / "columns.yaml").write_text(COLUMNS.replace("classes: {joy: positive, fury: negative, puzzled: null}", ""))
    write_book(corpus / "labels.csv", {"": [HEADER, [*ROWS[0][:6], "Happiness", *ROWS[0][7:]]]})
    (clip,) = read(corpus).manifest.clips
    assert (clip.emotion, clip.label_megc3) == ("Happiness", "positive")


def test_a_row_of_another_subject_than_the_pattern_is_named(corpus):
    write_book(corpus / "labels.csv", {"": [HEADER, ["mean", *ROWS[0][1:]], ["*", *ROWS[0][1:]], *ROWS]})
    ingested = read(corpus)
    assert ingested.warnings[:2] == (
        "labels.csv: row 2 is no data row (Who 'mean'), skipped.",
        "labels.csv: row 3 is no data row (Who '*'), skipped.",
    )
    assert rows_of(ingested) == EXPECTED


def test_everybody_is_no_subject(corpus):
    (corpus / "columns.yaml").write_text(COLUMNS.replace('"p[0-9]+"', '".*"'))
    write_book(corpus / "labels.csv", {"": [HEADER, ["*", *ROWS[0][1:]], *ROWS]})
    assert read(corpus).warnings[0] == "labels.csv: row 2 is no data row (Who '*'), skipped."


def test_nothing_found_is_one_sentence(corpus):
    with pytest.raises(UsageError, match=r"no row of the labels has a folder below .* row 2 looks for day1/run1@12"):
        read(corpus / "day2", sheet=corpus / "labels.csv", columns=corpus / "columns.yaml")


@pytest.mark.parametrize("option", ["sheet", "columns"])
def test_table_and_map_are_needed(corpus, option):
    with pytest.raises(UsageError, match=f"generic needs --{option} FILE"):
        read(corpus, **{option: None})


MINIMAL = {"subject": "s", "recording": "r", "onset": "a", "offset": "b"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1, 2]", "the file is [1, 2]; it must be a mapping"),
        ("a: [", "cannot be read as YAML"),
        ("!!python/object/apply:os.system [ls]", "cannot be read as YAML"),
        ("[" * 1000, "cannot be read as YAML"),
        ("sheet: x", "'sheet' is no key: there are columns, recording, numbering"),
        ("recording: '{recording}'", "columns is missing; it must be a mapping"),
        ("columns: {subject: s}", "columns.onset is missing: say which column"),
        ("columns: {subject: s, onset: a, offset: b}", "columns.recording is missing: say which column"),
        ("columns: {peak: p, MINIMAL}", "columns.peak is no field: there are subject, recording, clip, onset, apex"),
        ("columns: {apex: 3, MINIMAL}", "columns.subject is the header 's', where others are positions"),
        ("columns: {apex: 0, MINIMAL}", "columns.apex is 0; give the header of a column"),
        (
            "columns: {apex: on, MINIMAL}",
            "columns.apex is True; give the header of a column (in quotes, where YAML takes",
        ),
        ("columns: {MINIMAL}\nrecording: '{subject}/{day}'", "columns.day is missing: say which column"),
        ("columns: {MINIMAL}\nrecording: clips", "recording is 'clips'; name columns in braces"),
        ("columns: {MINIMAL}\nnumbering: ranks", "numbering is 'ranks'; it must be one of names, ranks from 0, ranks"),
        ("columns: {MINIMAL}\nmissing: '-'", "missing is '-'; it must be a list"),
        ("columns: {MINIMAL}\nmissing: [[x]]", "missing is ['x']; it must be a text"),
        ("columns: {MINIMAL}\nexpression: ME", "expression is 'ME'; it must be one of micro, macro, neutral"),
        ("columns: {MINIMAL}\nexpressions: {ME: mirco}", "expressions.me is 'mirco'; it must be one of micro"),
        ("columns: {MINIMAL}\nclasses: {joy: happy}", "classes.joy is 'happy'; it must be one of negative, positive"),
        ("columns: {MINIMAL}\nclasses: {yes: positive}", "classes is True; it must be a text, in quotes"),
        ("columns: {MINIMAL}\nclasses: joy", "classes is 'joy'; it must be a mapping from words"),
        ("columns: {MINIMAL}\nfps: fast", "fps is 'fast'; give frames per second"),
        ("columns: {MINIMAL}\nfps: 0", "fps is 0; give frames per second"),
        ("columns: {MINIMAL}\npeople: My Lab:*", "people is 'My Lab:*'; write small letters"),
        ("columns: {MINIMAL}\nsubjects: '('", "subjects is '('; it is no regular expression"),
    ],
)
def test_a_wrong_map_names_the_key(tmp_path, text, says):
    file = tmp_path / "c.yaml"
    file.write_text(text.replace("MINIMAL", ", ".join(f"{key}: {value}" for key, value in MINIMAL.items())))
    with pytest.raises(UsageError) as caught:
        read_column_map(file)
    assert str(caught.value).startswith(str(file))
    assert says in str(caught.value)


def test_a_map_of_aliases_of_aliases_is_refused_at_once(tmp_path):
    nests = [f"  - &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    (tmp_path / "c.yaml").write_text("\n".join(["columns:", "  - &a0 [x]", *nests]))
    with pytest.raises(
        UsageError, match=r"c\.yaml cannot be read as YAML: line 3: references \(\*\) are not known here"
    ):
        read_column_map(tmp_path / "c.yaml")


def test_a_map_that_is_not_there_is_one_sentence():
    with pytest.raises(UsageError, match=r"absent\.yaml cannot be read as YAML: "):
        read_column_map(Path("absent.yaml"))
