"""Verifying: a whole run is whole, every kind of damage is found, and what is forgotten is made again."""

import shutil

import pytest
from runs import hashes

from me_augment.errors import UsageError
from me_augment.synthesis.run import execute
from me_augment.synthesis.verify import forget, verify


@pytest.fixture
def copy(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "r")


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_a_whole_run_is_whole(small_run):
    looked_at = []
    verdict = verify(small_run, looked_at.append)
    assert (verdict.shards, verdict.files, verdict.shards_missing) == (2, 6 + 2 * 2, 0)
    assert verdict.bytes == sum(file.stat().st_size for file in (small_run / "shards").rglob("*.*") if file.is_file())
    assert (verdict.problems, verdict.damaged) == ((), ())
    assert sum(looked_at) == 6


def test_one_flipped_bit_is_found_and_mended(copy, small_run):
    flip(next((copy / "shards" / "shard-00001").glob("*.mkv")))
    verdict = verify(copy)
    assert verdict.damaged == (1,)
    assert "other bytes" in verdict.problems[0]
    forget(copy, verdict.damaged)
    assert execute(copy).finished
    assert hashes(copy) == hashes(small_run)


def test_a_lost_file_and_a_damaged_record(copy):
    next((copy / "shards" / "shard-00000").glob("*.mkv")).unlink()
    (copy / "completions" / "shard-00001.json").write_text("{")
    verdict = verify(copy)
    assert verdict.damaged == (0, 1)
    assert all("its record is damaged" in problem for problem in verdict.problems[:2])


def test_what_is_not_made_yet_is_no_damage(copy):
    (copy / "completions" / "shard-00001.json").unlink()
    (copy / "manifest.json").unlink()
    verdict = verify(copy)
    assert (verdict.shards, verdict.shards_missing, verdict.problems) == (1, 1, ())


@pytest.mark.parametrize("file", ["clips.parquet", "manifest.json", "README.md", "inputs/manifest/recordings.parquet"])
def test_what_lies_beside_the_shards_is_looked_at_too(copy, file, small_run):
    flip(copy / file)
    try:
        problems = verify(copy).problems
    except UsageError:  # what a run cannot be without
        assert file.startswith("inputs")
        return
    assert problems == (f"{file} holds other bytes than were written.",)
    forget(copy, ())
    assert execute(copy).finished
    assert hashes(copy) == hashes(small_run)


def test_a_lost_manifest_is_no_finished_run(copy, small_run):
    (copy / "manifest.json").unlink()
    assert verify(copy).problems == ()
    assert execute(copy).finished
    assert hashes(copy) == hashes(small_run)


@pytest.mark.parametrize("file", ["plan.parquet", "config.yaml", "inputs/roles.json", "inputs/manifest/clips.parquet"])
def test_a_run_that_does_not_know_itself_is_refused(copy, file):
    (copy / file).write_bytes(b"\0junk")
    with pytest.raises(UsageError, match=file.split("/")[-1]):
        verify(copy)
