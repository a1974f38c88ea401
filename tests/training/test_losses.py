"""The losses that small motion needs, each where it must be nothing and where it must not."""

from dataclasses import replace

import pytest
import torch
from fpb_golden import picture, tensor, tiny

from me_augment.generation.fpb_fomm.architecture import MENDED
from me_augment.generation.fpb_fomm.blocks import identity_grid
from me_augment.generation.fpb_fomm.model import new_model
from me_augment.generation.fpb_fomm.motion_prediction import Motion
from me_augment.training.equivariance import Distortion
from me_augment.training.losses import Batch, GeneratorLosses, LossWeights, liveliness, predicted_displacement
from me_augment.training.perceptual import Structure

NONE = LossWeights(
    perceptual=(0.0,) * 5, generator_gan=0.0, discriminator_gan=0.0, feature_matching=(0.0,) * 4,
    equivariance_value=0.0, equivariance_jacobian=0.0,
)  # fmt: skip


def pairs(displacement=None):
    """Two neighbouring frames of a drawn face, beside its first."""
    frames = picture("driving_images_u8")
    points = tensor("driving_kp18").expand(2, -1, -1)
    straight = Distortion(torch.eye(2, 3).repeat(2, 1, 1), torch.zeros(2, 25, 2))
    field = torch.zeros(2, 64, 64, 2) if displacement is None else displacement
    return Batch(
        frames[:1].expand(2, -1, -1, -1), frames[1:], points, points, field, torch.ones(2, 1, 64, 64), straight
    )


def terms(weights, batch, conventions=MENDED):
    model, discriminator = new_model(tiny(conventions), seed=0)
    return GeneratorLosses(model.train(), discriminator, Structure(), weights).outcome(batch)


def test_identity_is_nothing_where_the_output_is_residual_and_something_where_it_is_direct():
    weights = replace(NONE, identity=1.0)
    assert terms(weights, pairs()).terms["identity"] < 1e-5
    assert terms(weights, pairs(), replace(MENDED, output="direct")).terms["identity"] > 0.01


def test_motion_is_the_distance_in_pixels():
    batch = pairs()
    batch = batch._replace(driving_points=batch.driving_points + torch.tensor([2.0, 1.0]))
    outcome = terms(replace(NONE, motion=1.0), batch)
    found = predicted_displacement(outcome.motion, batch.driving).detach()
    assert found.norm(dim=-1).mean() > 0.5
    same = batch._replace(displacement=found)
    assert terms(replace(NONE, motion=1.0), same).terms["motion"] < 1e-3
    right = batch._replace(displacement=found + torch.tensor([0.5, 0.0]))
    assert terms(replace(NONE, motion=2.0), right).terms["motion"].item() == pytest.approx(1.0, rel=1e-3)


def test_strength_is_how_far_the_gain_is_from_one():
    batch = pairs()
    batch = batch._replace(driving_points=batch.driving_points + torch.tensor([2.0, 1.0]))
    weights = replace(NONE, strength=1.0, motion=1.0)
    found = predicted_displacement(terms(weights, batch).motion, batch.driving).detach()
    for wanted, off in ((found, 0.0), (2 * found, 0.5), (found / 2, 1.0), (-found, 2.0), (0 * found, 0.0)):
        outcome = terms(weights, batch._replace(displacement=wanted))
        assert outcome.terms["strength"].item() == pytest.approx(off, abs=1e-3)


def test_what_lies_beside_the_face_is_to_stay():
    batch = pairs()
    batch = batch._replace(face=torch.zeros(2, 1, 64, 64), driving_points=batch.driving_points + 2)
    outcome = terms(replace(NONE, motion=1.0), batch)
    stray = predicted_displacement(outcome.motion, batch.driving).norm(dim=-1).mean()
    assert outcome.terms["motion"].item() == pytest.approx(stray.item(), rel=1e-4)


def test_a_displacement_is_measured_from_the_pixel_itself():
    picture_ = torch.zeros(1, 3, 101, 101)
    deformation = identity_grid(26, 26, picture_)[None] + torch.tensor([0.02, -0.04])
    shift = predicted_displacement(Motion(deformation, torch.ones(1, 1, 26, 26)), picture_)
    torch.testing.assert_close(shift, torch.tensor([1.0, -2.0]).expand(1, 26, 26, 2))


def test_reconstruction_counts_lively_places_more():
    field = torch.zeros(2, 64, 64, 2)
    field[:, 20:30, 20:30] = 1.0
    batch = pairs(field)
    model, discriminator = new_model(tiny(MENDED), seed=0)
    loss = GeneratorLosses(model, discriminator, Structure(), replace(NONE, reconstruction=1.0, amplitude=500.0))
    outcome = loss.outcome(batch)
    error = (outcome.prediction - batch.driving).abs()
    there, anywhere = error[..., 80:120, 80:120].mean(), error.mean()
    assert abs(outcome.terms["reconstruction"] - there) < abs(anywhere - there) / 3
    assert liveliness(torch.zeros(1, 4, 4, 2)).max() == 0


def test_temporal_consistency_compares_changes():
    batch = pairs()
    outcome = terms(replace(NONE, temporal=1.0), batch)
    change = (outcome.prediction[1] - outcome.prediction[0]) - (batch.driving[1] - batch.driving[0])
    assert outcome.terms["temporal"].item() == pytest.approx(change.abs().mean().item(), rel=1e-5)


def test_mended_equivariance_moves_points_and_mask_with_the_frame():
    bend = Distortion(
        torch.eye(2, 3).repeat(2, 1, 1) + torch.tensor([[0.0, 0.0, 0.1], [0.0, 0.0, 0.0]]), torch.zeros(2, 25, 2)
    )
    batch = pairs()._replace(distortion=bend)
    outcome = terms(replace(NONE, equivariance_jacobian=1.0), batch)
    # The frame is found 0.1 further right: what it shows lies 0.1 further left.
    torch.testing.assert_close(outcome.distorted.value, outcome.driving.value - torch.tensor([0.1, 0.0]))
    assert set(outcome.terms) == {"equivariance_jacobian"}  # the loss of values would reach no weight


def test_every_loss_of_small_motion_reaches_the_networks():
    field = torch.full((2, 64, 64, 2), 0.3)
    weights = replace(NONE, reconstruction=1.0, region=1.0, amplitude=1.0, temporal=1.0, motion=1.0)
    weights = replace(weights, strength=1.0)
    for name in ("reconstruction", "temporal", "motion", "strength"):
        model, discriminator = new_model(tiny(MENDED), seed=0)
        GeneratorLosses(model, discriminator, Structure(), weights).outcome(pairs(field)).terms[name].backward()
        for part in (model.kp_detector.jacobian, model.generator.dense_motion_network.mask):
            assert part.weight.grad.abs().max() > 0


def test_half_precision_spares_the_motion():
    """On a CPU too bfloat16 computes, if slowly."""
    weights = replace(LossWeights(), equivariance_value=0.0, motion=1.0, reconstruction=1.0)
    found = {}
    for dtype in (None, torch.bfloat16):
        batch = pairs(torch.full((2, 64, 64, 2), 0.3))
        model, discriminator = new_model(tiny(MENDED), seed=0)
        found[dtype] = GeneratorLosses(model, discriminator, Structure(), weights, autocast=dtype).outcome(batch)
    full, half = found[None], found[torch.bfloat16]
    assert torch.equal(full.motion.deformation, half.motion.deformation)
    assert half.prediction.dtype == torch.float32
    for name, value in full.terms.items():
        assert half.terms[name].item() == pytest.approx(value.item(), rel=0.05, abs=1e-3)
    half.total.backward()
