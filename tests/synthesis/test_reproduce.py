"""One clip again: the same bytes, or what differs."""

import json
import shutil
from dataclasses import replace

import pytest

from me_augment.errors import UsageError
from me_augment.manifest import Manifest
from me_augment.manifest.columns import to_table
from me_augment.manifest.store import write_parquet
from me_augment.synthesis.finish import read_shard
from me_augment.synthesis.reproduce import reproduce


@pytest.fixture(scope="module")
def clip(small_run):
    return next(clip for clip in Manifest.open(small_run).clips if clip.is_synthetic)


def test_a_clip_comes_out_the_same(small_run, clip, tmp_path):
    result = reproduce(small_run, clip.clip_id, tmp_path / "again.mkv")
    assert result.same
    assert result.sha256 == result.expected
    assert result.clip == clip
    assert result.packages == ()
    (stored,) = small_run.rglob(f"{clip.clip_id}.mkv")
    assert (tmp_path / "again.mkv").read_bytes() == stored.read_bytes()


def test_what_differs_is_named(small_run, clip, tmp_path):
    copy = shutil.copytree(small_run, tmp_path / "r")
    (shard,) = (int(file.parent.name[-5:]) for file in copy.rglob(f"{clip.clip_id}.mkv"))
    clips, _ = read_shard(copy, shard)
    changed = [replace(row, emotion="joy") if row.clip_id == clip.clip_id else row for row in clips]
    table = copy / "shards" / f"shard-{shard:05d}" / "clips.parquet"
    write_parquet(table, to_table(type(clip), changed))
    record = copy / "completions" / f"shard-{shard:05d}.json"
    content = json.loads(record.read_text())
    content["bytes"]["clips.parquet"] = table.stat().st_size
    content["sha256"][f"{clip.clip_id}.mkv"] = "0" * 64
    record.write_text(json.dumps(content))
    environment = json.loads((copy / "environment.json").read_text())
    environment["packages"]["numpy"] = "1.0"
    (copy / "environment.json").write_text(json.dumps(environment))
    result = reproduce(copy, clip.clip_id)
    assert not result.same
    assert result.expected == "0" * 64
    assert result.differences == (f"emotion: 'joy' in the run, {clip.emotion!r} now",)
    assert result.packages[0].startswith("numpy 1.0, now it is")


def test_a_clip_that_is_not_made_yet_is_made(small_run, clip, tmp_path):
    copy = shutil.copytree(small_run, tmp_path / "r")
    shutil.rmtree(copy / "completions")
    result = reproduce(copy, clip.clip_id)
    assert (result.expected, result.differences) == (None, ())
    assert result.sha256 is not None


def test_no_such_clip(small_run):
    with pytest.raises(UsageError, match="has no clip syn-0"):
        reproduce(small_run, "syn-0")
