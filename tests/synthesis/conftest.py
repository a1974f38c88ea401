"""A finished run that several tests look at; those that change it take a copy."""

import pytest
from runs import prepared

from me_augment.synthesis.run import begin, execute


@pytest.fixture(scope="session")
def finished(tiny_manifest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "run"
    begin(prepared(tiny_manifest), folder)
    assert execute(folder).finished
    return folder
