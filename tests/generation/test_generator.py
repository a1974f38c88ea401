"""Generators by name."""

import pytest

from me_augment.errors import UsageError
from me_augment.generation import create_generator


def test_the_default_was_trained_on_nobody():
    warp = create_generator("warp")
    assert (warp.name, warp.training_subjects) == ("warp", ())


def test_unknown_generators_are_refused():
    with pytest.raises(UsageError, match="choose one of warp"):
        create_generator("magic")
