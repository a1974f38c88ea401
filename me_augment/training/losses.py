"""What training minimises: the reference's losses, and those that small motion needs besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from me_augment.generation.fpb_fomm.architecture import COLOURS
from me_augment.generation.fpb_fomm.blocks import Shrink, identity_grid
from me_augment.generation.fpb_fomm.discriminator import Discriminator
from me_augment.generation.fpb_fomm.expression_generation import Encoded
from me_augment.generation.fpb_fomm.model import Model
from me_augment.generation.fpb_fomm.motion_prediction import KeyPoints, Motion, inverse
from me_augment.generation.fpb_fomm.region_focusing import region_maps, region_mask
from me_augment.training.equivariance import Distortion
from me_augment.training.perceptual import Likeness

# A frame in which nothing moves further than this, pixels, counts as proportionally less lively.
_STILL_PX = 0.05
# What a place beside the face counts in the loss of motion, beside one of the face that does not move.
_STILL_SHARE = 0.25


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Factors on the losses; the defaults are the published ones, which leave out those of small motion.

    Attributes:
        perceptual: of the layers that the likeness compares, at every scale of the pyramid.
        generator_gan, discriminator_gan, feature_matching: of the adversary; the last for each of its blocks.
        equivariance_value, equivariance_jacobian: key points and Jacobians of a distorted frame. Key points come from
            landmarks, not from a network, so that the first reaches no weight.
        reconstruction: absolute difference, weighted by `region` and `amplitude`.
        region: weight of the 18 regions beside that of 1 which every place has.
        amplitude: weight of the liveliest place of a frame beside that of 1.
        identity: difference of a target from itself, driven by itself.
        temporal: change between neighbouring frames, against how the film changes.
        motion: distance of the predicted deformation from the measured displacement, and beside the face from none,
            pixels.
        strength: how far from 1 the gain of each frame's predicted displacement is. By distances alone a network does
            best to move less where it is unsure, and the label comes out too weak.
    """

    perceptual: tuple[float, ...] = (10.0,) * 5
    generator_gan: float = 1.0
    discriminator_gan: float = 1.0
    feature_matching: tuple[float, ...] = (10.0,) * 4
    equivariance_value: float = 10.0
    equivariance_jacobian: float = 10.0
    reconstruction: float = 0.0
    region: float = 0.0
    amplitude: float = 0.0
    identity: float = 0.0
    temporal: float = 0.0
    motion: float = 0.0
    strength: float = 0.0


class Batch(NamedTuple):
    """Pairs of frames of one clip each; pair 0 and 1, 2 and 3 … are neighbours in time where `temporal` counts.

    Attributes:
        source, driving: (B, 3, H, W) RGB in [0, 1].
        source_points, driving_points: (B, 18, 2) pixels.
        displacement: (B, h, w, 2) pixels, at the size that the motion is predicted at: what is at each place of the
            driving frame is found so far away in the source. None where it was not measured.
        face: (B, 1, h, w) in [0, 1], where it was measured; None likewise.
        distortion: for the losses of equivariance.
    """

    source: Tensor
    driving: Tensor
    source_points: Tensor
    driving_points: Tensor
    displacement: Tensor | None
    face: Tensor | None
    distortion: Distortion

    def to(self, device: torch.device) -> Batch:
        """The batch there."""
        there = {name: part.to(device) for name, part in self._asdict().items() if isinstance(part, Tensor)}
        distortion = Distortion(self.distortion.affine.to(device), self.distortion.weights.to(device))
        return self._replace(**there, distortion=distortion)


@dataclass
class Outcome:
    """What a generator's step gave.

    Attributes:
        terms: name of a loss → its value, weighted; their sum is to be minimised.
        prediction: (B, 3, H, W).
        source, driving, distorted: key points as detected.
        motion: as predicted.
    """

    prediction: Tensor
    source: KeyPoints
    driving: KeyPoints
    motion: Motion
    terms: dict[str, Tensor] = field(default_factory=dict)
    distorted: KeyPoints | None = None

    @property
    def total(self) -> Tensor:
        """Sum of the terms."""
        return torch.stack(list(self.terms.values())).sum()


