"""The fast way gives what the plain modules give."""

import copy
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from fpb_golden import models, picture, tensor, tiny
from torch import nn
from torch.nn import functional

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.architecture import MENDED, REFERENCE, Conventions
from me_augment.generation.fpb_fomm.blocks import Residual, Up
from me_augment.generation.fpb_fomm.folding import (
    BlockedConvolution,
    FastHourglass,
    FastResidual,
    FastUp,
    Workspace,
    fast_generator,
)
from me_augment.generation.fpb_fomm.inference import Renderer, choose_device, drawing_error
from me_augment.generation.fpb_fomm.model import Model, new_model
from me_augment.generation.fpb_fomm.motion_prediction import KeyPoints, relative

LEGACY = replace(REFERENCE, align_corners=True)
ADAPTIVE = replace(MENDED, prior="adaptive")
FIXED = replace(MENDED, track=False)


def lived_in(module: nn.Module, seed: int = 0) -> nn.Module:
    """In place: statistics as after training, and no weight that is 0 because training had not begun."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(like: torch.Tensor, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(like.shape, generator=generator)

    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.copy_(uniform(part.running_mean, -0.2, 0.2))
                part.running_var.copy_(uniform(part.running_var, 0.2, 1.0))
                part.weight.copy_(uniform(part.weight, 0.7, 1.3))
                part.bias.copy_(uniform(part.bias, -0.2, 0.2))
        for name, parameter in module.named_parameters():
            if not parameter.any():
                reach = 0.1 if "jacobian" in name else 0.004  # maps near the identity, as a trained model has them
                parameter.copy_(uniform(parameter, -reach, reach))
    return module.eval()


def a_model(conventions: Conventions) -> Model:
    model, _ = new_model(tiny(conventions), seed=1)
    lived_in(model)
    if conventions.output == "direct":  # what begins nearly uniform would hide motion
        with torch.no_grad():
            model.generator.final.weight.mul_(10)
    return model


def a_target() -> torch.Tensor:
    """Without the sharpest edges, at which the last digit of a coordinate is seen in the fifth of a pixel."""
    return functional.avg_pool2d(picture("source_image_u8"), 5, 1, 2, count_include_pad=False)


def a_driver(track: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Five frames and their points."""
    frames = picture("driving_images_u8")[[0, 1, 2, 1, 0]]
    points = tensor("driving_kp18")[None].float()
    if track:
        points = points + torch.linspace(0, 3, 5)[:, None, None] * torch.tensor([1.0, -0.5])
    return frames, points


@torch.inference_mode()
def plain(model: Model, carry: torch.Tensor | float = 1.0) -> torch.Tensor:
    """All frames by the modules themselves, one after the other, in float64: rounding is then only the other's."""
    model = copy.deepcopy(model).double()
    target, points = a_target().double(), tensor("source_kp18")[None].float()
    frames, driver_points = a_driver(model.shape.conventions.track)
    frames = frames.double()
    carry = carry if isinstance(carry, float) else carry.double()
    source = model.kp_detector(target, points)
    driving = [
        model.kp_detector(frames[k : k + 1], driver_points[k % len(driver_points)][None]) for k in range(len(frames))
    ]
    moved = [relative(source, one, driving[0], carry) for one in driving]
    return torch.cat([model.generator(target, source, one)[0] for one in moved]).float()


def drawn(renderer: Renderer, target, driving: KeyPoints, carry: torch.Tensor | float = 1.0) -> list[torch.Tensor]:
    """Pictures of all frames, batch by batch; the first frame is the onset."""
    onset = KeyPoints(driving.value[:1], driving.jacobian[:1])
    return [made.pictures for made in renderer.frames(target, driving, onset, carry)]


def fast(renderer: Renderer, carry: torch.Tensor | float = 1.0) -> torch.Tensor:
    target = renderer.encode(a_target(), tensor("source_kp18").float())
    driving = renderer.key_points(*a_driver(renderer.shape.conventions.track))
    return torch.cat(drawn(renderer, target, driving, carry))


