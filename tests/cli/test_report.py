"""`me-augment report`."""

import shutil

import pytest


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "run")


def test_a_run_keeps_its_report(cli, run):
    code, out, err = cli("report", run, "--clips", 1)
    assert (code, "1 clip to play" in out, f"→ {run / 'report.html'}" in out) == (0, True, True)
    assert "Drawing clips: 1 of 1" in err
    first = (run / "report.html").read_bytes()
    assert cli("report", run, "--clips", 1)[0] == 0
    assert (run / "report.html").read_bytes() == first


def test_a_manifest_is_not_written_into(cli, tiny_manifest, tmp_path):
    code, _, err = cli("report", tiny_manifest.folder)
    assert (code, "name a file with --out" in err) == (2, True)
    assert cli("report", tiny_manifest.folder, "--out", tmp_path / "m.html", "--clips", 0)[0] == 0
    assert (tmp_path / "m.html").is_file()


def test_a_corpus_that_moved_costs_the_pictures_only(cli, tiny_manifest, tmp_path):
    (tmp_path / "gone").mkdir()
    code, out, err = cli("report", tiny_manifest.folder, "--out", tmp_path / "m.html", "--root", tmp_path / "gone")
    assert (code, "0 clips to play" in out) == (0, True)
    assert "could not be shown" in err
    assert "nor could 3 more" in err


def test_no_clip_is_drawn_for_a_page_that_cannot_be_written(cli, run, tmp_path):
    (tmp_path / "no").write_text("a file")
    code, out, err = cli("report", run, "--out", tmp_path / "no" / "where.html")
    assert code == 2
    assert f"{tmp_path / 'no'} cannot be made" in err
    assert "Drawing" not in out + err


@pytest.mark.parametrize("place", ["mine.html", "mine.html/where.html"])
def test_where_it_cannot_be_written_is_one_sentence(cli, run, tmp_path, place):
    (tmp_path / "mine.html").write_text("mine")
    code, _, err = cli("report", run, "--clips", 0, "--out", tmp_path / place)
    assert code in (1, 2)
    assert err.strip().splitlines()[-1].startswith("Error: ")
    assert (tmp_path / "mine.html").read_text() == "mine"


@pytest.mark.parametrize("place", ["report.txt", "report", "report.html.gz"])
def test_a_report_is_a_web_page_and_is_called_one(cli, run, tmp_path, place):
    code, _, err = cli("report", run, "--clips", 0, "--out", tmp_path / place)
    assert (code, "give a name ending in .html" in err) == (2, True)
    assert not (tmp_path / place).exists()
