"""`progress.jsonl`: what a session did, whatever tore its lines, and never a reason for a run to end."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from me_augment.synthesis import progress_log
from me_augment.synthesis.progress_log import FILE, ProgressLog, read_progress


def result(shard, made=10, rejected=2, failed=0, **seconds):
    return SimpleNamespace(
        shard=shard, made=made, rejected=rejected, failed=failed, frames=170, seconds=seconds or {"draw": 1.5}
    )


@pytest.fixture
def clock(monkeypatch):
    at = [50.0]
    monkeypatch.setattr(progress_log.time, "monotonic", lambda: at[0])
    return at


def lines(folder):
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


def test_the_last_session_counts(tmp_path, clock):
    with ProgressLog(tmp_path, planned=100, done=0) as log:
        clock[0] += 1000
        log.add(result(0))
    with ProgressLog(tmp_path, planned=100, done=12) as log:
        for shard in (1, 2):
            clock[0] += 30
            log.add(result(shard, observe=2.0, draw=3.0))
        clock[0] += 500  # no shard was finished since
    session = read_progress(tmp_path)
    assert (session.planned, session.before, session.made, session.rejected, session.failed) == (100, 12, 20, 4, 0)
    assert (session.seconds, session.frames, session.stages) == (60.0, 340, {"observe": 4.0, "draw": 6.0})
    assert session.clips_per_minute == 24
    assert session.seconds_left() == pytest.approx((100 - 12 - 24) / 24 * 60)
    assert session.seconds_left(missing=12) == pytest.approx(30)
    assert (session.ended, session.error) == (True, None)
    assert [line["event"] for line in lines(tmp_path)] == ["begin", "shard", "end", "begin", "shard", "shard", "end"]
    assert len({line["session"] for line in lines(tmp_path)}) == 2
    assert lines(tmp_path)[4] | {"session": "", "utc": ""} == {
        "event": "shard",
        "session": "",
        "utc": "",
        "seconds": 30.0,
        "shard": 1,
        "made": 10,
        "rejected": 2,
        "failed": 0,
        "frames": 170,
        "stages": {"observe": 2.0, "draw": 3.0},
    }


def test_a_clock_that_is_set_changes_no_rate(tmp_path, clock, monkeypatch):
    from datetime import datetime

    class Back(datetime):
        days = iter(range(28, 0, -1))

        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 3, next(cls.days), tzinfo=tz)

    monkeypatch.setattr(progress_log, "datetime", Back)
    with ProgressLog(tmp_path, planned=100, done=0) as log:
        clock[0] += 30
        log.add(result(0))
    session = read_progress(tmp_path)
    assert session.began > session.latest
    assert session.clips_per_minute == 24


def test_a_session_says_what_ended_it(tmp_path):
    with pytest.raises(KeyboardInterrupt), ProgressLog(tmp_path, planned=9, done=0):
        raise KeyboardInterrupt
    session = read_progress(tmp_path)
    assert (session.ended, session.error, session.done) == (True, "KeyboardInterrupt", 0)
    assert session.clips_per_minute is None
    assert session.seconds_left() is None


def test_nothing_is_known_without_a_log(tmp_path):
    assert read_progress(tmp_path) is None
    (tmp_path / FILE).write_text("")
    assert read_progress(tmp_path) is None


def test_a_torn_line_costs_itself_only(tmp_path, clock):
    log = ProgressLog(tmp_path, planned=100, done=0)
    log.__enter__()
    clock[0] += 30
    log.add(result(0))
    whole = (tmp_path / FILE).read_bytes()
    log.add(result(1))
    longer = (tmp_path / FILE).read_bytes()
    for size in range(len(whole), len(longer) - 1):
        (tmp_path / FILE).write_bytes(longer[:size])
        assert read_progress(tmp_path).done == 12
    with ProgressLog(tmp_path, planned=100, done=12) as after:
        clock[0] += 6
        after.add(result(2))
    assert read_progress(tmp_path).clips_per_minute == 120
    assert (tmp_path / FILE).read_bytes().startswith(longer[: len(longer) - 2] + b"\n{")


@pytest.mark.parametrize(
    "line",
    ["", "3", "[]", "null", '"x"', "{}", '{"event": "shard"}', '{"event": []}', "[" * 9999, "\x00\xff"]
    + ['{"event": "shard", "session": "S", "utc": "", "seconds": 1, "made": "1"}']
    + ['{"event": "shard", "session": "S", "utc": "", "seconds": 1, "made": 1, "rejected": 1, "failed": 1, "frames": 1,'
       ' "stages": {"draw": "x"}}']
    + ['{"event": "begin", "session": "other", "utc": "", "seconds": 0, "planned": null, "done": 0}'],
)  # fmt: skip
def test_a_line_that_is_none_of_ours_is_passed_over(tmp_path, line):
    with ProgressLog(tmp_path, planned=100, done=0) as log:
        log.add(result(0))
        session = lines(tmp_path)[0]["session"]
        with (tmp_path / FILE).open("a") as file:
            file.write(line.replace('"S"', f'"{session}"') + "\n")
        log.add(result(1))
    assert read_progress(tmp_path).done == 24


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40), st.integers(0, 500))
def test_whatever_the_file_holds_it_is_read(tmp_path, junk, place):
    (tmp_path / FILE).unlink(missing_ok=True)
    with ProgressLog(tmp_path, planned=100, done=0) as log:
        log.add(result(0))
    text = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(text[:place] + junk + text[place:])
    session = read_progress(tmp_path)
    assert session is None or session.done in (0, 12)


def test_two_processes_on_one_folder_are_told_apart(tmp_path, clock):
    """Where a file system has no locks: each line says whose it is."""
    with ProgressLog(tmp_path, planned=100, done=0) as one, ProgressLog(tmp_path, planned=100, done=0) as other:
        clock[0] += 60
        one.add(result(0))
        other.add(result(1, made=3, rejected=0))
        one.add(result(2))
    assert read_progress(tmp_path).done == 3


def test_a_session_that_had_nothing_to_do_says_nothing(tmp_path, clock):
    """Such as a second process that was refused while the first is at work."""
    log = ProgressLog(tmp_path, planned=100, done=0)
    log.__enter__()
    clock[0] += 60
    log.add(result(0))
    with pytest.raises(OSError), ProgressLog(tmp_path, planned=100, done=12):
        raise OSError
    assert read_progress(tmp_path).done == 12
    ProgressLog(tmp_path, planned=100, done=12).__enter__()
    assert read_progress(tmp_path).done == 0  # it may still find something


def test_a_disk_that_takes_nothing_ends_no_run(tmp_path):
    with ProgressLog(tmp_path / "missing", planned=9, done=0) as log:
        log.add(result(0))
        (tmp_path / "missing").mkdir()
        log.add(result(1))  # there is a place again
    assert [line["event"] for line in lines(tmp_path / "missing")] == ["shard", "end"]
    assert read_progress(tmp_path / "missing") is None
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / FILE).symlink_to("/dev/full")
    with ProgressLog(tmp_path / "full", planned=9, done=0) as log:
        log.add(result(0))


def test_a_session_that_is_killed_leaves_what_it_wrote(tmp_path):
    script = (
        "import sys\nfrom types import SimpleNamespace as S\nfrom pathlib import Path\n"
        "from me_augment.synthesis.progress_log import ProgressLog\n"
        "with ProgressLog(Path(sys.argv[1]), 10**9, 0) as log:\n"
        "    for shard in range(10**9):\n"
        "        log.add(S(shard=shard, made=1, rejected=0, failed=0, frames=9, seconds={'draw': 0.1}))\n"
        "        print(shard, flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, env=environment)
    said = [int(child.stdout.readline()) for _ in range(50)]
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    session = read_progress(tmp_path)
    assert session.done >= len(said) + max(0, rest.count(b"\n") - 1)
    assert not session.ended


def test_reading_a_long_log_takes_no_scientific_package():
    """`status` is to be quick, and the display imports nothing of a run."""
    script = (
        "import sys\nimport me_augment.synthesis.progress_log, me_augment.cli.progress\n"
        "print([m for m in ('numpy', 'cv2', 'pyarrow', 'torch', 'dask', 'rich') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
