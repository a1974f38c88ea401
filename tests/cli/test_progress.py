"""Progress where there is no terminal: lines now and then, and a time that leaves out what was done before."""

from me_augment.cli import progress as module


def test_the_time_left_counts_only_what_was_done_now(monkeypatch, capsys):
    clock = iter([0.0, 20.0, 40.0, 60.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with module.progress("Working", 48, done=16) as advance:
        advance(16)
        advance(16)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["Working: 32 of 48, about 20 s left", "Working: 48 of 48 in 60.0 s"]
