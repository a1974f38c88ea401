"""Plans on disk: the same rows whatever the batches, found by shard and id, grown without moving anything."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import clip

from me_augment.errors import UsageError
from me_augment.synthesis import plan_file
from me_augment.synthesis.plan import PlannedClip, make_plan
from me_augment.synthesis.plan_file import PlanFile, extended, write_plan
from me_augment.synthesis.settings import Settings

POINTS = tuple(map(float, range(136)))
DRIVERS = [
    clip(clip_id=f"d-{n}", person_id=f"c:{n}", emotion="abc"[n % 3], landmarks=POINTS, content_sha256=f"{n}")
    for n in range(5)
]
FACES = [clip(clip_id=f"f-{n}", person_id=f"f:{n}", landmarks=POINTS, content_sha256=f"{n}") for n in range(11)]


def plan(per_driver, **fields):
    fields = {"clips_per_shard": 3, "tempo": (0.5, 2.0), **fields}
    asked = Settings(
        manifest="m", targets="m", generator="warp", generator_version="1", per_driver=per_driver, **fields
    )
    return make_plan(asked, DRIVERS, FACES)


@st.composite
def planned_rows(draw):
    shard, rows = 0, []
    for n in range(draw(st.integers(0, 30))):
        shard += draw(st.booleans()) if rows else 0
        times = draw(st.none() | st.lists(st.floats(0, 9), max_size=3).map(tuple))
        rows.append(
            PlannedClip(
                clip_id=f"syn-{n}",
                shard=shard,
                driver_clip_id=draw(st.none() | st.text(max_size=3)),
                target_clip_id="t",
                target_person_id="p",
                n_frames=draw(st.integers(0, 9)),
                times=times,
                strength=draw(st.floats(-2, 2)),
                mirror=draw(st.booleans()),
                seed=draw(st.integers(0, 2**53 - 1)),
            )
        )
    return rows


@settings(max_examples=25, deadline=None)
@given(planned_rows(), st.integers(1, 9), st.integers(1, 9), st.text(max_size=5))
def test_rows_come_back_as_they_were_in_batches_of_any_size(rows, written, read, text):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_file, "_BATCH", written)
        file = write_plan(Path(folder) / "plan.parquet", iter(rows), text)
        patch.setattr(plan_file, "_BATCH", read)
        patch.setattr(plan_file, "_MADE", read)
        opened = PlanFile.open(Path(folder) / "plan.parquet")
        assert opened == file
        assert list(opened) == rows
        assert (opened.rows, opened.shards, opened.settings) == (len(rows), len({row.shard for row in rows}), text)
        shards = list(opened.read_shards())
        assert [shard.number for shard in shards] == list(range(opened.shards))
        assert opened.digests() == {shard.number: shard.digest for shard in shards}
        skip = {shard.number for shard in shards if shard.number % 3}
        assert list(opened.read_shards(skip)) == [shard for shard in shards if shard.number not in skip]
        assert [opened.find(row.clip_id) for row in rows] == rows
        assert opened.find("nobody") is None
        again = write_plan(Path(folder) / "again.parquet", rows, text)
        assert again.fingerprint == opened.fingerprint
        if rows:
            changed = [*rows[:-1], replace(rows[-1], strength=rows[-1].strength + 1)]
            assert write_plan(Path(folder) / "other.parquet", changed, text).fingerprint != opened.fingerprint


def test_the_same_rows_are_the_same_bytes(tmp_path):
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    write_plan(one, plan(4), "s")
    write_plan(two, list(plan(4)), "s")
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("size", [2, 3, 50])
def test_a_grown_plan_leaves_everything_where_it_is(tmp_path, size):
    old = write_plan(tmp_path / "old.parquet", plan(2), "s")
    new = plan(5)
    grown = write_plan(tmp_path / "new.parquet", extended(old, new, size), "s")
    assert list(grown)[: old.rows] == list(old)
    assert {row.clip_id for row in grown} == {row.clip_id for row in new}
    assert grown.rows == len(new) == 25
    before, after = old.digests(), grown.digests()
    assert after.items() > before.items()
    added = [shard for shard in grown.read_shards(before)]
    assert max(len(shard.rows) for shard in added) <= size
    for driver in DRIVERS:  # three more each
        holding = [s for s in added if any(row.driver_clip_id == driver.clip_id for row in s.rows)]
        assert len(holding) == (2 if size == 2 else 1)
    assert list(extended(grown, new, size)) == list(grown)


def test_a_plan_that_cannot_be_written_leaves_nothing(tmp_path):
    rows = list(plan(1))

    def broken():
        yield rows[0]
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        write_plan(tmp_path / "plan.parquet", broken(), "s")
    with pytest.raises(ValueError, match="shard 7 follows one of shard 0"):
        write_plan(tmp_path / "plan.parquet", [rows[0], replace(rows[1], shard=7)], "s")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_plan_is_said_so(tmp_path):
    file = tmp_path / "plan.parquet"
    with pytest.raises(UsageError, match=r"holds no plan\.parquet"):
        PlanFile.open(file)
    file.write_text("clip_id,shard")
    with pytest.raises(UsageError, match="cannot be read"):
        PlanFile.open(file)
    pq.write_table(pa.table({"clip_id": ["a"]}), file)
    with pytest.raises(UsageError, match="not a plan that this"):
        PlanFile.open(file)
    write_plan(file, plan(2), "s")
    whole = pq.read_table(file)
    pq.write_table(whole.slice(1).replace_schema_metadata(pq.read_metadata(file).metadata), file)
    with pytest.raises(UsageError, match="other columns or rows"):
        PlanFile.open(file)
    write_plan(file, plan(2), "s")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(UsageError, match="cannot be read"):
        PlanFile.open(file)


def test_no_flipped_byte_passes_unnoticed(tmp_path):
    """Every byte of rows is under the checksum of its page; the rest is the footer, which `open` reads."""
    file = tmp_path / "plan.parquet"
    opened = write_plan(file, plan(6), "s")
    rows, sound, rng = list(opened), file.read_bytes(), random.Random(1)
    noticed = 0
    for _ in range(40):
        place = rng.randrange(len(sound) // 3)
        file.write_bytes(sound[:place] + bytes([sound[place] ^ 16]) + sound[place + 1 :])
        try:
            assert list(PlanFile.open(file)) == rows  # a byte that says nothing
        except UsageError:
            noticed += 1
    assert noticed > 30
