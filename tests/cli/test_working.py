"""What `synthesize`, `resume` and `status` tell of a run while it is made and afterwards."""

import json
import shutil

import pytest
from runs import hashes

from me_augment.lock import only_one
from me_augment.synthesis.progress_log import read_progress


def test_a_run_logs_how_it_gets_on_and_status_reads_it(cli, tiny_manifest, tmp_path):
    run = tmp_path / "r"
    make = ("synthesize", tiny_manifest.folder, "--out", run, "--action-units", "12", "--fps", "12")
    code, _, err = cli(*make)
    assert code == 0
    assert "Synthesizing: 3 of 3 clips in " in err
    events = [json.loads(line)["event"] for line in (run / "progress.jsonl").read_text().splitlines()]
    assert events == ["begin", "shard", "end"]
    session = read_progress(run)
    assert (session.planned, session.before, session.done) == (3, 0, 3)
    assert session.frames > 3
    assert all(session.stages[stage] > 0 for stage in ("draw", "encode", "judge", "write"))
    assert sum(session.stages.values()) <= session.seconds
    out = cli("status", run)[1]
    assert "\nlast session, 20" in out
    assert "UTC: 3 clips in " in out

    before = (run / "progress.jsonl").read_bytes()
    assert cli(*make)[0] == 0
    assert (run / "progress.jsonl").read_bytes() == before

    (run / "completions" / "shard-00000.json").unlink()
    with only_one(run):
        out = cli("status", run)[1]
        assert "this session: 3 clips in " in out
        assert " left\n" in out


@pytest.mark.parametrize("scheduler", ["nowhere.json", "tcp://host", "tcp://host:port", "foo://host:1", ""])
def test_a_scheduler_that_is_none_is_refused_before_anything_is_written(
    cli, tiny_manifest, small_run, scheduler, tmp_path
):
    run = shutil.copytree(small_run, tmp_path / "grown")
    before = hashes(run)
    begins = ("synthesize", tiny_manifest.folder, "--out", tmp_path / "new")
    for command in (begins, ("extend", run, "--per-driver", "2")):
        code, _, err = cli(*command, "--scheduler", scheduler)
        assert code == 2
        assert f"--scheduler is {scheduler!r}, neither an address" in err
    assert not (tmp_path / "new").exists()
    assert hashes(run) == before


def test_extend_says_what_it_would_make_and_writes_nothing(cli, small_run):
    before = hashes(small_run)
    code, out, _ = cli("extend", small_run, "--per-driver", "2", "--dry-run")
    assert code == 0
    assert "target   casme2:sub91 2  casme2:sub92 2  casme2:sub93 2\n" in out
    last = out.splitlines()[-1]
    assert last.startswith("would make 6 clips, 30 frames, about ")
    assert last.endswith("; nothing was written.")
    assert cli("extend", small_run, "--dry-run")[1] == "would make nothing more; nothing was written.\n"
    assert hashes(small_run) == before


def test_what_is_not_finished_says_what_goes_on_with_it(cli, small_run, tmp_path):
    run = shutil.copytree(small_run, tmp_path / "my run")
    for file in ("completions/shard-00000.json", "completions/run.json", "manifest.json"):
        (run / file).unlink()
    assert f"not finished: `me-augment resume '{run}'` goes on" in cli("status", run)[1]
    assert f"is a run that is not finished: `me-augment resume '{run}'` finishes it" in cli("inspect", run)[2]
