"""The motion between labelled frames, kept by content, and found only for what is the same."""

from dataclasses import replace

import numpy as np
import pytest

from me_augment.array_cache import ArrayCache
from me_augment.errors import MeAugmentError, UsageError
from me_augment.flow import cache as module
from me_augment.flow.cache import PARTS, measure
from me_augment.flow.clip import CROP, crops
from me_augment.flow.field import apex_flow, uv_strain


@pytest.fixture(scope="module")
def clips(tiny_manifest):
    return tiny_manifest.usable_clips()[:2]


@pytest.fixture
def counted(monkeypatch):
    calls, plain = [], module.apex_flow
    monkeypatch.setattr(module, "apex_flow", lambda *a: calls.append(1) or plain(*a))
    return calls


@pytest.fixture
def cache(tmp_path):
    return ArrayCache(tmp_path / "cache", 1 << 30)


def flows(manifest, clips, *arguments, **options):
    return [measure(manifest, clip, *arguments, **options) for clip in clips]


def test_it_is_the_flow_between_the_labelled_frames(tiny_manifest, clips, cache, counted):
    for _ in range(2):
        for clip, found in zip(clips, flows(tiny_manifest, clips, "dis", PARTS, cache=cache), strict=True):
            for part, flow in zip(PARTS, found, strict=True):
                between = {"onset-apex": [clip.onset_index, clip.apex_index]}
                positions = between.get(part, [clip.apex_index, clip.offset_index])
                alone = apex_flow(*crops(tiny_manifest, clip, positions, CROP), "dis")
                np.testing.assert_array_equal(flow.flow, alone)
                np.testing.assert_array_equal(flow.maps, uv_strain(alone, 28))
    assert len(counted) == 4  # two clips, two parts, once each


def test_other_sizes_of_the_maps_are_of_the_same_flow(tiny_manifest, clips, cache, counted):
    flows(tiny_manifest, clips, cache=cache)
    (large,), _ = flows(tiny_manifest, clips, cache=cache, size=64)
    assert large.maps.shape == (3, 64, 64)
    assert len(counted) == 2


def test_whatever_decides_the_flow_is_in_the_key(tiny_manifest, clips, cache, counted, monkeypatch):
    clip = clips[0]
    assert clip.offset_index > clip.apex_index + 1
    others = [
        replace(clip, content_sha256="f" * 64),
        replace(clip, apex_index=clip.apex_index + 1),
        replace(clip, landmarks=tuple(value + 1 for value in clip.landmarks)),
    ]
    flows(tiny_manifest, [clip, *others], cache=cache)
    assert len(counted) == 4
    flows(tiny_manifest, [clip], "tvl1", cache=cache)
    flows(tiny_manifest, [clip], parts=("apex-offset",), cache=cache)
    monkeypatch.setattr(module, "source_digest", lambda: "another")
    flows(tiny_manifest, [clip], cache=cache)
    assert len(counted) == 7
    flows(tiny_manifest, [clip, *others], cache=cache)
    flows(tiny_manifest, [clip], cache=cache)
    assert len(counted) == 10  # the others were not measured by that software yet, the clip was


def test_a_clip_of_unknown_content_is_always_measured(tiny_manifest, clips, cache, counted):
    clip = replace(clips[0], content_sha256=None)
    flows(tiny_manifest, [clip, clip], cache=cache)
    assert len(counted) == 2
    assert not cache.folder.exists()


def test_damage_costs_time_only(tiny_manifest, clips, cache, counted):
    before = flows(tiny_manifest, clips[:1], cache=cache)
    for file in cache.folder.iterdir():
        file.write_bytes(file.read_bytes()[:-300])
    after = flows(tiny_manifest, clips[:1], cache=cache)
    np.testing.assert_array_equal(before[0][0].flow, after[0][0].flow)
    assert len(counted) == 2


def test_it_is_bounded(tiny_manifest, clips, tmp_path):
    bounded = ArrayCache(tmp_path / "c", 150_000)  # a flow takes 131 kB
    flows(tiny_manifest, clips, cache=bounded)
    assert len(list((tmp_path / "c").iterdir())) == 1


def test_a_large_folder_is_seldom_looked_through(tmp_path, monkeypatch):
    looks, plain = [], ArrayCache._make_room
    monkeypatch.setattr(ArrayCache, "_make_room", lambda *a: looks.append(1) or plain(*a))
    cache = ArrayCache(tmp_path / "c", 200_000)
    for i in range(400):
        cache.keep(f"{i:03}", {"x": np.full(100, i)})  # about a kilobyte
    assert len(looks) < 110
    held = sorted(tmp_path.glob("c/*.npz"))
    assert 190_000 < sum(file.stat().st_size for file in held) < 206_000
    assert held[-1].stem == "399"
    assert cache.find("399")["x"][0] == 399


def test_a_clip_without_the_frames_cannot_be_measured(tiny_manifest, clips):
    good = clips[0]
    cases = {
        "its apex frame is not known": replace(good, apex_index=None),
        "its onset frame is not known": replace(good, onset_index=None),
        "its apex does not lie after its onset": replace(good, apex_index=good.onset_index),
        "it has no landmarks": replace(good, landmarks=None),
    }
    for reason, clip in cases.items():
        with pytest.raises(MeAugmentError, match=f"^{reason}"):
            measure(tiny_manifest, clip)


def test_an_unknown_method(tiny_manifest, clips):
    with pytest.raises(UsageError, match="no flow method 'horn'"):
        measure(tiny_manifest, clips[0], "horn")
