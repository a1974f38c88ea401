"""`me-augment evaluate generation` as a user meets it."""

import json
import shutil

import cv2
import pandas as pd
import pytest
from fpb_golden import tiny

from me_augment.cli import main
from me_augment.generation.fpb_fomm.architecture import MENDED
from me_augment.generation.fpb_fomm.checkpoint import Provenance, read_checkpoint, write_checkpoint
from me_augment.generation.fpb_fomm.model import new_model
from me_augment.manifest import Manifest
from me_augment.manifest.persons import Persons


@pytest.fixture(scope="module")
def run(tiny_manifest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluated") / "run"
    main(["synthesize", str(tiny_manifest.folder), "--out", str(folder), "--strength", "0.6:1.4"])
    return folder


def test_a_table_and_nothing_written(run, capsys):
    before = sorted(run.rglob("*"))
    main(["evaluate", "generation", str(run)])
    out = capsys.readouterr().out
    for words in ("correlat", "by emotion", "by target", "by driver", "warp ", "casme2:sub91", "strength found"):
        assert words in out
    assert sorted(run.rglob("*")) == before


def test_a_narrow_terminal_has_the_table_in_parts(run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    main(["evaluate", "generation", str(run)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 60
    titles = [line for line in lines if line.startswith("medians")]
    assert len(titles) > 1
    assert {"correlation", "flicker", "fold"} <= set(" ".join(titles).split())
    assert sum(line.startswith("  all ") for line in lines) == len(titles)


@pytest.mark.parametrize("made", [None, "folder", "config.yaml"])
def test_what_is_no_run_is_told_so(tmp_path, capsys, made):
    if made:
        (tmp_path / "run").mkdir()
    if made == "config.yaml":  # a training's folder has one, too
        (tmp_path / "run/config.yaml").write_text("seed: 1\n")
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "generation", str(tmp_path / "run")])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "ingest" not in said
    assert str(tmp_path / "run") in said


def test_figures_tables_and_plots(run, tmp_path, capsys):
    out = tmp_path / "quality"
    main(["evaluate", "generation", str(run), "--out", str(out), "--json", "--self-reenactment", "1"])
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "figures.json").read_text())
    assert printed["groups"]["overall"]["all"]["made"] == 6
    assert printed["gates"]["correlation"] == 0.8
    assert printed["self_reenactment"]["warp"]["ssim"] > printed["self_reenactment"]["still"]["ssim"]
    table = pd.read_parquet(out / "clips.parquet")
    assert len(table) == len(pd.read_csv(out / "clips.csv")) == 6
    assert (table.quality_correlation > 0.8).all()
    assert pd.read_parquet(out / "self-reenactment.parquet").generator.tolist() == ["warp", "still"]
    for name in ("histograms", "strength", "correlation-by-emotion"):
        assert cv2.imread(str(out / f"{name}.png")).std() > 5


def weights(path, seed, **provenance):
    model, _ = new_model(tiny(MENDED, size=128), seed)
    write_checkpoint(path, model, None, Provenance(**{"training_subjects": (), **provenance}))
    return path


def test_generators_are_compared_on_the_same_clips(run, tmp_path, capsys):
    one, two = (weights(tmp_path / f"{name}.safetensors", seed) for seed, name in enumerate("ab"))
    again = ["evaluate", "generation", str(run), "--device", "cpu", "--json", "--generators", "warp,fpb-fomm"]
    main([*again, "--self-reenactment", "1", "--checkpoint", str(one), "--checkpoint", str(two)])
    figures = json.loads(capsys.readouterr().out)["self_reenactment"]
    names = [f"fpb-fomm {read_checkpoint(file).fingerprint}" for file in (one, two)]
    assert list(figures) == ["warp", *names, "still"]
    assert all(0.5 < figures[name]["ssim"] <= 1 for name in names)
    assert figures[names[0]] != figures[names[1]]
    # It is shown the frames as filmed, so something moves.
    assert figures[names[0]]["gain"] > 0.1


def test_each_fold_is_judged_on_whom_it_holds_out(run, tmp_path, capsys):
    folds = tmp_path / "folds"
    folds.mkdir()
    weights(folds / "a.safetensors", 0, fold="casme2:sub91", training_subjects=("casme2:sub92", "casme2:sub93"))
    weights(folds / "b.safetensors", 1, fold="casme2:sub92", training_subjects=("casme2:sub91", "casme2:sub93"))
    again = ["evaluate", "generation", str(run), "--device", "cpu", "--generators", "fpb-fomm", "--out"]
    main([*again, str(tmp_path / "out"), "--self-reenactment", "9", "--checkpoint", str(folds)])
    printed = capsys.readouterr()
    assert "4 clips instead of 9" in printed.err
    assert "warning" not in printed.err
    table = pd.read_parquet(tmp_path / "out" / "self-reenactment.parquet")
    assert set(table.name.str.partition("/")[0]) == {"sub91", "sub92"}


def test_figures_of_people_who_trained_it_are_marked(run, tmp_path, capsys):
    seen = weights(tmp_path / "m.safetensors", 0, training_subjects=("casme2:*",))
    again = ["evaluate", "generation", str(run), "--device", "cpu", "--generators", "fpb-fomm"]
    main([*again, "--self-reenactment", "1", "--checkpoint", str(seen)])
    assert "warning: everyone in the run trained" in capsys.readouterr().err


def test_who_trained_it_under_an_earlier_id_is_known(run, tmp_path, capsys):
    whole = Manifest.open(run)
    people = {clip.person_id: clip.person_id.replace("casme2:", "dfme:") for clip in whole.clips}
    mapped = tmp_path / "mapped"
    Persons(people, tmp_path / "map.csv").applied(whole).write(mapped)
    for name in ("config.yaml", "plan.parquet"):
        shutil.copy(run / name, mapped)
    seen = weights(tmp_path / "m.safetensors", 0, training_subjects=tuple(people))
    again = ["evaluate", "generation", str(mapped), "--device", "cpu", "--generators", "fpb-fomm"]
    main([*again, "--self-reenactment", "1", "--checkpoint", str(seen)])
    assert "warning: everyone in the run trained" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--generator", "warp"], "--self-reenactment"),
        (["--checkpoint", "m.safetensors"], "--self-reenactment"),
        (["--driving", "cleaned"], "--self-reenactment N"),
        (["--device", "cpu"], "--self-reenactment N"),
        (["--self-reenactment", "1", "--checkpoint", "m.safetensors"], "or say --generator fpb-fomm"),
        (["--self-reenactment", "1", "--driving", "filmed"], "or say --generator fpb-fomm"),
        (["--self-reenactment", "1", "--generators", "warp,fpb-fomm"], "needs --checkpoint FILE"),
        (["--self-reenactment", "1", "--generators", "fpb-fomm", "--checkpoint", "m.safetensors"], "is not a file"),
        (["--self-reenactment", "1", "--generator", "magic"], "no generator 'magic'"),
        (["--out", "."], "name another --out"),
    ],
)
def test_wrong_use_is_one_sentence(run, capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "generation", str(run), *arguments])
    assert end.value.code == 2
    assert words in capsys.readouterr().err


def test_a_manifest_is_not_a_run(tiny_manifest, capsys):
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "generation", str(tiny_manifest.folder)])
    assert end.value.code == 2
    assert "is not a run" in capsys.readouterr().err
