"""Finished runs that several tests look at; those that change one take a copy."""

import pytest
from runs import prepared, small_plan

from me_augment.synthesis.run import begin, execute


@pytest.fixture(scope="session")
def small_run(tiny_manifest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "run"
    begin(small_plan(tiny_manifest), folder)
    assert execute(folder).finished
    return folder


@pytest.fixture(scope="session")
def finished(tiny_manifest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "run"
    begin(prepared(tiny_manifest), folder)
    assert execute(folder).finished
    return folder
