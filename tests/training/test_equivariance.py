"""Distortions: their derivative, their inverse, and what they do to frames."""

import pytest
import torch

from me_augment.training.equivariance import Distortion


def distortion(components, seed=0, batch=3):
    generator = torch.Generator().manual_seed(seed)
    affine = torch.eye(2, 3).repeat(batch, 1, 1) + 0.05 * torch.randn(batch, 2, 3, generator=generator)
    weights = 0.005 * torch.randn(batch, 25, components, generator=generator)
    places = torch.rand(batch, 40, 2, generator=generator) * 2 - 1
    return Distortion(affine.double(), weights.double()), places.double()


@pytest.mark.parametrize("components", [1, 2])
def test_the_derivative_is_that_of_autograd(components):
    bend, places = distortion(components)
    places.requires_grad_(True)
    moved = bend.apply(places)
    rows = [torch.autograd.grad(moved[..., i].sum(), places, retain_graph=True)[0] for i in (0, 1)]
    torch.testing.assert_close(bend.jacobian(places.detach()), torch.stack(rows, dim=-2), atol=1e-9, rtol=0)


def test_the_inverse_leads_back():
    bend, places = distortion(2)
    assert (bend.apply(places) - places).abs().max() > 0.05
    torch.testing.assert_close(bend.apply(bend.inverse(places)), places, atol=1e-8, rtol=0)


def test_only_the_mended_one_bends_x_and_y_apart():
    shared, places = distortion(1)
    straight = Distortion(shared.affine, torch.zeros_like(shared.weights))
    bend = shared.apply(places) - straight.apply(places)
    torch.testing.assert_close(bend[..., 0], bend[..., 1])
    own, places = distortion(2)
    bend = own.apply(places) - Distortion(own.affine, torch.zeros_like(own.weights)).apply(places)
    assert (bend[..., 0] - bend[..., 1]).abs().max() > 1e-3


def test_what_lies_at_a_point_lies_at_its_inverse_in_the_distorted_frame():
    bend, _ = distortion(2, batch=1)
    size, point = 129, torch.tensor([[[0.3, -0.2]]], dtype=torch.float64)
    axis = torch.linspace(-1, 1, size, dtype=torch.float64)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    spot = torch.exp(-((x - point[0, 0, 0]) ** 2 + (y - point[0, 0, 1]) ** 2) / 0.002)
    frame = bend.frames(spot[None, None], align_corners=True)[0, 0]
    found = torch.stack([(frame * x).sum(), (frame * y).sum()]) / frame.sum()
    torch.testing.assert_close(found, bend.inverse(point)[0, 0], atol=2e-3, rtol=0)
    assert (found - point[0, 0]).norm() > 0.02
