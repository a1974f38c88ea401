"""Flow as arrays: every row the clip's own motion, floats beside 8 bits, and a table in the same order."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from me_augment.cli import main
from me_augment.errors import MeAugmentError, UsageError
from me_augment.export.flow_fields import write_flow
from me_augment.flow.cache import measure
from me_augment.flow.field import stretched


def test_rows_of_arrays_are_rows_of_the_table(small, tmp_path):
    (small.root / "casme2/sub02/EP02_04/img51.png").write_bytes(b"torn")
    manifest = small.manifest()
    summary = write_flow(manifest, tmp_path / "out", parts=("onset-apex", "apex-offset"), size=16, labels="megc3")
    rows = pq.read_table(tmp_path / "out/clips.parquet").to_pylist()
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    assert (len(rows), summary.real, summary.synthetic, len(summary.skipped)) == (6, 3, 3, 1)
    by_id = {clip.clip_id: clip for clip in manifest.clips}
    for part in ("onset-apex", "apex-offset"):
        fields, maps, pictures = (np.load(tmp_path / f"out/{part}{kind}.npy") for kind in ("", "-maps", "-8bit"))
        assert (fields.shape, fields.dtype) == ((6, 2, 128, 128), np.float32)
        assert (maps.shape, maps.dtype) == ((6, 3, 16, 16), np.float32)
        assert (pictures.shape, pictures.dtype) == ((6, 16, 16, 3), np.uint8)
        for i, row in enumerate(rows):
            (alone,) = measure(manifest, by_id[row["clip_id"]], "dis", (part,), 16)
            np.testing.assert_array_equal(fields[i], alone.flow.transpose(2, 0, 1))
            np.testing.assert_array_equal(maps[i], alone.maps)
            np.testing.assert_array_equal(pictures[i], stretched(alone.maps))
            assert row[f"peak_{part.replace('-', '_')}_px"] == pytest.approx(alone.peak)
    # The texture moves there and back.
    there, back = (
        np.load(tmp_path / f"out/{part}.npy")[0, 0, 32:96, 32:96].mean() for part in ("onset-apex", "apex-offset")
    )
    assert there == pytest.approx(2, abs=0.2)
    assert back == pytest.approx(-2, abs=0.2)
    record = json.loads((tmp_path / "out/flow.json").read_text())
    assert (record["strain"], record["method"], record["crop"]) == ("central", "dis", 128)


def test_no_apex_is_needed_for_nothing(small, tmp_path):
    for clip in tuple(small.clips):
        small.change(clip, offset_index=1)
    with pytest.raises(MeAugmentError, match="offset does not lie after its apex"):
        write_flow(small.manifest(), tmp_path / "out", parts=("apex-offset",))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "horn"}, "no flow method"),
        ({"parts": ("onset-offset",)}, "--part is onset-offset"),
        ({"parts": ("onset-apex", "onset-apex")}, "each once"),
        ({"size": 0}, "--size is 0"),
    ],
)
def test_what_does_not_fit(small, tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        write_flow(small.manifest(), tmp_path / "out", **options)


def test_the_command(tiny_manifest, tmp_path, capsys):
    out, cache = tmp_path / "flow", tmp_path / "cache"
    for _ in range(2):
        main(["flow", str(tiny_manifest.folder), "--out", str(out), "--cache", str(cache)])
        assert "6 real + 0 synthetic clips." in capsys.readouterr().out
        assert len(np.load(out / "onset-apex.npy")) == 6
        out = tmp_path / "again"
    assert len(list(cache.iterdir())) == 6
