"""A run and what a report draws of it, shared by the tests of this room."""

import pytest

from me_augment.manifest import Manifest
from me_augment.manifest.showing import Hidden
from me_augment.report.chosen import choose
from me_augment.report.players import draw_players


@pytest.fixture(scope="session")
def run(small_run):
    return Manifest.open(small_run)


@pytest.fixture(scope="session")
def drawn(run):
    hidden = Hidden(run.clips)
    return draw_players(run, choose(run, hidden, 3), hidden, 10**8)
