"""Commands that make manifests and look at them: ingest of several corpora, merge, corpora, validate, inspect."""

import json

import cv2
import numpy as np
import pytest
from invented.casme2 import CORPORA as INVENTED

from me_augment.corpora import CORPORA
from me_augment.manifest import Manifest


def fails(outcome, code, words):
    """Assert that a command failed with one sentence that has these words."""
    assert outcome[0] == code
    message = outcome[2].strip().splitlines()[-1]
    assert message.startswith("Error: ")
    assert words in message


@pytest.fixture
def corpus(tmp_path):
    """An invented CASME II with every trap."""
    return INVENTED[0].write(tmp_path / "CASME2")


@pytest.fixture
def faces(tmp_path):
    """A folder of two pictures."""
    (tmp_path / "faces").mkdir()
    for name in ("ann", "bob"):
        cv2.imwrite(str(tmp_path / "faces" / f"{name}.png"), np.full((48, 64, 3), 90, np.uint8))
    return tmp_path / "faces"


@pytest.fixture
def ingested(cli, corpus, tmp_path):
    """Its manifest."""
    assert cli("ingest", "casme2", corpus, "--out", tmp_path / "m", "--no-landmarks")[0] == 0
    return tmp_path / "m"


def test_corpora_says_how_to_cite_one(cli):
    code, out, _ = cli("corpora", "--cite", "CASME2")
    assert code == 0
    assert out.startswith("% CASME II\n% agreement: signed, with the Institute of Psychology")
    assert "@article{yan2014casme2," in out
    assert "no publication could be confirmed" in cli("corpora", "--cite", "meview")[1]
    fails(cli("corpora", "--cite", "casme9"), 2, "there is no corpus 'casme9'")


def test_corpora_lists_what_can_be_read(cli):
    code, out, _ = cli("corpora")
    assert code == 0
    for corpus in CORPORA.values():
        assert corpus.name in out
        assert corpus.title.split()[0] in out


class TestIngest:
    def test_auto_says_what_it_found_and_why(self, cli, corpus, tmp_path):
        code, out, _ = cli("ingest", "auto", corpus, "--out", tmp_path / "m", "--no-landmarks")
        assert code == 0
        assert "is CASME II (casme2): it has CASME2-coding-20140508.xlsx with 8 rows" in out
        assert Manifest.open(tmp_path / "m").corpus == "casme2"
        (tmp_path / "empty").mkdir()
        fails(cli("ingest", "auto", tmp_path / "empty", "--out", tmp_path / "n"), 2, "looks like no corpus")
        fails(cli("ingest", "auto", tmp_path / "none", "--out", tmp_path / "n"), 2, "none does not exist")

    def test_several_corpora_become_one_manifest(self, cli, corpus, faces, tmp_path):
        pairs = ("casme2", corpus, "faces", faces)
        code, out, _ = cli("ingest", *pairs, "--out", tmp_path / "m", "--no-landmarks", "--corrections", "none")
        assert code == 0
        assert "10 clips of 5 people" in out
        manifest = Manifest.open(tmp_path / "m")
        assert manifest.corpus == "casme2+faces"
        assert {key for key in manifest.roots if key} == {"casme2", "faces"}
        assert "frames" in " ".join(manifest.provenance)

    def test_options_that_do_not_go_with_several(self, cli, corpus, faces, tmp_path):
        common = ("--out", tmp_path / "m", "--no-landmarks")
        two = ("ingest", "casme2", corpus, "faces", faces, *common)
        fails(cli(*two, "--sheet", "x.xlsx"), 2, "--sheet is about one corpus")
        fails(cli(*two, "--licence", "CC0"), 2, "--licence is about one corpus")
        fails(cli(*two, "--never-show", "x"), 2, "none of casme2, faces has an option --never-show")
        fails(cli("ingest", "casme2", corpus, "faces", *common), 2, "'faces' stands alone")
        fails(cli("ingest", "faces", faces, *common, "--columns", "x"), 2, "faces has no option columns")
        assert not (tmp_path / "m").exists()

    def test_the_same_corpus_twice_is_kept_once(self, cli, corpus, tmp_path):
        code, out, err = cli(
            "ingest", "casme2", corpus, "casme2", corpus, "--out", tmp_path / "m", "--no-landmarks"
        )  # fmt: skip
        assert code == 0
        assert "8 clips of 3 people" in out
        assert "8 clips in several of the manifests" in err

    def test_apexes_are_estimated_on_request_only(self, cli, corpus, ingested, tmp_path):
        before = {clip.name: clip for clip in Manifest.open(ingested).clips}
        assert not any(clip.apex_estimated for clip in before.values())
        for method in ("middle", "flow"):
            code, out, _ = cli(
                "ingest", "casme2", corpus, "--out", tmp_path / method, "--no-landmarks", "--apex", method
            )
            assert code == 0
            assert "1 apexes were estimated" in out
            after = {clip.name: clip for clip in Manifest.open(tmp_path / method).clips}
            changed = [name for name in after if after[name] != before[name]]
            assert changed == ["sub91/EP03_1"]
            assert after[changed[0]].apex_estimated

    def test_the_official_list_and_a_person_map(self, cli, corpus, tmp_path):
        (tmp_path / "list.csv").write_text("casme2,sub91,EP02_01f,1\ncasme2,sub91,EP99_99,0\n")
        (tmp_path / "map.csv").write_text("person,same_as\ncasme2:sub92,casme2:sub91\nsamm:001,casme2:sub91\n")
        files = ("--megc2019", tmp_path / "list.csv", "--person-map", tmp_path / "map.csv")
        code, out, err = cli("ingest", "casme2", corpus, "--out", tmp_path / "m", "--no-landmarks", *files)
        assert code == 0
        assert "8 clips of 2 people" in out
        assert "1 lines have no clip of casme2: sub91 EP99_99" in err
        assert "names samm:001, who is not in the manifest" in err
        manifest = Manifest.open(tmp_path / "m")
        assert [clip.name for clip in manifest.clips if clip.protocols] == ["sub91/EP02_01f"]
        assert {clip.person_id for clip in manifest.clips} == {"casme2:sub91", "casme2:sub07"}
        (tmp_path / "map.csv").write_text("a:1,a:1\n")
        fails(cli("ingest", "casme2", corpus, "--out", tmp_path / "n", "--no-landmarks", *files), 2, "a circle")


