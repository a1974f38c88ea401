"""`me-augment evaluate generation` as a user meets it."""

import json

import cv2
import pandas as pd
import pytest

from me_augment.cli import main


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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--generator", "warp"], "--self-reenactment"),
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
