"""What `synthesize`, `resume` and `status` tell of a run while it is made and afterwards."""

import json

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
