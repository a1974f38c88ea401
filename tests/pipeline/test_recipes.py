"""The recipes that come with the package: each one can be run, and the demo's is."""

import json
from pathlib import Path

import cv2
import pytest
from invented.files import write_book
from invented.samm import BOOK, HEADER, PREAMBLE

from me_augment.cli import group, main
from me_augment.manifest import Manifest
from me_augment.pipeline.calls import calls_of
from me_augment.pipeline.file import read_pipeline
from me_augment.pipeline.variables import resolve

FOLDER = Path(__file__).parents[2] / "pipelines"
RECIPES = sorted(FOLDER.glob("*.yaml"))


def test_there_are_recipes_and_a_page_about_each():
    page = (FOLDER / "README.md").read_text()
    assert {file.stem for file in RECIPES} >= {"demo", "casme2-x5", "megc2019", "spotting", "gain"}
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
    settings = ["--set", f"work={work}", "--set", "people=2", "--set", "clips=1", "--set", "shown=1"]
    main(["run", str(FOLDER / "demo.yaml"), *settings])
    assert "6 steps are finished" in capsys.readouterr().out
    run = Manifest.open(work / "run")
    assert sum(clip.is_synthetic for clip in run.clips) == 2
    assert "CASME" not in run.licence
    assert (work / "quality" / "figures.json").is_file()
    assert len(list((work / "norm-uv-os" / "norm_u_v_os").iterdir())) == 2
    assert "casme2:sub91" in (work / "report.html").read_text()
    main(["run", str(FOLDER / "demo.yaml"), *settings])
    assert capsys.readouterr().out.count("; skipped") == 6


def three_corpora(folder, people):
    """CASME II, SAMM and SMIC-HS in their own layouts, two people with two short clips each, faces and all."""
    from me_augment.demo.corpus import write_clips

    write_clips(folder / "CASME2", people[:2], clips_per_subject=2, max_frames=5)
    rows = []
    for clip in write_clips(folder / "a", people[2:4], clips_per_subject=2, max_frames=5):
        name = f"0{clip.subject[3:]}_{clip.video[-1]}_1"
        target = folder / "SAMM" / "SAMM" / name[:3] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / "a/Cropped" / clip.subject / clip.video).rename(target)
        for frame in target.iterdir():
            frame.rename(target / f"{name[:3]}_{int(frame.stem.removeprefix('reg_img')):05d}.jpg")
        span = [clip.onset, clip.apex, clip.offset, clip.offset - clip.onset + 1]
        rows.append([name[:3], name, "021", *span, "Micro - 1/2", clip.coded, clip.emotion.capitalize(), 7, None])
    write_book(folder / "SAMM" / BOOK, {"MICRO_ONLY": [*PREAMBLE, HEADER, *rows]})
    for clip in write_clips(folder / "b", people[4:6], clips_per_subject=2, max_frames=5):
        word = {"happiness": "positive", "surprise": "surprise"}.get(clip.emotion, "negative")
        name = f"s{clip.subject[3:]}_{word[:2] if word != 'surprise' else 'sur'}_{clip.video[-2:]}"
        target = folder / "SMIC/SMIC_all_raw/HS" / name[:3] / "micro" / word / name
        target.mkdir(parents=True)
        for frame in (folder / "b/Cropped" / clip.subject / clip.video).iterdir():
            number = int(frame.stem.removeprefix("reg_img"))
            cv2.imwrite(str(target / f"image{number:06d}.bmp"), cv2.imread(str(frame)))
    return [
        f"--set={name}={folder / place}" for name, place in (("casme2", "CASME2"), ("samm", "SAMM"), ("smic", "SMIC"))
    ]


def test_the_composite_runs_from_end_to_end(tmp_path, people, capsys):
    work = tmp_path / "work"
    settings = [f"--set=work={work}", "--set=per_driver=1", *three_corpora(tmp_path, people)]
    main(["run", str(FOLDER / "megc2019.yaml"), *settings])
    assert "5 steps are finished" in capsys.readouterr().out
    manifest = Manifest.open(work / "manifest")
    assert {clip.corpus for clip in manifest.clips} == {"casme2", "samm", "smic-hs"}
    assert all(clip.protocols == ("megc2019",) for clip in manifest.clips if clip.label_megc3)
    assert all(clip.apex_estimated for clip in manifest.clips if clip.corpus == "smic-hs")
    figures = json.loads((work / "recognition/figures.json").read_text())
    assert [arm["trained_on"] for arm in figures["arms"]] == ["real", "+ mirrored", "+ run"]
    assert set(figures["arms"][0]["by_corpus"]) == {"casme2", "samm", "smic-hs"}
    assert figures["arms"][2]["added_clips"] > 0
    assert len(list((work / "norm-uv-os/norm_u_v_os").iterdir())) == 6
