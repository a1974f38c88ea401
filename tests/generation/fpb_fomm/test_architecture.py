"""Sizes that networks can have."""

import pytest

from me_augment.errors import UsageError
from me_augment.generation.fpb_fomm.architecture import MENDED, Architecture, Pyramid


@pytest.mark.parametrize(
    ("hourglasses", "generator", "multiple"), [(5, 2, 128), (3, 2, 32), (1, 4, 16)], ids=["published", "flat", "deep"]
)
def test_the_size_must_be_one_that_every_network_can_halve(hourglasses, generator, multiple):
    flat = Pyramid(expansion=8, most=8, blocks=hourglasses)
    sizes = {"detector": flat, "dense_motion": flat, "generator": Pyramid(expansion=8, most=8, blocks=generator)}
    Architecture(conventions=MENDED, size=3 * multiple, **sizes)
    with pytest.raises(UsageError, match=f"must be a multiple of {multiple}"):
        Architecture(conventions=MENDED, size=3 * multiple // 2, **sizes)
