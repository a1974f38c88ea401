"""Work in a process of its own: answers come back, errors too, and deaths are told apart from both."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from me_augment.errors import UsageError
from me_augment.synthesis.alone import MakerDiedError, alone


def talk(number):
    print("libraries talk")  # noise on stdout is no part of the answer
    return number + 1, os.getpid()


def fail():
    raise UsageError("not like this")


def die(signum):
    os.kill(os.getpid(), signum)


def die_once(mark):
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def leave():
    os._exit(3)


def pid_and_sleep(file):
    Path(file).write_text(str(os.getpid()))
    time.sleep(60)


def wait_for_child(file):
    alone(pid_and_sleep, file)


def test_an_answer():
    number, process = alone(talk, 1)
    assert number == 2
    assert process != os.getpid()


def test_an_error_is_the_callers():
    with pytest.raises(UsageError, match="not like this"):
        alone(fail)


@pytest.mark.parametrize(("work", "words"), [((die, signal.SIGSEGV), "SIGSEGV"), ((leave,), "exit code 3")])
def test_a_death_is_told(work, words):
    with pytest.raises(MakerDiedError, match=words):
        alone(*work)


def test_a_death_by_chance_is_not(tmp_path):
    assert alone(die_once, str(tmp_path / "mark")) == "alive"


def test_it_does_not_outlive_whoever_asked(tmp_path):
    here = str(Path(__file__).parent)
    script = (
        f"import sys; sys.path.insert(0, {here!r}); from test_alone import *; wait_for_child({str(tmp_path / 'pid')!r})"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        deadline = time.monotonic() + 30
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        parent.kill()
    child = int((tmp_path / "pid").read_text())
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
