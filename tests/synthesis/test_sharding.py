"""Shards: a size that suits the plan, and drivers whose rows stay together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.synthesis.sharding import Packer, shard_size


@pytest.mark.parametrize(
    ("rows", "of_a_driver", "size"),
    [
        (1, 1, 4),
        (24, 2, 4),
        (48, 2, 4),
        (600, 50, 50),  # the demo times fifty: one shard a driver
        (1_000, 1, 7),
        (1_000, 1_000, 125),  # one driver, and still several shards
        (1_000_000, 5, 250),
        (1_000_000, 1_000, 256),
        (100_000_000, 1, 256),
    ],
)
def test_the_size_goes_with_the_plan(rows, of_a_driver, size):
    assert shard_size(rows, of_a_driver) == size


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(1, 12), st.integers(0, 3))
def test_groups_stay_together_where_they_fit(groups, size, first):
    packer = Packer(size, first)
    pieces = [(group, *piece) for group, count in enumerate(groups) for piece in packer.place(count)]
    rows = {}
    for group, _, count in pieces:
        rows.setdefault(group, []).append(count)
        assert count >= 1
    for group, count in enumerate(groups):
        assert sum(rows[group]) == count
        assert len(rows[group]) == -(-count // size)
        assert max(rows[group]) - min(rows[group]) <= 1
    shards = [shard for _, shard, _ in pieces]
    assert all(b - a in (0, 1) for a, b in pairwise([first, *shards]))
    for shard in set(shards):
        assert sum(count for _, s, count in pieces if s == shard) <= size


def test_what_is_closed_takes_nothing_more():
    packer = Packer(4)
    packer.close()
    assert list(packer.place(2)) == [(0, 2)]
    packer.close()
    packer.close()
    assert list(packer.place(1)) == [(1, 1)]