@pytest.mark.parametrize(
    "conventions", [REFERENCE, LEGACY, MENDED, ADAPTIVE, FIXED], ids=["compat", "legacy", "mended", "adaptive", "fixed"]
)
def test_same_as_the_plain_modules(conventions):
    model = a_model(conventions)
    wanted = plain(model)
    assert (wanted[0] - wanted[2]).abs().max() > 1e-3  # something moves
    torch.testing.assert_close(fast(Renderer(model)), wanted, rtol=0, atol=1e-5)


def test_displacements_are_carried():
    model = a_model(MENDED)
    carry = torch.eye(2).repeat(18, 1, 1) * torch.linspace(-2, 2, 18)[:, None, None]
    wanted = plain(model, carry)
    assert (wanted - plain(model)).abs().max() > 1e-3
    torch.testing.assert_close(fast(Renderer(model), carry), wanted, rtol=0, atol=1e-5)


def test_reference_numbers():
    renderer = Renderer(models()[0])
    target = renderer.encode(picture("source_image_u8"), tensor("source_kp18"))
    driving = renderer.key_points(picture("driving_images_u8"), tensor("driving_kp18"))
    torch.testing.assert_close(target.key_points.jacobian[0], tensor("source_jacobian"), rtol=0, atol=1e-4)
    torch.testing.assert_close(driving.value, tensor("driving_kp_value"), rtol=0, atol=1e-4)
    torch.testing.assert_close(driving.jacobian, tensor("driving_jacobian"), rtol=0, atol=1e-4)
    made = torch.cat(
        [
            drawn.pictures
            for drawn in renderer.frames(target, driving, KeyPoints(driving.value[:1], driving.jacobian[:1]))
        ]
    )
    torch.testing.assert_close(made[..., ::4, ::4], tensor("prediction_s4"), rtol=0, atol=1e-4)
    torch.testing.assert_close(made[2, :, 64:192, 64:192], tensor("prediction_last_crop"), rtol=0, atol=1e-4)


def test_reference_numbers_with_aligned_corners():
    renderer = Renderer(models(tiny(LEGACY))[0])
    target = renderer.encode(picture("source_image_u8"), tensor("source_kp18"))
    driving = renderer.key_points(picture("driving_images_u8"), tensor("driving_kp18"))
    made = torch.cat(
        [
            drawn.pictures
            for drawn in renderer.frames(target, driving, KeyPoints(driving.value[:1], driving.jacobian[:1]))
        ]
    )
    torch.testing.assert_close(made[2, :, ::8, ::8], tensor("legacy_prediction_last_s8"), rtol=0, atol=1e-4)


@pytest.mark.parametrize("conventions", [REFERENCE, ADAPTIVE], ids=["compat", "adaptive"])
def test_any_batch_gives_the_same(conventions):
    model = a_model(conventions)
    wanted = fast(Renderer(model))
    for size in (1, 2, 5):
        renderer = Renderer(model, batch=size)
        target = renderer.encode(a_target(), tensor("source_kp18").float())
        driving = renderer.key_points(*a_driver(conventions.track))
        made = [
            one.pictures for one in renderer.frames(target, driving, KeyPoints(driving.value[:1], driving.jacobian[:1]))
        ]
        assert [len(part) for part in made] == {1: [1] * 5, 2: [2, 2, 1], 5: [5]}[size]
        torch.testing.assert_close(torch.cat(made), wanted, rtol=0, atol=1e-5)


def test_no_motion_gives_the_target_back():
    renderer = Renderer(a_model(MENDED))
    target = renderer.encode(a_target(), tensor("source_kp18").float())
    first = renderer.key_points(picture("driving_images_u8")[:1], tensor("driving_kp18").float())
    ((made, _),) = renderer.frames(target, first, first)
    torch.testing.assert_close(made, a_target(), rtol=0, atol=1e-5)


