"""What macOS or Windows lack is done without: taken away here, the work goes on."""

import importlib
import os
import signal
import sys

import pytest

from me_augment import lock, threads
from me_augment.staging import sync_folder
from me_augment.synthesis.dask_cluster import _signals_withheld
from me_augment.synthesis.progress_log import ProgressLog, read_sessions


@pytest.fixture
def no_locks(monkeypatch):
    """`me_augment.lock` as it is where there is no fcntl (Windows)."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "fcntl", None)
        importlib.reload(lock)
        yield lock
    importlib.reload(lock)


def test_without_locks_nobody_is_refused(no_locks, tmp_path):
    with no_locks.only_one(tmp_path), no_locks.only_one(tmp_path):
        assert not no_locks.is_held(tmp_path)


def test_cores_are_counted_where_a_process_cannot_be_bound_to_some(monkeypatch):
    assert threads.cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")  # macOS and Windows
    assert threads.cores() == os.cpu_count()


def test_a_folder_that_cannot_be_opened_is_not_synced(monkeypatch, tmp_path):
    sync_folder(tmp_path)

    def refuse(path, flags):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.delattr(os, "O_DIRECTORY")  # Windows
    monkeypatch.setattr(os, "open", refuse)
    sync_folder(tmp_path)


def test_signals_that_cannot_be_withheld_are_not(monkeypatch):
    monkeypatch.delattr(signal, "pthread_sigmask")
    with _signals_withheld():
        pass


def test_a_torn_line_of_the_log_is_ended_without_pread(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "pread")
    (tmp_path / "progress.jsonl").write_bytes(b'{"event": "torn')
    with ProgressLog(tmp_path, planned=3, done=0):
        pass
    (session,) = read_sessions(tmp_path)
    assert (session.planned, session.before) == (3, 0)