class GeneratorLosses(nn.Module):
    """One pass of detector and generator over a batch, and all its losses.

    A module of its own so that `DistributedDataParallel` can hold it. The adversary and the likeness are called, not
    owned: their parameters are not trained here.

    Args:
        model: is trained.
        discriminator: its parameters should not require gradients meanwhile.
        likeness: compares pictures at every scale.
        weights: of the losses.
        scales: of the pyramid, 1/2^n.
        autocast: precision of whatever is not motion; None computes all in that of the batch.
    """

    def __init__(
        self,
        model: Model,
        discriminator: Discriminator,
        likeness: Likeness,
        weights: LossWeights,
        scales: Sequence[float] = (1.0, 0.5, 0.25, 0.125),
        autocast: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.weights = weights
        self.autocast = autocast
        self._others = (discriminator, likeness)
        self._pyramid = [Shrink(COLOURS, scale) for scale in scales]

    def forward(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """The losses by name, weighted; the prediction (B, 3, H, W); and the deformation that it was made by."""
        outcome = self.outcome(batch)
        return outcome.terms, outcome.prediction, outcome.motion.deformation.detach()

    def outcome(self, batch: Batch) -> Outcome:
        """The losses of a batch, and what they were found from."""
        detector, weights = self.model.kp_detector, self.weights
        # In this order, because each call moves the running statistics of the normalisations.
        source = detector(batch.source, batch.source_points)
        driving = detector(batch.driving, batch.driving_points)
        prediction, motion = self._generate(batch.source, source, driving)
        result = Outcome(prediction, source, driving, motion)
        self._appearance(result, batch)
        if weights.equivariance_value or weights.equivariance_jacobian:
            self._equivariance(result, batch)
        if weights.identity:
            same, _ = self._generate(batch.source, source, source)
            result.terms["identity"] = weights.identity * (same - batch.source).abs().mean()
        if batch.displacement is not None and batch.face is not None:
            self._small_motion(result, batch, batch.displacement, batch.face)
        return result

    def _generate(self, picture: Tensor, source: KeyPoints, driving: KeyPoints) -> tuple[Tensor, Motion]:
        generator = self.model.generator
        with _mixed(picture, self.autocast):
            encoded: Encoded = generator.encode(picture)
        # Half precision knows places to a tenth of a pixel at best: a micro-expression would drown.
        motion = generator.dense_motion_network(encoded.small.to(picture.dtype), source, driving)
        with _mixed(picture, self.autocast):
            prediction = generator.decode(encoded, motion)
        return prediction.to(picture.dtype), motion

    def _appearance(self, result: Outcome, batch: Batch) -> None:
        """Likeness at every scale, and what the adversary sees."""
        discriminator, likeness = self._others
        weights, terms, picture = self.weights, result.terms, batch.driving
        with _mixed(picture, self.autocast):
            if any(weights.perceptual):
                perceptual = picture.new_zeros(())
                for shrink in self._pyramid:
                    shrink.to(picture)
                    found = likeness(shrink(result.prediction), shrink(picture))
                    # A likeness may have fewer layers than the published one, not more.
                    for weight, term in zip(weights.perceptual, found, strict=False):
                        perceptual = perceptual + weight * term
                terms["perceptual"] = perceptual
            if weights.generator_gan or any(weights.feature_matching):
                with torch.no_grad():
                    real = discriminator(picture)
                fake = discriminator(result.prediction)
                gan = sum((1 - scores.to(picture.dtype)).square().mean() for _, scores in fake)
                terms["gen_gan"] = weights.generator_gan * torch.as_tensor(gan)
                matching = picture.new_zeros(())
                for (wanted, _), (found, _) in zip(real, fake, strict=True):
                    for weight, a, b in zip(weights.feature_matching, wanted, found, strict=True):
                        matching = matching + weight * (a - b).abs().mean()
                terms["feature_matching"] = matching

    def _equivariance(self, result: Outcome, batch: Batch) -> None:
        """A distorted frame must have distorted key points.

        The reference shows the detector the distorted frame with the points, and mask, of the undistorted one, and
        takes dT/dp there. Here the points are those that the distortion leads to.
        """
        weights, detector = self.weights, self.model.kp_detector
        conventions, distortion, driving = self.model.shape.conventions, batch.distortion, result.driving
        frames = distortion.frames(batch.driving, align_corners=conventions.align_corners)
        places, points = driving.value.detach(), batch.driving_points
        if not conventions.compat:
            places = distortion.inverse(places)
            last = places.new_tensor([frames.shape[-1] - 1, frames.shape[-2] - 1])
            points = (places + 1) / 2 * last
        result.distorted = detector(frames, points)
        if conventions.compat and weights.equivariance_value:
            moved = distortion.apply(result.distorted.value)
            result.terms["equivariance_value"] = weights.equivariance_value * (driving.value - moved).abs().mean()
        if weights.equivariance_jacobian:
            back = torch.linalg.inv(driving.jacobian) if conventions.compat else inverse(driving.jacobian)
            product = back @ distortion.jacobian(places) @ result.distorted.jacobian
            unit = torch.eye(2, dtype=product.dtype, device=product.device)
            result.terms["equivariance_jacobian"] = weights.equivariance_jacobian * (unit - product).abs().mean()

    def _small_motion(self, result: Outcome, batch: Batch, displacement: Tensor, face: Tensor) -> None:
        """What a measured displacement makes it possible to ask."""
        weights, terms = self.weights, result.terms
        error = (result.prediction - batch.driving).abs()
        lively = liveliness(displacement) * face
        if weights.reconstruction:
            counts = 1 + weights.amplitude * lively
            if weights.region:
                counts = counts + weights.region * _regions(batch, self.model)
            counts = functional.interpolate(counts, error.shape[-2:], mode="bilinear", align_corners=True)
            terms["reconstruction"] = weights.reconstruction * _weighted(error.mean(1, keepdim=True), counts)
        if weights.temporal:
            even = len(error) // 2 * 2
            change = result.prediction[1:even:2] - result.prediction[0:even:2]
            wanted = batch.driving[1:even:2] - batch.driving[0:even:2]
            terms["temporal"] = weights.temporal * (change - wanted).abs().mean()
        found = predicted_displacement(result.motion, batch.driving)
        if weights.strength:
            moves = (face * displacement.square().sum(-1)[:, None]).sum((1, 2, 3))
            follows = (face * (found * displacement).sum(-1)[:, None]).sum((1, 2, 3))
            enough = face.sum((1, 2, 3)) * _STILL_PX**2
            off = torch.where(moves > enough, (1 - follows / moves.clamp_min(1e-6)).abs(), 0.0)
            terms["strength"] = weights.strength * off.mean()
        if weights.motion:
            apart, stray = (_length(field) for field in (found - displacement, found))
            # Hair and background are to stay where they are: a target's do, whatever the driver's head did.
            counts = face * (1 + weights.amplitude * lively)
            still = _STILL_SHARE * (1 - face)
            error = (counts * apart + still * stray) / (counts + still)
            terms["motion"] = weights.motion * _weighted(error, counts + still)


class DiscriminatorLoss(nn.Module):
    """Of telling frames from generated ones, by least squares (Mao et al., ICCV 2017)."""

    def __init__(self, discriminator: Discriminator, weight: float, autocast: torch.dtype | None = None) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.weight = weight
        self.autocast = autocast

    def forward(self, real: Tensor, generated: Tensor) -> Tensor:
        """The weighted loss; frames are (B, 3, H, W), and the generated ones get no gradient."""
        with _mixed(real, self.autocast):
            filmed, made = self.discriminator(real), self.discriminator(generated.detach())
        loss = real.new_zeros(())
        for (_, yes), (_, no) in zip(filmed, made, strict=True):
            yes, no = yes.to(real.dtype), no.to(real.dtype)
            loss = loss + self.weight * ((1 - yes).square() + no.square()).mean()
        return loss


def predicted_displacement(motion: Motion, picture: Tensor) -> Tensor:
    """(B, h, w, 2) pixels of the picture (B, C, H, W): how far from itself each place is found in the target."""
    deformation = motion.deformation
    grid = identity_grid(deformation.shape[1], deformation.shape[2], deformation)
    return (deformation - grid) * deformation.new_tensor([(picture.shape[-1] - 1) / 2, (picture.shape[-2] - 1) / 2])


def liveliness(displacement: Tensor) -> Tensor:
    """(B, 1, h, w) in [0, 1]: how far each place of (B, h, w, 2) moves beside the one that moves most."""
    length = torch.linalg.vector_norm(displacement, dim=-1)[:, None]
    return length / length.amax((-2, -1), keepdim=True).clamp_min(_STILL_PX)


def _length(field: Tensor) -> Tensor:
    """(B, h, w, 2) → (B, 1, h, w); a length of 0 has a gradient, which is 0."""
    return (field.square().sum(-1) + 1e-12).sqrt()[:, None]


def _weighted(values: Tensor, counts: Tensor) -> Tensor:
    """Weighted mean of every sample of (B, 1, h, w), and of these the plain one: batches can be split and averaged."""
    places = (1, 2, 3)
    return ((counts * values).sum(places) / counts.sum(places).clamp_min(1e-6)).mean()


def _regions(batch: Batch, model: Model) -> Tensor:
    """(B, 1, h, w) in [0, 1], how near the 18 key points of the driving frame each place is."""
    assert batch.face is not None
    height, width = batch.face.shape[-2:]
    size = (batch.driving.shape[-2], batch.driving.shape[-1])
    maps = region_maps(batch.driving_points, size, (height, width), compat=model.shape.conventions.compat)
    return region_mask(maps).to(batch.face)


def _mixed(like: Tensor, dtype: torch.dtype | None) -> torch.autocast:
    return torch.autocast(like.device.type, dtype=dtype, enabled=dtype is not None)
