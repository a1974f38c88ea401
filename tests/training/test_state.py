"""States: the last two are kept, a damaged one is passed over."""

import resource

import pytest
import torch

from me_augment.errors import MeAugmentError
from me_augment.training.state import read_state, states, write_state


def test_the_last_two_are_kept_and_the_latest_is_read(tmp_path):
    assert read_state(tmp_path / "none") is None
    for step in (5, 10, 100):
        write_state(tmp_path, step, {"weights": {"a": torch.full((2,), step)}, "best": None})
    assert [path.name for path in states(tmp_path)] == ["00000010.pt", "00000100.pt"]
    assert read_state(tmp_path)["step"] == 100
    latest = states(tmp_path)[-1]
    latest.write_bytes(latest.read_bytes()[:-40])
    assert read_state(tmp_path)["weights"]["a"].tolist() == [10, 10]
    states(tmp_path)[0].write_bytes(b"junk")
    with pytest.raises(MeAugmentError, match="start anew in another --out"):
        read_state(tmp_path)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_state(tmp_path, 5, {"weights": torch.zeros(10_000), "best": None})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not list(tmp_path.iterdir())
