"""Which executor the options choose."""

import json

import pytest

from me_augment.cli.executors import open_executor
from me_augment.errors import UsageError
from me_augment.synthesis.dask_executor import DaskExecutor
from me_augment.synthesis.executor import InProcess


@pytest.fixture
def run(tmp_path):
    def begun(**choice):
        (tmp_path / "inputs").mkdir()
        (tmp_path / "inputs" / "generators.json").write_text(json.dumps([choice]))
        return tmp_path

    return begun


def test_without_options_this_process_works(run):
    with open_executor(0, None, run(name="warp", checkpoint=None)) as executor:
        assert isinstance(executor, InProcess)


@pytest.mark.parametrize(("workers", "scheduler"), [(2, None), (0, "tcp://127.0.0.1:1")])
def test_workers_and_scheduler_choose_dask(run, workers, scheduler):
    with open_executor(workers, scheduler, run(name="warp", checkpoint=None)) as executor:
        assert isinstance(executor, DaskExecutor)


@pytest.mark.parametrize(
    ("workers", "scheduler", "sentence"),
    [
        (2, "tcp://127.0.0.1:1", "give one of them"),
        (-1, None, "must be at least 1"),
        (0, "nowhere.json", "neither an address"),
    ],
)
def test_options_that_make_no_sense_are_refused(run, workers, scheduler, sentence):
    with (
        pytest.raises(UsageError, match=sentence),
        open_executor(workers, scheduler, run(name="warp", checkpoint=None)),
    ):
        pass


def test_a_run_of_one_gpu_cannot_be_made_by_workers_with_one_each(run):
    begun = run(name="fpb-fomm", checkpoint="weights", device="cuda:1")
    with pytest.raises(UsageError, match="--device cuda"), open_executor(2, None, begun):
        pass


def test_each_worker_needs_a_gpu(run, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    begun = run(name="fpb-fomm", checkpoint="weights", device="cuda")
    with open_executor(2, None, begun):
        pass
    with pytest.raises(UsageError, match="--workers is 3, and there are 2 GPUs"), open_executor(3, None, begun):
        pass
