"""Drawing the frame: sampling between pixels, and the output that begins as a warp."""

from dataclasses import replace

import pytest
import torch
from fpb_golden import tiny

from me_augment.generation.fpb_fomm.architecture import MENDED
from me_augment.generation.fpb_fomm.blocks import identity_grid
from me_augment.generation.fpb_fomm.expression_generation import between_pixels
from me_augment.generation.fpb_fomm.model import new_model
from me_augment.generation.fpb_fomm.motion_prediction import KeyPoints


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("power", [1, 2])
def test_a_shifted_parabola_is_a_parabola(align_corners, power):
    x = torch.arange(32, dtype=torch.float64)
    values = (x**power).expand(1, 1, 24, 32)
    grid = identity_grid(24, 32, values)[None]
    if not align_corners:
        grid = grid * torch.tensor([31 / 32, 23 / 24], dtype=torch.float64)
    step = 2 / 31 if align_corners else 2 / 32
    for shift in (0.1, 0.5, -0.3):
        moved = between_pixels(values, grid + torch.tensor([shift * step, 0.0]), align_corners=align_corners)
        torch.testing.assert_close(moved[..., 3:-3], ((x + shift) ** power).expand(1, 1, 24, 32)[..., 3:-3])


def random_points(like: torch.Tensor, seed: int) -> KeyPoints:
    draw = torch.Generator().manual_seed(seed)
    value = torch.rand(1, 18, 2, generator=draw) * 1.2 - 0.6
    return KeyPoints(value, torch.eye(2).expand(1, 18, 2, 2) + 0.05 * torch.randn(1, 18, 2, 2, generator=draw))


def test_without_motion_the_target_comes_back():
    model, _ = new_model(tiny(replace(MENDED, prior="adaptive")), seed=3)
    torch.nn.init.normal_(model.generator.final.weight, generator=torch.Generator().manual_seed(1))
    levels = torch.randint(0, 256, (1, 3, 256, 256), generator=torch.Generator().manual_seed(2))
    target = levels / 255
    points = random_points(target, 4)
    for training in (False, True):
        model.train(training)
        with torch.no_grad():
            drawn, _ = model.generator(target, points, points)
        assert torch.equal((drawn * 255).round().long(), levels)
        with torch.no_grad():
            moved, _ = model.generator(target, points, KeyPoints(points.value + 0.02, points.jacobian))
        assert (moved - target).abs().max() > 0.1


def test_an_untrained_residual_output_is_a_warp():
    model, _ = new_model(tiny(MENDED), seed=3)
    model.eval()
    # A ramp that a shift of all key points moves as a whole, where the background is not chosen.
    target = torch.linspace(0.2, 0.8, 256).expand(1, 3, 256, 256)
    points = random_points(target, 4)
    moved = KeyPoints(points.value + torch.tensor([0.02, 0.0]), points.jacobian)
    with torch.no_grad():
        drawn, motion = model.generator(target, points, moved)
    shift = (motion.deformation - identity_grid(64, 64, target))[..., 0] * 255 / 2
    found = (drawn - target)[0, 0] / (target[0, 0, 0, 1] - target[0, 0, 0, 0])
    assert shift.abs().max() > 0.5
    torch.testing.assert_close(found[4:-4:4, 4:-4:4].mean(), shift[0, 1:-1, 1:-1].mean(), atol=0.05, rtol=0)
