"""Where training runs: one device, or several processes that `torchrun` started, one for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed

from me_augment.errors import UsageError


@dataclass(frozen=True)
class Place:
    """One process of a training run.

    Attributes:
        device: that it computes on.
        rank, world: its number, and how many there are.
    """

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether it is the one that writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            distributed.barrier()


def find_device(name: str) -> torch.device:
    """`cpu`, `cuda`, `cuda:N`, or `auto`: a GPU where there is one.

    Raises:
        UsageError: there is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"there is no device {name!r}: choose auto, cpu, cuda or cuda:N.") from error
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"training does not run on {name!r}: choose auto, cpu, cuda or cuda:N.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise UsageError(
            f"--device {name}, but torch finds {count or 'no'} GPU{'s' * (count != 1)}: `me-augment doctor` says why; "
            "--device cpu trains without one."
        )
    return device


@contextmanager
def place_of_process(name: str) -> Iterator[Place]:
    """This process's place: the device called so, or, under `torchrun`, one device for each process."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Place(find_device(name))
        return
    device = find_device(name)
    if device.type == "cuda":
        device = find_device(f"cuda:{os.environ['LOCAL_RANK']}")
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Place(device, distributed.get_rank(), world)
    finally:
        distributed.destroy_process_group()
