"""Light and colour of synthetic clips: one change for all frames, recorded, replayable, and no part of the motion."""

import numpy as np
import pytest
import torch

from me_augment.errors import UsageError
from me_augment.manifest import Manifest
from me_augment.synthesis.develop import TRANSFORMS, developed, draw_transforms
from me_augment.synthesis.prepare import prepare
from me_augment.synthesis.reproduce import reproduce
from me_augment.synthesis.run import begin, execute
from me_augment.synthesis.sources import open_sources
from me_augment.transforms import from_json
from me_augment.video.recording import open_recording


def test_a_frame_is_changed_as_the_video_is():
    frames = np.random.default_rng(0).integers(0, 256, (3, 20, 16, 3), np.uint8)
    drawn = draw_transforms(TRANSFORMS, 5)
    whole = from_json(torch.from_numpy(frames.astype(np.float32) / 255).permute(0, 3, 1, 2), drawn)
    expected = np.rint(whole.permute(0, 2, 3, 1).numpy() * 255)
    for frame, other in zip(frames, expected, strict=True):
        assert (developed(frame, drawn) == other).all()


@pytest.mark.parametrize(("shape", "kind"), [((9, 7), np.uint8), ((9, 7), np.uint16), ((9, 7, 3), np.uint16)])
def test_gray_and_deep_frames_keep_their_form(shape, kind):
    frame = np.linspace(0, np.iinfo(kind).max, int(np.prod(shape))).reshape(shape).astype(kind)
    found = developed(frame, draw_transforms(("gamma", "brightness-contrast"), 1))
    assert (found.shape, found.dtype) == (frame.shape, frame.dtype)
    assert (found != frame).any()
    assert (np.diff(found.astype(int).ravel()) >= 0).all() or frame.ndim == 3


def test_draws_hang_on_the_seed_alone():
    assert draw_transforms(TRANSFORMS, 3) == draw_transforms(TRANSFORMS, 3)
    assert draw_transforms(TRANSFORMS, 3) != draw_transforms(TRANSFORMS, 4)
    assert draw_transforms(("gamma",), 3)[0].startswith('{"gamma"')


def test_a_run_in_another_light_has_the_same_motion(tiny_manifest, tmp_path):
    found = {}
    for name, transforms in (("plain", ()), ("lit", ("gamma", "hue-saturation"))):
        prepared = prepare(open_sources(tiny_manifest.folder, None, None), transforms=transforms)
        begin(prepared, tmp_path / name)
        execute(tmp_path / name)
        found[name] = Manifest.open(tmp_path / name)
    rows = {
        name: {(c.driver_clip_id, c.target_clip_id): c for c in manifest.clips if c.is_synthetic}
        for name, manifest in found.items()
    }
    assert rows["plain"].keys() == rows["lit"].keys()
    for pair, plain in rows["plain"].items():
        lit = rows["lit"][pair]
        assert plain.clip_id != lit.clip_id
        assert (plain.transforms, len(lit.transforms)) == ((), 2)
        assert lit.peak_displacement_px == plain.peak_displacement_px
        assert (lit.quality_correlation, lit.status) == (plain.quality_correlation, plain.status)
        frames = [
            open_recording(found[name], found[name].recording_of[row.recording_id]).read([0, 2])
            for name, row in (("plain", plain), ("lit", lit))
        ]
        assert (frames[1] == [developed(frame, lit.transforms) for frame in frames[0]]).all()
    first = next(iter(rows["lit"].values()))
    assert reproduce(tmp_path / "lit", first.clip_id, tmp_path / "again.mkv").same


def test_unknown_transforms_name_the_known_ones(tiny_manifest):
    with pytest.raises(UsageError, match="--transforms 'sepia' is not known: choose one of brightness-contrast, gamma"):
        prepare(open_sources(tiny_manifest.folder, None, None), transforms=("sepia",))
