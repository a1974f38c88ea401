"""Where training runs: one device, or several processes that `torchrun` started, one for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed

from me_augment.generation.fpb_fomm.inference import choose_device


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


@contextmanager
def place_of_process(name: str) -> Iterator[Place]:
    """This process's place: the device called so, or, under `torchrun`, one device for each process."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Place(choose_device(name))
        return
    device = choose_device(name)
    if device.type == "cuda":
        device = choose_device(f"cuda:{os.environ['LOCAL_RANK']}")
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Place(device, distributed.get_rank(), world)
    finally:
        distributed.destroy_process_group()
