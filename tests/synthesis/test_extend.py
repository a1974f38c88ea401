"""A run that grows keeps what it has, and ends where a larger run would have: with the same clips."""

import shutil

import pytest
from runs import StopsAfter, hashes, small_plan

from me_augment.errors import UsageError
from me_augment.manifest import Manifest
from me_augment.manifest.validate import findings
from me_augment.synthesis import extend as growing
from me_augment.synthesis.extend import extend
from me_augment.synthesis.inputs import read_settings
from me_augment.synthesis.plan_file import PLAN, PlanFile
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.status import status


@pytest.fixture
def copy(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "r")


def test_what_is_there_stays_and_the_rest_is_added(copy, small_run, tiny_manifest):
    before = {name: value for name, value in hashes(small_run).items() if "shard-" in name}
    assert extend(copy, per_driver=2) == (6, 12)
    state = status(copy)
    assert (state.planned, state.made, state.missing, state.finished) == (12, 6, 6, False)
    assert execute(copy).finished
    after = hashes(copy)
    assert {name: after[name] for name in before} == before
    whole = Manifest.open(copy)
    assert findings(whole, check_files=True) == []
    large = {row.clip_id for row in small_plan(tiny_manifest, per_driver=2).plan}
    assert {row.clip_id for row in whole.clips if row.is_synthetic} == large
    assert read_settings(copy).per_driver == 2
    assert "2 per driver" in (copy / "README.md").read_text()
    # And again, for nothing.
    assert extend(copy, per_driver=2) == (12, 12)
    assert hashes(copy).keys() == after.keys() - {"manifest.json", "completions/run.json"}


def test_the_synthesize_command_with_the_larger_number_goes_on_too(copy, tiny_manifest):
    extend(copy, per_driver=2)
    with pytest.raises(KeyboardInterrupt):
        execute(copy, Session(executor=StopsAfter(1)))
    begin(small_plan(tiny_manifest, per_driver=2), copy)
    assert execute(copy).finished


def test_interrupted_between_plan_and_settings_it_is_given_again(copy, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(growing, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            extend(copy, per_driver=2)
    assert PlanFile.open(copy / PLAN).rows == 12
    with pytest.raises(UsageError, match="extend"):
        execute(copy)
    with pytest.raises(UsageError, match="other numbers"):
        extend(copy, per_driver=3)
    extend(copy, per_driver=2)
    assert execute(copy).finished


def test_a_run_does_not_shrink_or_change(copy):
    before = hashes(copy)
    with pytest.raises(UsageError, match="only grows"):
        extend(copy, per_driver=0)
    with pytest.raises(UsageError, match="make another run"):
        extend(copy, action_units=("12B",))
    with pytest.raises(UsageError, match="--per-target"):
        extend(copy, per_target=2)
    assert hashes(copy) == before


def test_action_units_grow_too(tiny_manifest, tmp_path):
    plan = small_plan(tiny_manifest, action_units=("12B",), clips_per_shard=None)
    begin(plan, tmp_path / "r")
    before = len(plan.plan)
    assert extend(tmp_path / "r", per_target=2, action_units=("12B", "4C")) == (before, 4 * before)
    assert read_settings(tmp_path / "r").action_units == ("12B", "4C")
