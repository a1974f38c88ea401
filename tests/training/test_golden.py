"""One training iteration from the reference's checkpoint gives the reference's losses, gradients and steps."""

from functools import cache

import numpy as np
import pytest
import torch
from fpb_golden import DATA, models, numbers, tensor

from me_augment.training.equivariance import Distortion
from me_augment.training.losses import Batch, DiscriminatorLoss, GeneratorLosses, LossWeights
from me_augment.training.perceptual import Vgg19

LOSSES = ("perceptual", "gen_gan", "feature_matching", "equivariance_value", "equivariance_jacobian")
BETAS = (0.5, 0.999)


@cache
def iteration(dtype):
    """All numbers of one iteration, by the name that the reference's bear."""
    model, discriminator = models()
    networks = {
        "kp_detector": model.kp_detector.to(dtype).train(),
        "generator": model.generator.to(dtype).train(),
        "discriminator": discriminator.to(dtype).train(),
    }
    stored = torch.load(DATA / "tiny_checkpoint.pth.tar", weights_only=True, map_location="cpu")
    adams = {}
    for name, network in networks.items():
        # Adam's state is stored by position, and the reference's modules have an order of their own.
        own = dict(network.named_parameters())
        adams[name] = torch.optim.Adam([own[key] for key in stored[name] if key in own], lr=2e-4, betas=BETAS)
        adams[name].load_state_dict(stored[f"optimizer_{name}"])
    frames = torch.from_numpy(numbers()["driving_images_u8"]).movedim(-1, -3).to(dtype) / 255
    target = torch.from_numpy(numbers()["source_image_u8"])[None].movedim(-1, -3).to(dtype) / 255
    points = torch.stack([tensor("driving_kp18"), tensor("source_kp18")])
    weights = {key[4:]: torch.from_numpy(value) for key, value in numbers().items() if key.startswith("vgg.")}
    batch = Batch(
        source=frames[:2],
        driving=torch.cat([frames[2:], target]),
        source_points=points,
        driving_points=points,
        displacement=None,
        face=None,
        distortion=Distortion(tensor("train_theta").to(dtype), tensor("train_control_params").to(dtype).movedim(1, 2)),
    )
    losses = GeneratorLosses(model, discriminator, Vgg19(weights).to(dtype), LossWeights())
    before = {f"{n}.{k}": p.detach().clone() for n, net in networks.items() for k, p in net.named_parameters()}
    found = {}
    discriminator.requires_grad_(False)
    outcome = losses.outcome(batch)
    for name in LOSSES:
        found[f"loss_{name}"] = outcome.terms[name].item()
    assert set(outcome.terms) == set(LOSSES)
    found["loss_total_generator"] = outcome.total.item()
    outcome.total.backward()
    for name in ("generator", "kp_detector"):
        take_gradients(found, name, networks[name])
        adams[name].step()
    discriminator.requires_grad_(True)
    loss = DiscriminatorLoss(discriminator, 1.0)(batch.driving, outcome.prediction)
    found["loss_disc_gan"] = loss.item()
    loss.backward()
    take_gradients(found, "discriminator", discriminator)
    adams["discriminator"].step()
    for name, network in networks.items():
        for key, parameter in network.named_parameters():
            found[f"delta_{name}.{key}"] = (parameter.detach() - before[f"{name}.{key}"]).numpy()
    return found, outcome, batch, model


def take_gradients(found, name, network):
    grads = {key: parameter.grad for key, parameter in network.named_parameters()}
    assert all(grad is not None for grad in grads.values())
    found[f"gradnorm_{name}"] = torch.stack([grad.norm() for grad in grads.values()]).norm().item()
    found |= {f"grad_{name}.{key}": grad.clone().numpy() for key, grad in grads.items()}


@pytest.mark.parametrize("name", [*LOSSES, "total_generator", "disc_gan"])
def test_losses(name):
    for dtype, prefix, tolerance in ((torch.float32, "f32", 1e-4), (torch.float64, "f64", 1e-6)):
        assert iteration(dtype)[0][f"loss_{name}"] == pytest.approx(
            float(numbers()[f"train_{prefix}_loss_{name}"]), rel=tolerance
        )


@pytest.mark.parametrize("name", ["generator", "kp_detector", "discriminator"])
def test_gradient_norms(name):
    wanted = float(numbers()[f"train_f64_gradnorm_{name}"])
    assert iteration(torch.float64)[0][f"gradnorm_{name}"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("key", [k for k in numbers() if k.startswith(("train_f64_grad_", "train_f64_delta_"))])
def test_gradients_and_steps_of_adam(key):
    found, wanted = iteration(torch.float64)[0][key.removeprefix("train_f64_")], numbers()[key]
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()


def test_what_the_losses_are_found_from():
    _, outcome, batch, model = iteration(torch.float32)

    def same(name, values, tolerance):
        np.testing.assert_allclose(values.detach().numpy(), numbers()[name], rtol=0, atol=tolerance)

    # The statistics of two pictures amplify rounding: by oneDNN's convolutions 2.2e-3, by torch's own 1.0e-3.
    with torch.backends.mkldnn.flags(enabled=False):
        same("train_prediction_s8", iteration.__wrapped__(torch.float32)[1].prediction[..., ::8, ::8], 2e-3)
    same("train_prediction_s8", iteration(torch.float64)[1].prediction[..., ::8, ::8], 1e-3)
    frames = batch.distortion.frames(batch.driving, align_corners=False)
    same("train_transformed_frame_s8", frames[..., ::8, ::8], 1e-4)
    same("train_transformed_jacobian", outcome.distorted.jacobian, 1e-4)
    same("train_driving_jacobian", outcome.driving.jacobian, 1e-4)
    same("train_warped_kp_value", batch.distortion.apply(outcome.driving.value), 1e-5)
    same("train_transform_jacobian", batch.distortion.jacobian(outcome.driving.value), 1e-5)
    norm = model.kp_detector.predictor.encoder.down_blocks[0].norm
    same("train_bn_after_kp_running_mean", norm.running_mean, 1e-5)
    same("train_bn_after_gen_running_mean", model.generator.first.norm.running_mean, 1e-5)


def test_every_number_of_training_is_looked_at():
    known = {"theta", "control_params", "bn_after_num_batches_tracked"}  # inputs; and a count that nothing reads
    known |= {"prediction_s8", "transformed_frame_s8", "transformed_jacobian", "driving_jacobian", "warped_kp_value"}
    known |= {"transform_jacobian", "bn_after_kp_running_mean", "bn_after_gen_running_mean"}
    for name in numbers():
        key = name.removeprefix("train_")
        if key == name or key in known:
            continue
        precision, _, rest = key.partition("_")
        assert precision in ("f32", "f64")
        assert rest in iteration(torch.float64)[0]
