"""The networks give the reference's numbers."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from fpb_golden import DATA, models, numbers, picture, tensor, tiny

from me_augment.face.prior import prior_points
from me_augment.generation.fpb_fomm.architecture import REFERENCE, Architecture
from me_augment.generation.fpb_fomm.blocks import Shrink
from me_augment.generation.fpb_fomm.model import new_model, parameters_of
from me_augment.generation.fpb_fomm.motion_prediction import KeyPoints, gaussians, key_point_motions, relative
from me_augment.generation.fpb_fomm.region_focusing import region_maps, region_mask


def same(name: str, found, tolerance: float = 1e-4) -> None:
    found = found.numpy() if isinstance(found, torch.Tensor) else np.asarray(found)
    wanted = numbers()[name]
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance)


def test_published_configuration_has_the_published_names_and_shapes():
    published = json.loads((DATA / "state_dict.json").read_text())
    model, discriminator = new_model(Architecture(), seed=0)
    parts = {"kp_detector": model.kp_detector, "generator": model.generator, "discriminator": discriminator}
    for name, part in parts.items():
        assert {key: list(value.shape) for key, value in part.state_dict().items()} == published[name]
    counts = {name: parameters_of(part) for name, part in parts.items()}
    assert counts == {"kp_detector": 14_288_994, "generator": 45_685_959, "discriminator": 2_758_849}
    assert parameters_of(model.generator.dense_motion_network) == 37_840_836


def test_key_points():
    for landmarks, wanted in zip(numbers()["prior_landmarks68"], numbers()["prior_kp18"], strict=True):
        np.testing.assert_array_equal(prior_points(landmarks), wanted)
    same("source_kp18", prior_points(numbers()["source_landmarks68"]), 0)
    same("driving_kp18", prior_points(numbers()["driving_landmarks68"]), 0)


@pytest.mark.parametrize(
    ("points", "mask", "picture_size"),
    [
        ("prior_kp18", "prior_mask", (256, 256)),
        ("fallback_kp18", "fallback_mask", (256, 256)),
        ("outside_kp18", "outside_mask", (256, 256)),
        ("source_kp18", "source_region_mask", (256, 256)),
        ("driving_kp18", "driving_region_mask", (256, 256)),
    ],
)
def test_region_mask(points, mask, picture_size):
    maps = region_maps(tensor(points).float().reshape(-1, 18, 2), picture_size, (64, 64), compat=True)
    wanted = numbers()[mask]
    np.testing.assert_allclose(region_mask(maps)[:, 0].numpy().reshape(wanted.shape), wanted, rtol=0, atol=1e-6)


def test_region_mask_of_a_picture_that_is_not_square():
    size = tuple(int(side) for side in numbers()["nonsquare_image_hw"])
    maps = region_maps(tensor("prior_kp18")[3:4].float(), size, (64, 64), compat=True)
    same("nonsquare_mask", region_mask(maps)[0, 0], 1e-6)


@torch.inference_mode()
def test_inference():
    model, _ = models()
    target, frames = picture("source_image_u8"), picture("driving_images_u8")
    points, driving_points = tensor("source_kp18")[None], tensor("driving_kp18").expand(3, -1, -1)
    detector, generator = model.kp_detector, model.generator

    small = detector.down(target)
    same("source_down64", small[0])
    same("source_attention_kp0_kp9", detector.attention(detector.features(target, points))[0, [0, 9]])
    source, driving = detector(target, points), detector(frames, driving_points)
    same("source_kp_value", source.value[0])
    same("source_jacobian", source.jacobian[0])
    same("driving_kp_value", driving.value)
    same("driving_jacobian", driving.jacobian)

    moved = relative(source, driving, KeyPoints(driving.value[:1], driving.jacobian[:1]))
    same("norm_kp_value", moved.value)
    same("norm_jacobian", moved.jacobian)

    sparse = key_point_motions(source, moved, 64, 64)
    same("sparse_motion_last_s8", sparse[2, :, ::8, ::8])
    candidates = generator.dense_motion_network.candidates(small.expand(3, -1, -1, -1), source, moved, sparse)
    same("sparse_deformed_last_s4", candidates.view(3, 19, 4, 64, 64)[2, :, 1:, ::4, ::4])
    logits, _ = generator.dense_motion_network.choose(candidates)
    same("dense_mask_s4", generator.dense_motion_network.weights(logits, moved.value)[..., ::4, ::4])

    prediction, motion = generator(target.expand(3, -1, -1, -1), source, moved)
    same("deformation", motion.deformation)
    same("occlusion", motion.occlusion[:, 0])
    same("deformed_s8", generator.warp(target.expand(3, -1, -1, -1), motion.deformation)[..., ::8, ::8])
    same("prediction_s4", prediction[..., ::4, ::4])
    same("prediction_last_crop", prediction[2, :, 64:192, 64:192])
    same("prediction_mean_std", torch.stack([prediction.mean((1, 2, 3)), prediction.std((1, 2, 3))], dim=1))


@torch.inference_mode()
def test_without_relative_movement():
    model, _ = models()
    target = picture("source_image_u8")
    source = model.kp_detector(target, tensor("source_kp18")[None])
    last = model.kp_detector(picture("driving_images_u8")[2:], tensor("driving_kp18")[None])
    heat = gaussians(last.value, 64, 64) - gaussians(source.value, 64, 64)
    same("abs_heatmap_last_s4", torch.cat([torch.zeros_like(heat[:, :1]), heat], dim=1)[0, :, ::4, ::4])
    prediction, motion = model.generator(target, source, last)
    same("abs_deformation_last_s2", motion.deformation[0, ::2, ::2])
    same("abs_occlusion_last_s2", motion.occlusion[0, 0, ::2, ::2])
    same("abs_prediction_last_s8", prediction[0, :, ::8, ::8], 1e-3)  # large warps amplify rounding


@torch.inference_mode()
def test_aligned_corners():
    model, _ = models(tiny(replace(REFERENCE, align_corners=True)))
    target = picture("source_image_u8")
    source = model.kp_detector(target, tensor("source_kp18")[None])
    moved = KeyPoints(tensor("norm_kp_value")[2:], tensor("norm_jacobian")[2:])
    same("legacy_prediction_last_s8", model.generator(target, source, moved)[0][0, :, ::8, ::8])


@torch.inference_mode()
def test_discriminator():
    _, discriminator = models()
    maps, scores = discriminator(picture("source_image_u8"))[0]
    same("disc_prediction_map_source", scores[0])
    same("disc_feature_absmean_source", torch.stack([values.abs().mean() for values in maps]))


def test_pyramid():
    target = picture("source_image_u8")
    same("pyramid_0.5_s4", Shrink(3, 0.5)(target)[0, :, ::4, ::4])
    same("pyramid_0.125", Shrink(3, 0.125)(target)[0])
