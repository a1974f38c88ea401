"""Generators by name."""

import pytest

from me_augment.errors import UsageError
from me_augment.generation import GeneratorChoice, create_generator


def test_the_default_was_trained_on_nobody():
    warp = create_generator("warp")
    assert (warp.name, warp.training_subjects) == ("warp", ())


def test_unknown_generators_are_refused():
    with pytest.raises(UsageError, match="choose one of warp"):
        create_generator("magic")


def test_a_learned_one_needs_its_weights():
    with pytest.raises(UsageError, match="needs --checkpoint"):
        create_generator("fpb-fomm")


def test_what_the_default_has_not_got_is_refused():
    with pytest.raises(UsageError, match="leave these out"):
        GeneratorChoice(precision="bf16")
    with pytest.raises(UsageError, match="no driving 'dreamt'"):
        GeneratorChoice(name="fpb-fomm", driving="dreamt")
