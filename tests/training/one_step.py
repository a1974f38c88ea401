"""A process of `torchrun` that takes one step of training and writes down its gradients; see test_devices.py."""

import sys

import torch
from torch import nn

from me_augment.generation.fpb_fomm.model import new_model
from me_augment.training.devices import place_of_process
from me_augment.training.equivariance import Distortion
from me_augment.training.loop import Trainer
from me_augment.training.pairs import Pairs
from me_augment.training.presets import preset
from me_augment.training.settings import changed

SETTINGS = changed(preset("tiny", "mended"), {"batch_size": 4, "scales": [1.0, 0.5]})


def gradients(place, clips):
    """Of all networks after the first step, with normalisations that do not look at their batch.

    In double precision: in single, the order of a sum decides on which side of a kink some values fall.
    """
    model, discriminator = (part.double() for part in new_model(SETTINGS.shape, seed=0))
    for module in (*model.modules(), *discriminator.modules()):
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
            module.train = lambda mode=True, module=module: module
    with torch.no_grad():  # from a point where every part counts
        model.generator.final.weight.normal_(0, 0.05, generator=torch.Generator().manual_seed(1))
    trainer = Trainer(SETTINGS, model, discriminator, place, None)
    batch = Pairs(clips, SETTINGS).batch(0, place.rank, place.world)
    exact = {name: part.double() for name, part in batch._asdict().items() if isinstance(part, torch.Tensor)}
    distortion = Distortion(batch.distortion.affine.double(), batch.distortion.weights.double())
    trainer.step(0, batch._replace(**exact, distortion=distortion))
    return {
        f"{name}.{key}": parameter.grad
        for name, part in (("model", trainer.model), ("discriminator", trainer.discriminator))
        for key, parameter in part.named_parameters()
    }


if __name__ == "__main__":
    from pathlib import Path

    from me_augment.training.clips import read_clip

    cache, out = Path(sys.argv[1]), Path(sys.argv[2])
    clips = [read_clip(folder, folder.name, "casme2:sub91") for folder in sorted(cache.iterdir())]
    with place_of_process("cpu") as place:
        found = gradients(place, clips)
        if place.leads:
            torch.save(found, out)
