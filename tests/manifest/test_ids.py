"""Ids and seeds depend on content alone."""

import numpy as np

from me_augment.manifest.ids import content_id, digest, seed_of, uniforms_of


def test_ids_are_stable_across_versions_of_the_code():
    # A changed value here means that every published id changes: that needs a new scheme version.
    assert content_id("clip", "casme2", "casme2:sub91", [1, 2.5, None]) == "clip-068ac358e0614ae9"
    assert seed_of(3, "clip") == 6373808740990377
    assert uniforms_of(3, "clip", 2) == (0.8707873989459192, 0.13598396282938185)


def test_order_of_keys_does_not_matter_and_content_does():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 1.5})


def test_seeds_survive_a_float_and_differ():
    seeds = {seed_of(run, name) for run in range(20) for name in "abcdefgh"}
    assert len(seeds) == 160
    assert all(0 <= seed < 2**53 and int(float(seed)) == seed for seed in seeds)


def test_numbers_are_uniform_and_independent():
    drawn = np.array([uniforms_of(run, str(name), 5) for run in range(3) for name in range(3000)])
    assert (drawn >= 0).all()
    assert (drawn < 1).all()
    assert abs(drawn.mean(axis=0) - 0.5).max() < 0.01
    assert abs(np.histogram(drawn, 10)[0] / drawn.size - 0.1).max() < 0.005
    assert abs(np.corrcoef(drawn.T) - np.eye(5)).max() < 0.04
