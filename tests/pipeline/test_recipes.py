"""The recipes that come with the package: each one can be run, and the demo's is."""

from pathlib import Path

import pytest

from me_augment.cli import group, main
from me_augment.manifest import Manifest
from me_augment.pipeline.calls import calls_of
from me_augment.pipeline.file import read_pipeline
from me_augment.pipeline.variables import resolve

FOLDER = Path(__file__).parents[2] / "pipelines"
RECIPES = sorted(FOLDER.glob("*.yaml"))


def test_there_are_recipes_and_a_page_about_each():
    page = (FOLDER / "README.md").read_text()
    assert {file.stem for file in RECIPES} >= {"demo", "casme2-x5"}
    for file in RECIPES:
        assert f"`{file.name}`" in page


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_each_is_right_as_it_stands(file):
    recipe = read_pipeline(file)
    assert recipe.description
    missing = [name for name, value in recipe.variables.items() if not value]
    values = resolve(recipe.variables, [f"{name}=/data" for name in missing], str(file))
    calls = calls_of(recipe, values, group, file)
    assert len({call.step for call in calls}) == len(calls)
    # What a recipe writes lies in its own folder, so that --set work=… moves all of it.
    for call in calls:
        assert call.output is None or call.output.is_relative_to(values["work"])


def test_the_demo_runs_from_end_to_end(tmp_path, capsys):
    work = tmp_path / "work"
    settings = ["--set", f"work={work}", "--set", "people=2", "--set", "clips=1"]
    main(["run", str(FOLDER / "demo.yaml"), *settings])
    assert "5 steps are finished" in capsys.readouterr().out
    run = Manifest.open(work / "run")
    assert sum(clip.is_synthetic for clip in run.clips) == 2
    assert "CASME" not in run.licence
    assert (work / "quality" / "figures.json").is_file()
    assert len(list((work / "norm-uv-os" / "norm_u_v_os").iterdir())) == 2
    main(["run", str(FOLDER / "demo.yaml"), *settings])
    assert capsys.readouterr().out.count("; skipped") == 5
