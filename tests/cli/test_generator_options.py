"""The options that choose a generator."""

from me_augment.cli import generator_options
from me_augment.generation import generator


def test_the_choices_are_those_of_the_generators():
    assert generator_options.GENERATORS == generator.GENERATORS
    assert generator_options.PRECISIONS == generator.PRECISIONS
    assert generator_options.DRIVINGS == generator.DRIVINGS
