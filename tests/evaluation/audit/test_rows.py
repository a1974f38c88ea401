"""Each kind of leak is planted in the rows of a clean run and has to be named."""

from dataclasses import replace

import pytest
from audit_scene import PEOPLE, Scene

from me_augment.errors import UsageError
from me_augment.evaluation.audit import audit


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def rules(report):
    return {leak.rule for leak in report.leaks}


def test_a_clean_run_passes(scene):
    report = audit(scene.run())
    assert (report.leaks, report.missing, report.exit_code, report.kind) == ([], [], 0, "run")
    assert report.counts == {"clips": 13, "of them synthetic": 3, "persons": 5}
    verdicts = {rule: report.verdict(rule) for rule in (f"R{number}" for number in range(1, 10))}
    assert {rule for rule, verdict in verdicts.items() if verdict != "clean"} == {"R4", "R8"}
    assert {verdicts["R4"], verdicts["R8"]} == {"not checkable"}


PLANTS = {
    "driver": ("syn-plain", {"forbidden_subjects": (PEOPLE[1],)}, "R1", PEOPLE[0]),
    "target": ("syn-plain", {"forbidden_subjects": (PEOPLE[0],)}, "R1", PEOPLE[1]),
    "driver whom the row does not name": (
        *("syn-plain", {"forbidden_subjects": (PEOPLE[1],), "driver_person_id": None}),
        *("R1", PEOPLE[0]),
    ),
    "trainer": ("syn-net", {"forbidden_subjects": PEOPLE[:2]}, "R2", PEOPLE[3]),
    "ancestor": ("syn-child", {"forbidden_subjects": PEOPLE[1:3]}, "R9", PEOPLE[0]),
    "whole corpus that trained": ("syn-plain", {"generator_training_subjects": ("smic:*",)}, "R2", "smic:*"),
    "own face": ("clip-sub01-EP01", {"forbidden_subjects": ()}, "R1", PEOPLE[0]),
    "synthetic called real": ("syn-plain", {"is_synthetic": False}, "R5", "is_synthetic is false"),
    "mirrored copy called real": ("clip-sub02-EP01", {"parents": ("clip-sub01-EP01",)}, "R5", "is_synthetic is false"),
    "two ids": ("clip-sub01-EP01", {"person_id": "casme2:1"}, "R6", "casme2:1, casme2:sub01"),
    "another corpus' id": ("clip-sub01-EP01", {"person_id": "casme:sub01"}, "R6", "casme2:sub01, casme:sub01"),
    "long videos of the same people": (
        *("clip-sub01-EP01", {"corpus": "samm-lv", "person_id": "samm-lv:006", "subject": "006"}),
        *("R6", "the person is samm:006"),
    ),
    "the same frames": ("clip-sub01-EP01", {"content_sha256": f"{4:064x}"}, "R6", "its frames are those of"),
    "the same recording": ("clip-sub01-EP01", {"recording_id": "rec-sub02-EP02"}, "R7", "shares frames with"),
}


@pytest.mark.parametrize("kind", PLANTS)
def test_a_row_that_breaks_a_rule(scene, kind):
    clip_id, fields, rule, words = PLANTS[kind]
    scene.change(clip_id, **fields)
    report = audit(scene.run())
    assert report.exit_code == 1
    named = [leak for leak in report.leaks if leak.rule == rule and words in leak.detail]
    assert any(clip_id in f"{leak.where} {leak.detail}" or clip_id[5:10] in leak.where for leak in named)


def test_spans_of_one_recording_that_do_not_meet_are_told_apart(scene):
    scene.change("clip-sub01-EP01", recording_id="rec-sub02-EP02", onset_index=0, apex_index=1, offset_index=2)
    scene.change("clip-sub02-EP02", onset_index=3, apex_index=4, offset_index=5)
    (leak,) = [leak for leak in audit(scene.run()).leaks if leak.rule == "R7"]
    assert "shares frames" not in leak.detail


def test_samm_and_its_long_videos_under_one_id_are_clean(scene):
    for corpus in ("samm", "samm-lv"):
        person = {"corpus": corpus, "person_id": "samm:006", "subject": "006"}
        scene.real("samm:006", corpus, **person)
        scene.recordings[-1] = replace(scene.recordings[-1], **person)
    assert audit(scene.run()).leaks == []


def test_whoever_chose_the_gates_is_forbidden(scene):
    scene.config = "gates: {correlation: 0.9}\ngates_chosen_on: ['casme2:sub05']\n"
    report = audit(scene.run())
    assert rules(report) == {"R3"}
    assert {leak.where for leak in report.leaks} == {f"clips.parquet, syn-{name}" for name in ("plain", "child", "net")}
    assert "casme2:sub05" in report.leaks[0].detail


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [("{correlation: 0.9}", "not checkable"), ("{correlation: 0.8}", "clean"), ("{correlation: null}", "clean")],
)
def test_limits_that_nobody_explains(scene, limits, verdict):
    scene.config = f"gates: {limits}\n"
    report = audit(scene.run())
    assert report.verdict("R3") == verdict
    assert report.exit_code == 0


def test_parents_that_nobody_has(scene, tmp_path):
    gone = scene.clip("clip-sub01-EP01")
    scene.clips.remove(gone)
    run = scene.run()
    report = audit(run)
    assert (report.leaks, report.exit_code) == ([], 2)
    assert "clip-sub01-EP01: a parent that no manifest has" in report.missing[0]
    other = Scene(tmp_path / "other")
    other.clips = [gone]
    assert audit(run, [other.run()]).exit_code == 0


def test_what_is_no_manifest_is_refused(scene, tmp_path):
    run = scene.run()
    with pytest.raises(UsageError, match="not a manifest"):
        audit(run, [tmp_path])
    (run / "manifest.json").rename(run / "plan.parquet")
    with pytest.raises(UsageError, match="a run that is not finished"):
        audit(run)
