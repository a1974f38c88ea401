"""Shards: made whole or not at all, by whoever comes, and never stopped for good by one clip."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from runs import hashes
from simulated import Simulated, open_simulated, open_simulated_threads, planned

from me_augment.errors import MeAugmentError
from me_augment.synthesis.attempts import Attempts
from me_augment.synthesis.records import damage, folder_of, read_record
from me_augment.synthesis.shard import Shard
from me_augment.synthesis.shard_maker import ShardMaker

SHARD = Shard(7, planned(4, 7))


@pytest.fixture
def run(tmp_path):
    for name in ("shards", "completions"):
        (tmp_path / name).mkdir()
    return tmp_path


def make(run, opener=open_simulated, **options):
    return ShardMaker(run, opener, **options)(SHARD)


def made(run):
    return (run / "made.txt").read_text().split()


def record(run):
    return read_record(run, SHARD.number, SHARD.digest)


def test_a_shard_is_accounted_for(run):
    (run / "failing.txt").write_text("syn-7-2\n")
    result = make(run)
    assert (result.shard, result.made, result.rejected, result.failed, result.frames) == (7, 3, 0, 1, 6)
    assert result.seconds["draw"] == 0.75
    assert result.seconds["write"] > 0
    found = record(run)
    assert (found.made, found.failed, found.frames, found.clips) == (3, 1, 6, 4)
    assert set(found.sha256) == {
        "clips.parquet", "recordings.parquet", "syn-7-0.mkv", "syn-7-1.mkv", "syn-7-3.mkv"
    }  # fmt: skip
    assert damage(run, found) == []
    assert sorted(path.name for path in (run / "shards").iterdir()) == ["shard-00007"]


def test_a_record_of_other_rows_counts_for_nothing(run):
    make(run)
    assert record(run) is not None
    assert read_record(run, 7, Shard(7, planned(3, 7)).digest) is None


@pytest.mark.parametrize("damaged", ["syn-7-1.mkv", "clips.parquet"])
def test_damage_is_found(run, damaged):
    make(run)
    file = folder_of(run, 7) / damaged
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    (problem,) = damage(run, record(run))
    assert damaged in problem
    assert "other bytes" in problem
    file.unlink()
    assert record(run) is None
    make(run)
    (folder_of(run, 7) / "stranger.txt").write_text("?")
    (problem,) = damage(run, record(run))
    assert "stranger.txt belongs to no clip" in problem


def test_what_failed_is_made_again_and_nothing_else(run, tmp_path):
    (run / "failing.txt").write_text("syn-7-2\n")
    make(run)
    (run / "failing.txt").unlink()
    assert make(run, retry=True).failed == 0
    assert made(run) == ["syn-7-0", "syn-7-1", "syn-7-2", "syn-7-3", "syn-7-2"]
    whole = tmp_path / "whole"
    for name in ("shards", "completions"):
        (whole / name).mkdir(parents=True)
    make(whole)
    for name in ("shards", "completions"):
        assert hashes(run / name) == hashes(whole / name)


class Breaks(Simulated):
    def __call__(self, row, path, relative):
        made = super().__call__(row, path, relative)
        if row.clip_id == "syn-7-2":
            raise MeAugmentError("the disk is full")
        return made


def test_an_error_leaves_nothing(run):
    for _ in range(3):
        with pytest.raises(MeAugmentError, match="full"):
            ShardMaker(run, Breaks)(SHARD)
    assert [path.name for path in (run / "shards").iterdir()] == [".shard-00007.attempts"]
    assert Attempts(run, SHARD).deadly() == set()  # nobody died
    make(run)
    assert [path.name for path in (run / "shards").iterdir()] == ["shard-00007"]


def test_several_threads_make_the_same_shard(run, tmp_path):
    whole = tmp_path / "whole"
    for name in ("shards", "completions"):
        (whole / name).mkdir(parents=True)
    for folder in (run, whole):
        (folder / "failing.txt").write_text("syn-7-2\n")
    make(run)
    assert make(whole, open_simulated_threads).failed == 1
    for name in ("shards", "completions"):
        assert hashes(run / name) == hashes(whole / name)


class BreaksInThreads(Breaks):
    threads = 2


def test_an_error_in_a_thread_leaves_nothing(run):
    with pytest.raises(MeAugmentError, match="full"):
        ShardMaker(run, BreaksInThreads)(SHARD)
    assert [path.name for path in (run / "shards").iterdir()] == [".shard-00007.attempts"]
    assert Attempts(run, SHARD).deadly() == set()


_CHILD = """
import sys
sys.path[:0] = sys.argv[1:3]
from pathlib import Path
from test_shard_maker import make
make(Path(sys.argv[3]))
"""


def die_or_not(run):
    here = Path(__file__).parent
    command = [sys.executable, "-c", _CHILD, str(here), str(here.parent), str(run)]
    return subprocess.run(command, check=False, timeout=60, capture_output=True).returncode


def test_a_clip_that_kills_is_found_out_and_recorded(run):
    (run / "deadly.txt").write_text("syn-7-2\n")
    assert [die_or_not(run) for _ in range(3)] == [-11, -11, 0]
    found = record(run)
    assert (found.made, found.failed) == (3, 1)
    rows = pq.read_table(folder_of(run, 7) / "clips.parquet").to_pylist()
    (dead,) = [row for row in rows if row["status"] == "failed"]
    assert dead["clip_id"] == "syn-7-2"
    assert "SIGSEGV" in dead["reason"]
    # Twice by the process of the shard, twice by one of its own.
    assert made(run).count("syn-7-2") == 4
    assert not list((run / "shards").glob(".*.attempts"))


def test_a_clip_that_two_chance_deaths_hit_comes_out_as_ever(run, tmp_path):
    (run / "deadly.txt").write_text("syn-7-2\n")
    assert [die_or_not(run) for _ in range(2)] == [-11, -11]
    (run / "deadly.txt").unlink()
    assert Attempts(run, SHARD).deadly() == {"syn-7-2"}
    assert make(run).failed == 0
    whole = tmp_path / "whole"
    for name in ("shards", "completions"):
        (whole / name).mkdir(parents=True)
    make(whole)
    assert hashes(run / "completions") == hashes(whole / "completions")


def test_deaths_at_different_clips_are_chance(run):
    for clip in ("syn-7-0", "syn-7-1", "syn-7-2"):
        (run / "deadly.txt").write_text(clip)
        assert die_or_not(run) == -11
    assert Attempts(run, SHARD).deadly() == set()


def test_several_may_make_one_shard_at_once(run):
    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(make, run) for _ in range(8)]
        assert {result.result().made for result in results} == {4}
    assert damage(run, record(run)) == []
    assert [path.name for path in (run / "shards").iterdir()] == ["shard-00007"]
    assert [path.name for path in (run / "completions").iterdir()] == ["shard-00007.json"]


def test_a_damaged_record_counts_for_nothing(run):
    make(run)
    file = run / "completions" / "shard-00007.json"
    for change in ({"bytes": {}}, {"shard": 8}, {"made": None, "rows": 1}):
        content = json.loads(file.read_text())
        file.write_text(json.dumps({**content, **change}))
        assert record(run) is None
        file.write_text(json.dumps(content))
    file.write_bytes(os.urandom(50))
    assert record(run) is None
