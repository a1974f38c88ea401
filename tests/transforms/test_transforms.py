"""Transforms of clips: the same for every frame, drawn apart from applied, and the same again from JSON."""

import json

import numpy as np
import pytest
import torch

from me_augment.errors import UsageError
from me_augment.transforms import (
    Affine,
    Blur,
    BrightnessContrast,
    Chain,
    Flip,
    Gamma,
    HueSaturation,
    Jpeg,
    Noise,
    from_json,
)
from me_augment.transforms.geometric import apply_batch

ALL = (Affine(), Blur(), BrightnessContrast(), Flip(p=1), Gamma(), HueSaturation(), Jpeg(), Noise())


@pytest.fixture(scope="module")
def video():
    smooth = torch.nn.functional.interpolate(
        torch.rand(1, 3, 6, 8, generator=torch.manual_seed(0)), (24, 32), mode="bicubic"
    )
    return smooth.clamp(0, 1).expand(4, -1, -1, -1).clone()


@pytest.mark.parametrize("transform", ALL, ids=lambda one: one.name)
def test_it_changes_the_clip_and_is_the_same_again_from_json(video, transform):
    chain = Chain(transform)
    drawn = chain.draw(np.random.default_rng(1), video.shape)
    first, second = from_json(video, drawn), from_json(video, json.loads(json.dumps(drawn)))
    assert first.shape == video.shape
    assert first.dtype == torch.float32
    assert torch.equal(first, second)
    assert 0 <= first.min() <= first.max() <= 1
    assert (first - video).abs().max() > 0.01 / 255
    assert drawn == chain.draw(np.random.default_rng(1), video.shape)
    if transform.name != "flip":
        assert drawn != chain.draw(np.random.default_rng(2), video.shape)


@pytest.mark.parametrize("transform", [one for one in ALL if one.name != "noise"], ids=lambda one: one.name)
def test_equal_frames_stay_equal(video, transform):
    changed = Chain(transform)(video)
    assert all(torch.equal(frame, changed[0]) for frame in changed)


def test_noise_is_new_in_every_frame(video):
    changed = Chain(Noise((2, 2)))(0.5 + 0 * video)
    assert (changed[0] - changed[1]).std() * 255 == pytest.approx(2 * 2**0.5, rel=0.1)


def test_a_shift_shifts(video):
    moved = Affine.apply(video, {"angle": 0.0, "scale": 1.0, "dx": 3.0, "dy": -2.0})
    torch.testing.assert_close(moved[..., :-4, 5:], video[..., 2:-2, 2:-3], atol=1e-4, rtol=0)


def test_a_batch_is_its_clips(video):
    params = [Affine().draw(np.random.default_rng(i), video.shape) for i in range(3)]
    batch = apply_batch(Affine, video.expand(3, -1, -1, -1, -1), params)
    for result, one in zip(batch, params, strict=True):
        torch.testing.assert_close(result, Affine.apply(video, one))


@pytest.mark.parametrize("text", ["", "[]", '{"transform": "melt"}', "{}"])
def test_an_unknown_entry_is_named(video, text):
    with pytest.raises(UsageError, match="no transform"):
        from_json(video, [text])