def test_merge(cli, ingested, faces, tmp_path):
    code, out, _ = cli("ingest", "faces", faces, "--out", tmp_path / "f", "--no-landmarks")
    assert (code, out.splitlines()[-1]) == (0, f"2 faces of 2 people → {tmp_path / 'f'}")
    code, out, _ = cli("merge", ingested, tmp_path / "f", "--out", tmp_path / "both")
    assert (code, out) == (0, f"10 clips of 5 people → {tmp_path / 'both'}\n")
    both = Manifest.open(tmp_path / "both")
    assert both.provenance["megc2019"] == "membership by rule"
    assert both.path_of(both.recordings[-1]).is_file()
    fails(cli("merge", ingested, tmp_path / "f", "--out", tmp_path / "both"), 2, "--overwrite")
    assert cli("merge", ingested, "--out", tmp_path / "both", "--overwrite")[0] == 0
    fails(cli("merge", ingested, tmp_path, "--out", tmp_path / "n"), 2, "is not a manifest")
    assert cli("merge", "--out", tmp_path / "n")[0] == 2


class TestValidate:
    def test_a_sound_manifest_with_warnings(self, cli, ingested):
        code, out, _ = cli("validate", ingested)
        assert code == 0
        assert "is sound: 8 clips, 8 recordings" in out
        assert "warning (counts): label-version-unknown: casme2 has 8 micro events" in out
        lines = [line.split() for line in out.splitlines()]
        assert ["frame-missing", "2", "0"] in lines
        assert ["frames", "not", "read", "(--decode)"] in lines

    def test_a_corpus_that_is_not_there_is_said_once(self, cli, corpus, ingested, tmp_path):
        code, out, err = cli("validate", ingested, "--root", tmp_path / "nowhere", "--decode")
        assert (code, out) == (2, "")
        assert err.startswith(f"Error: the corpus folder {tmp_path / 'nowhere'} is not there: mount it")
        corpus.rename(tmp_path / "elsewhere")
        code, out, err = cli("validate", ingested, "--decode")
        assert code == 1
        assert out.count("is not there: mount it") == 1
        assert err.endswith("has 1 problem.\n")

    def test_issues_are_listed_row_by_row(self, cli, ingested):
        out = cli("validate", ingested, "--issues")[1]
        noted = [(row.name, issue.code) for row in Manifest.open(ingested).clips for issue in row.issues]
        assert noted
        assert all(f"{name}: {code}: " in out for name, code in noted)

    def test_json_says_the_same(self, cli, ingested):
        code, out, _ = cli("validate", ingested, "--json", "--decode")
        told = json.loads(out)
        assert (code, told["sound"], told["problems"]) == (0, True, [])
        assert told["checks"]["frames"] == "ok"
        assert [warning["check"] for warning in told["warnings"]] == ["counts"]
        assert told["issues"]["frame-missing"] == {"clips": 2, "recordings": 0}
        noted = {(row["name"], row["code"]) for row in told["rows"]}
        assert len(noted) == sum(sum(counts.values()) for counts in told["issues"].values())

    def test_a_damaged_frame_is_a_problem_when_it_is_read(self, cli, corpus, ingested):
        (corpus / "CASME2_RAW_selected/sub91/EP02_01f/img34.jpg").write_bytes(b"\xff\xd8")
        assert cli("validate", ingested)[0] == 0
        code, out, err = cli("validate", ingested, "--decode")
        assert code == 1
        assert "EP02_01f, position 3: " in out
        assert "1 problem" in err
        code, out, _ = cli("validate", ingested, "--decode", "--json")
        assert (code, json.loads(out)["sound"]) == (1, False)


class TestInspect:
    def test_counts_and_plots(self, cli, ingested, tmp_path):
        plots = tmp_path / "p"
        code, out, _ = cli("inspect", ingested, "--plots", plots)
        assert code == 0
        assert out.startswith("casme2: 8 clips of 3 people in 8 recordings\n")
        assert "negative 2" in out
        assert len(list(plots.iterdir())) == 5
        fails(cli("inspect", ingested, "--plots", plots), 2, "not an empty folder")

    def test_json(self, cli, ingested):
        told = json.loads(cli("inspect", ingested, "--json")[1])
        assert told["counts"]["status"] == {"ok": 7, "failed": 1}
        assert told["lengths"]["casme2"]["clips"] == 4
