"""The command line of a run, given to the command: it plans the same run."""

import shlex

import pytest
from fpb_golden import CHECKPOINT
from runs import small_plan

from me_augment.cli import main, synthesize
from me_augment.evaluation.gates import Gates
from me_augment.generation import GeneratorChoice
from me_augment.manifest import Manifest
from me_augment.synthesis.command_line import synthesize_command
from me_augment.synthesis.events import SpottingSettings
from me_augment.synthesis.inputs import read_settings
from me_augment.synthesis.plan_file import PLAN
from me_augment.synthesis.run import begin

CLIPS = {
    **{"per_driver": 2, "strength": (0.7, 1.0 / 3 + 1), "tempo": (0.8, 1.25), "fps": "30000/1001", "mirror": 0.5},
    **{"asymmetry": (-0.1, 0.2), "eyes": 0.3, "shading": 0.6, "transforms": ("gamma", "brightness-contrast")},
    **{"gates": Gates.parse(["fold=off", "spill=0.125", "nrmse=0.9"]), "gates_chosen_on": ("casme2:*",)},
    **{"seed": 7, "balance": True},
}
UNITS = {"action_units": ("12B+6A", "4B+7"), "per_target": 2}
VIDEOS = {"spotting": SpottingSettings(videos=2, seconds=(2.0, 2.5), micro=3.0, macro_units=("12D",), gap=0.25)}


@pytest.mark.parametrize("options", [{}, CLIPS, UNITS, VIDEOS], ids=["default", "clips", "units", "videos"])
def test_it_plans_the_same_run(tiny_manifest, tmp_path, monkeypatch, options):
    run, again = tmp_path / "my run", tmp_path / "again"
    begin(small_plan(tiny_manifest, clips_per_shard=None, **options), run)
    words = shlex.split(synthesize_command(read_settings(run), f"{run}/inputs", str(again)))
    assert words[:2] == ["me-augment", "synthesize"]
    monkeypatch.setattr(synthesize, "work_and_report", lambda *_: None)  # the plan is enough
    main(words[1:])
    for name in ("config.yaml", PLAN):
        assert (again / name).read_bytes() == (run / name).read_bytes()


def test_what_is_as_by_default_is_not_said(tiny_manifest):
    settings = small_plan(tiny_manifest).settings
    assert synthesize_command(settings, "r/inputs", "a b") == (
        "me-augment synthesize r/inputs/manifest --out 'a b' --generator warp"
    )


def test_weights_are_named_by_their_files(tiny_manifest):
    choice = GeneratorChoice(name="fpb-fomm", checkpoint=CHECKPOINT, device="cpu", paste_back=False)
    words = synthesize_command(small_plan(tiny_manifest, generators=[choice]).settings, "i", "o").split()
    assert "--no-paste-back" in words
    assert words[words.index("--checkpoint") + 1] == CHECKPOINT.name
    assert words[words.index("--device") + 1] == "cpu"


def test_faces_from_elsewhere_are_asked_for(tiny_manifest, tmp_path):
    from me_augment.synthesis.prepare import prepare
    from me_augment.synthesis.sources import open_sources

    faces = Manifest(
        corpus="faces",
        roots=tiny_manifest.roots,
        licence="none",
        recordings=tiny_manifest.recordings,
        clips=tuple(tiny_manifest.clips)[:3],
    ).write(tmp_path / "faces")
    settings = prepare(open_sources(tiny_manifest.folder, faces.folder, None)).settings
    assert synthesize_command(settings, "i", "o").startswith("me-augment synthesize DRIVERS --targets FACES --out o")
