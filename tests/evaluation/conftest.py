"""The scene that the tests of quality and of its report share."""

import pytest
from evaluation_scene import make_scene


@pytest.fixture(scope="session")
def scene(people):
    return make_scene(people[0], {6: 0.5, 12: 0.6}, people[2])
