"""One step of training after another: networks, optimisers, and the average of the weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from me_augment.errors import MeAugmentError
from me_augment.generation.fpb_fomm.discriminator import Discriminator
from me_augment.generation.fpb_fomm.model import Model
from me_augment.training.devices import Place
from me_augment.training.losses import Batch, DiscriminatorLoss, GeneratorLosses
from me_augment.training.perceptual import Structure, Vgg19
from me_augment.training.settings import TrainingSettings

_BETAS = (0.5, 0.999)


class NotFiniteError(MeAugmentError):
    """A loss or a gradient is not a number any more, before any weight was changed by it."""


class Trainer:
    """Networks under training.

    Several processes average their gradients, so that they do what one would with all their pairs in its batch. On
    GPUs the normalisations too see all of them (SyncBatchNorm, which exists there only); on CPUs each process keeps
    statistics of its own, and those of the first are the model's.

    Args:
        settings: resolved.
        model, discriminator: are trained in place, on the device of `place`.
        place: of this process.
        vgg: what perceptual likeness is judged by; None judges by structure.

    Attributes:
        model, discriminator: as given, or with synchronised normalisations.
        average: the model with averaged weights, in evaluation mode.
    """

    def __init__(
        self, settings: TrainingSettings, model: Model, discriminator: Discriminator, place: Place, vgg: Vgg19 | None
    ) -> None:
        self.settings = settings
        self.place = place
        gpu = place.device.type == "cuda"
        if gpu and place.world > 1:
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        self.model, self.discriminator = model.to(place.device), discriminator.to(place.device)
        self.average = copy.deepcopy(self.model).eval().requires_grad_(False)
        autocast = torch.bfloat16 if settings.amp and gpu and torch.cuda.is_bf16_supported() else None
        likeness = (vgg or Structure()).to(place.device)
        self._losses: nn.Module = GeneratorLosses(
            self.model, self.discriminator, likeness, settings.weights, settings.scales, autocast
        )
        self._judge: nn.Module = DiscriminatorLoss(self.discriminator, settings.weights.discriminator_gan, autocast)
        if place.world > 1:
            ids = [place.device.index] if gpu else None
            self._losses = DistributedDataParallel(self._losses, ids, broadcast_buffers=False)
            self._judge = DistributedDataParallel(self._judge, ids, broadcast_buffers=False)
        parts = {
            "kp_detector": (self.model.kp_detector, settings.lr_kp_detector),
            "generator": (self.model.generator, settings.lr_generator),
            "discriminator": (self.discriminator, settings.lr_discriminator),
        }
        self._rates = {name: rate for name, (_, rate) in parts.items()}
        self._adams = {
            name: torch.optim.Adam(part.parameters(), lr=rate, betas=_BETAS) for name, (part, rate) in parts.items()
        }

    @property
    def term_names(self) -> tuple[str, ...]:
        """Names of the terms that `step` gives."""
        weights = self.settings.weights
        compat = self.settings.shape.conventions.compat
        adversary = bool(weights.generator_gan or any(weights.feature_matching))
        present = {
            "perceptual": any(weights.perceptual),
            "gen_gan": adversary,
            "feature_matching": adversary,
            "equivariance_value": compat and bool(weights.equivariance_value),
            "equivariance_jacobian": bool(weights.equivariance_jacobian),
            "identity": bool(weights.identity),
            "reconstruction": bool(weights.reconstruction),
            "temporal": bool(weights.temporal),
            "motion": bool(weights.motion),
            "strength": bool(weights.strength),
            "disc_gan": bool(weights.discriminator_gan),
        }
        return (*(name for name, here in present.items() if here), "gradient")

    def step(self, number: int, batch: Batch) -> dict[str, float]:
        """Train on a batch.

        Args:
            number: of the step, counted from 0; it decides the learning rates.
            batch: this process's share.

        Returns:
            The weighted losses, and the norm of the model's gradients before clipping.

        Raises:
            NotFiniteError: naming step and term. Nothing was changed but running statistics.
        """
        settings = self.settings
        factor = settings.factor_at(number)
        for name, adam in self._adams.items():
            for group in adam.param_groups:
                group["lr"] = self._rates[name] * factor
            adam.zero_grad(set_to_none=True)
        self.model.train()
        self.discriminator.train().requires_grad_(False)
        terms, prediction, deformation = self._losses(batch)
        # Before the way back: torch's grid_sample brings the process down on the gradient of a place that is no number,
        # which its result need not show.
        found = _finite({"deformation": deformation.abs().max(), **terms}, number)
        del found["deformation"]
        torch.stack(list(terms.values())).sum().backward()
        self.discriminator.requires_grad_(True)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip or torch.inf)
        found |= _finite({"gradient": norm}, number)
        if settings.weights.discriminator_gan:
            loss = self._judge(batch.driving, prediction)
            loss.backward()
            own = nn.utils.clip_grad_norm_(self.discriminator.parameters(), settings.clip or torch.inf)
            checked = _finite({"disc_gan": loss, "gradient of the discriminator": own}, number)
            found["disc_gan"] = checked["disc_gan"]
            self._adams["discriminator"].step()
        self._adams["generator"].step()
        self._adams["kp_detector"].step()
        self._follow(number)
        return found

    @torch.no_grad()
    def _follow(self, number: int) -> None:
        """Move the average towards the weights; at first by more, since it began at chance."""
        keep = min(self.settings.ema, (1 + number) / (10 + number))
        mean, now = self.average.state_dict(), self.model.state_dict()
        floats = [key for key, value in now.items() if value.is_floating_point()]
        torch._foreach_lerp_([mean[key] for key in floats], [now[key] for key in floats], 1 - keep)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {
            "model": self.model.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": {name: adam.state_dict() for name, adam in self._adams.items()},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.model.load_state_dict(state["model"])
        self.discriminator.load_state_dict(state["discriminator"])
        self.average.load_state_dict(state["average"])
        for name, adam in self._adams.items():
            adam.load_state_dict(state["optimisers"][name])


def _finite(terms: Mapping[str, Tensor], step: int) -> dict[str, float]:
    """Values of some terms, fetched at once."""
    values = torch.stack([value.detach().float() for value in terms.values()]).tolist()
    for name, value in zip(terms, values, strict=True):
        if not abs(value) < float("inf"):
            raise NotFiniteError(f"step {step}: {name} is {value}")
    return dict(zip(terms, values, strict=True))
