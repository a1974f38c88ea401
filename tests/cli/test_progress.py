"""Progress: a display on a terminal, lines now and then elsewhere, and rates that leave out what was done before."""

import os
import threading
import time
from types import SimpleNamespace

import pytest

from me_augment.cli import progress as module

STAGES = {"write": 1.0, "observe": 2.0, "draw": 5.0, "encode": 0.0, "judge": 2.0}


def result(made=12, rejected=3, failed=1, frames=300, seconds=STAGES):
    return SimpleNamespace(shard=0, made=made, rejected=rejected, failed=failed, frames=frames, seconds=seconds)


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    at = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: at[0])
    return at


def rendered(work, width):
    from rich.console import Console

    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(module._board(work))
    return captured.get().splitlines()


class TestPlain:
    def test_the_time_left_counts_only_what_was_done_now(self, clock):
        work = module._Work("Working", 48, before=16)
        clock[0] += 3
        assert module._line(work) == "Working: 16 of 48, 3 s so far"
        clock[0] += 17
        work.done += 16
        assert module._line(work) == "Working: 32 of 48, about 20 s left"

    def test_a_clock_that_is_set_changes_nothing(self, clock, monkeypatch):
        work = module._Work("Working", 48, before=0)
        clock[0] += 20
        work.done += 24
        before = module._line(work)
        monkeypatch.setattr(module.time, "time", lambda: 4e9)
        assert module._line(work) == before == "Working: 24 of 48, about 20 s left"

    def test_a_line_comes_now_and_then_even_if_nothing_is_finished(self, monkeypatch, capsys):
        monkeypatch.setattr(module, "_QUIET_SECONDS", 0.02)
        with module.progress("Working", 3) as advance:
            deadline = time.monotonic() + 20
            err = ""
            while err.count("Working: 0 of 3, ") < 2 and time.monotonic() < deadline:
                time.sleep(0.02)
                err += capsys.readouterr().err
            advance(3)
        assert err.count("Working: 0 of 3, ") >= 2
        assert "Working: 3 of 3 in " in capsys.readouterr().err
        assert not [thread for thread in threading.enumerate() if thread.name == "progress"]

    def test_what_ends_the_work_ends_the_lines(self, capsys):
        with pytest.raises(KeyboardInterrupt), module.progress("Working", 3):
            raise KeyboardInterrupt
        assert capsys.readouterr().err == ""
        assert not [thread for thread in threading.enumerate() if thread.name == "progress"]

    def test_a_run_says_the_same_in_short(self, clock, capsys):
        with module.run_progress("Synthesizing", 100, made=20) as report:
            clock[0] += 30
            report(result())
        assert capsys.readouterr().err == "Synthesizing: 36 of 100 clips in 30.0 s\n"
        work = module._Work("Synthesizing", 100, 20, unit="clips", outcomes={"made": 32, "rejected": 3, "failed": 0})
        work.done, work.stages = 16, dict(STAGES)
        work.started -= 30
        assert module._line(work) == (
            "Synthesizing: 36 of 100 clips, 32 made, 3 rejected, 32 clips/min, about 2 min left, observe 20%, "
            "draw 50%, judge 20%, write 10%"
        )


class TestTerminal:
    def test_a_stage_has_its_share_and_its_rate(self, clock):
        work = module._Work("Synthesizing", 1240, 400, unit="clips", outcomes={"made": 500, "rejected": 0, "failed": 2})
        assert not [line for line in rendered(work, 80) if "left" in line or "/min" in line or "frames" in line]
        clock[0] += 60
        work.done, work.frames = 102, 3000
        work.stages = dict(STAGES)
        head, outcomes, *stages = rendered(work, 80)
        assert head.startswith("Synthesizing ━")
        assert head.rstrip().endswith("502 of 1240 clips about 7 min left")
        assert outcomes.strip() == "500 made, 2 failed, 102 clips/min"
        told = [(line.split()[0], *line.split()[-3:]) for line in stages]
        assert told == [
            ("observe", "20%", "1500", "frames/s"),
            ("draw", "50%", "600", "frames/s"),
            ("judge", "20%", "1500", "frames/s"),
            ("write", "10%", "3000", "frames/s"),
        ]

    @pytest.mark.parametrize("width", [30, 60, 80, 200])
    def test_no_line_is_broken(self, clock, width):
        work = module._Work("Synthesizing", 1240, 400, unit="clips", outcomes={"made": 502, "rejected": 9, "failed": 2})
        clock[0] += 60
        work.done, work.frames, work.stages = 102, 3000, dict(STAGES)
        assert len(rendered(work, width)) == 6
        assert len(rendered(module._Work("Finding faces", 20, 3, note="[bold]x" * 9), width)) == 1

    def test_notes_are_shown_as_they_are(self, clock):
        assert "[red]sub01[/]" in rendered(module._Work("Finding", 2, 1, note="[red]sub01[/]"), 80)[0]

    def test_nothing_to_do_is_done(self, clock):
        assert "0 of 0 in 0 s" in rendered(module._Work("Finding", 0, 0), 80)[0]

    def test_on_a_real_terminal(self, monkeypatch):
        reader, writer = os.openpty()
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "80")
        with os.fdopen(writer, "w") as terminal:
            monkeypatch.setattr("sys.stderr", terminal)
            with module.run_progress("Synthesizing", 32, made=16) as report:
                report(result())
            shown = b""
            while b"\x1b[?25h" not in shown:  # the cursor is back
                shown += os.read(reader, 1 << 16)
        os.close(reader)
        shown = shown.decode()
        assert "32 of 32 clips" in shown
        assert "28 made, 3 rejected, 1 failed" in shown
        for stage in ("observe", "draw", "judge", "write"):
            assert f"  {stage}" in shown

    def test_a_terminal_that_can_do_nothing_gets_lines(self, monkeypatch, capsys):
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        with module.progress("Working", 1) as advance:
            advance()
        assert capsys.readouterr().err.startswith("Working: 1 of 1 in ")


def test_a_job_may_turn_out_shorter_than_thought(capsys):
    with module.progress("Exporting", 9) as advance:
        advance(total=2)
        advance(total=2)
    assert "Exporting: 2 of 2 in" in capsys.readouterr().err