def test_model_is_left_alone():
    model, _ = new_model(tiny(MENDED), seed=1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    renderer = Renderer(model)
    first = fast(renderer)
    assert model.training
    assert all(part.training for part in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    with torch.no_grad():  # training goes on
        for parameter in model.parameters():
            parameter.add_(1)
    assert torch.equal(fast(renderer), first)


def test_points_for_every_frame_or_for_all():
    with pytest.raises(ValueError, match="2 sets of points for 3 frames"):
        Renderer(a_model(MENDED)).key_points(torch.zeros(3, 3, 256, 256), torch.zeros(2, 18, 2))


def test_frames_may_be_written_to():
    renderer = Renderer(a_model(REFERENCE))
    target = renderer.encode(a_target(), tensor("source_kp18").float())
    first = renderer.key_points(picture("driving_images_u8")[:1], tensor("driving_kp18").float())
    ((made, _),) = renderer.frames(target, first, first)
    made.mul_(255)


@pytest.mark.parametrize("size", [4, 5, 8])
def test_four_phases_are_doubling_and_convolution(size):
    block = lived_in(Up(6, 5))
    x = torch.randn(2, 6, size, size + 2, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        wanted, made = block(x), FastUp(block)(x)
    for edge in (slice(None), 0, -1):
        torch.testing.assert_close(made[:, :, edge], wanted[:, :, edge], rtol=0, atol=2e-6)
        torch.testing.assert_close(made[..., edge], wanted[..., edge], rtol=0, atol=2e-6)


@pytest.mark.parametrize("sides", [(8, 12), (6, 8)], ids=["tiles", "no tiles"])
@pytest.mark.parametrize("tiled", [True, False])
def test_residual_block(sides, tiled):
    block = lived_in(Residual(16))
    made = FastResidual(block, Workspace() if tiled else None)
    generator = torch.Generator().manual_seed(2)
    with torch.inference_mode():
        for _ in range(2):  # the second finds the workspace used
            x = torch.randn(3, 16, *sides, generator=generator)
            kept = x.clone()
            torch.testing.assert_close(made(x), block(x), rtol=0, atol=1e-5)
            assert torch.equal(x, kept)


def test_rounding_of_tiles_at_the_published_width():
    block = lived_in(Residual(256))
    x = torch.randn(1, 256, 16, 16, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        wanted = block.double()(x.double())
        made = FastResidual(block.float(), Workspace())(x)
    assert (made - wanted).abs().max() <= 1e-5 * wanted.abs().max()


def test_two_by_two_pixels_at_once():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        conv, x = nn.Conv2d(8, 3, 7, padding=3), torch.randn(2, 8, 10, 12)
    with torch.inference_mode():
        torch.testing.assert_close(BlockedConvolution(conv)(x), conv(x), rtol=0, atol=1e-6)


def test_channels_that_are_always_zero():
    dense = lived_in(new_model(tiny(), seed=1)[0]).generator.dense_motion_network
    x = torch.randn(1, 76, 16, 16, generator=torch.Generator().manual_seed(2))
    x[:, ::4] = 0
    seen = torch.arange(76).view(19, 4)[:, 1:].flatten()
    with torch.inference_mode():
        features = dense.hourglass(x)
        wanted = torch.cat([dense.mask(features), dense.occlusion(features)], dim=1)
        whole = FastHourglass(dense.hourglass, [dense.mask, dense.occlusion])
        part = FastHourglass(dense.hourglass, [dense.mask, dense.occlusion], seen).share(whole)
        torch.testing.assert_close(whole(x), wanted, rtol=0, atol=1e-5)
        torch.testing.assert_close(part(x[:, seen]), wanted, rtol=0, atol=1e-5)


def narrowed(model: Model, dtype: torch.dtype) -> tuple[float, float]:
    """Largest difference that `dtype` makes to a frame, and what is reckoned of it from the target alone."""
    narrow = fast_generator(model.generator, None, dtype).eval()
    assert narrow.bottleneck[0].first.weight.dtype == dtype
    target, points = a_target(), tensor("source_kp18")[None].float()
    driver, driver_points = a_driver(track=False)
    with torch.inference_mode():
        source, driving = model.kp_detector(target, points), model.kp_detector(driver[2:3], driver_points)
        onset = model.kp_detector(driver[:1], driver_points)
        wanted, motion = model.generator(target, source, relative(source, driving, onset))
        encoded = narrow.encode(target)
        made = narrow.decode(encoded, motion)
        assert made.dtype == encoded.features.dtype == torch.float32
        return float((made - wanted).abs().max()), drawing_error(model.generator, narrow, encoded.features)


def test_half_precision_stays_within_two_levels():
    made, reckoned = narrowed(models()[0], torch.float16)
    assert 0 < made <= 2 / 255
    assert 0.5 < reckoned / made < 2


def test_bfloat_is_noticed_where_it_is_too_narrow():
    made, reckoned = narrowed(models()[0], torch.bfloat16)
    assert made > 2 / 255
    assert reckoned > 2 / 255


def test_bfloat_of_a_residual_output():
    made, reckoned = narrowed(a_model(MENDED), torch.bfloat16)
    assert 0 < made <= 2 / 255
    assert 0 < reckoned <= 2 / 255


def test_a_target_that_a_narrow_precision_does_not_do_justice():
    model = models()[0]
    renderer = Renderer(model)
    # What a renderer for a GPU is made of.
    renderer._exact, renderer.precision = renderer._generator, "bf16"
    renderer._generator = fast_generator(model.generator, None, torch.bfloat16).eval()
    with pytest.raises(MeAugmentError, match=r"bf16 changes .* more than 2: use --precision fp16 or fp32"):
        renderer.encode(a_target(), tensor("source_kp18").float())


def test_narrow_precision_is_for_gpus():
    with pytest.raises(UsageError, match="bf16 gains nothing on a CPU"):
        Renderer(a_model(REFERENCE), precision="bf16")


ON_GPU = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
ON_CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory")


def short_of_memory(monkeypatch, limit: int, error: RuntimeError = ON_GPU) -> list[int]:
    """No more than `limit` frames fit while drawing; returns the batches that were tried."""
    tried: list[int] = []
    draw = Renderer._draw

    def limited(self, target, motion):
        tried.append(len(motion.deformation))
        if tried[-1] > limit:
            raise error
        return draw(self, target, motion)

    monkeypatch.setattr(Renderer, "_draw", limited)
    return tried


@pytest.mark.parametrize("error", [ON_GPU, ON_CPU], ids=["GPU", "CPU"])
def test_smaller_batches_when_memory_runs_out(monkeypatch, error):
    model = a_model(REFERENCE)
    wanted = fast(Renderer(model))
    tried = short_of_memory(monkeypatch, limit=2, error=error)
    renderer = Renderer(model, batch=5)
    torch.testing.assert_close(fast(renderer), wanted, rtol=0, atol=1e-5)
    assert tried == [5, 2, 2, 1]
    assert renderer.batch == 2


def test_no_memory_at_all(monkeypatch):
    tried = short_of_memory(monkeypatch, limit=0)
    with pytest.raises(MeAugmentError, match=r"too small for one frame of 256 x 256 pixels in fp32"):
        fast(Renderer(a_model(REFERENCE), batch=5))
    assert tried == [5, 2, 1]


def test_other_failures_are_not_taken_for_a_lack_of_memory(monkeypatch):
    def broken(self, target, motion):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(Renderer, "_draw", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        fast(Renderer(a_model(REFERENCE), batch=5))


def parts(model: Model) -> Iterator[nn.Parameter]:
    yield model.kp_detector.jacobian.bias
    yield model.generator.first.conv.weight
    yield model.generator.final.weight
    yield model.generator.dense_motion_network.mask.weight


@pytest.mark.parametrize("which", range(4))
def test_weights_that_are_not_numbers(which):
    model = a_model(REFERENCE)
    with torch.no_grad():
        list(parts(model))[which].view(-1)[0] = torch.nan
    with pytest.raises(MeAugmentError, match="not numbers"):
        fast(Renderer(model))


def test_devices():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    for text in ("gpu", "cuda:", "cuda:x", "cuda0", "cpu:1", ""):
        with pytest.raises(UsageError, match="is no device"):
            choose_device(text)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_no_gpu():
    for text in ("cuda", "cuda:3"):
        with pytest.raises(UsageError, match=r"no GPU here: use --device cpu"):
            choose_device(text)
    with pytest.raises(UsageError, match="no GPU here"):
        Renderer(a_model(REFERENCE), device="cuda")


def test_batches_begin_at_one():
    with pytest.raises(UsageError, match="at least 1"):
        Renderer(a_model(REFERENCE), batch=0)
