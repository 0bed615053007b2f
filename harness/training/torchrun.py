"""Taking part in trainings that torchrun spreads over processes, on one machine or on several.

torchrun starts the same command everywhere. The first process does the work of the command; the
others wait for it to name a training, take part in it, and wait for the next.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

from harness.errors import PrerequisiteError
from harness.training.distributed import Ranks, device_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = timedelta(days=30)
"""How long the others wait, for example while the first renders; torchrun ends them if it dies."""


@dataclass(frozen=True)
class Crew:
    """A process among those of torchrun, of which ``here`` run on its machine."""

    ranks: Ranks
    local_rank: int
    here: int

    @classmethod
    def of_environment(cls) -> Crew:
        """Who torchrun says that this process is."""
        number = {name: int(os.environ[name]) for name in (
            "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")}  # fmt: skip
        ranks = Ranks(number["RANK"], number["WORLD_SIZE"])
        return cls(ranks, number["LOCAL_RANK"], number["LOCAL_WORLD_SIZE"])

    def meet(self, device: str) -> str:
        """Wait for all processes; gives the device of this one.

        Raises PrerequisiteError when there are fewer GPUs than processes on this machine.
        """
        cuda = device.startswith("cuda")
        if cuda and torch.cuda.device_count() < self.here:
            raise PrerequisiteError(
                f"torchrun started {self.here} processes on a machine where torch sees "
                f"{torch.cuda.device_count()} GPUs; lower --nproc-per-node"
            )
        mine = device_of(device, self.local_rank)
        if cuda:
            torch.cuda.set_device(mine)
        distributed.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=PATIENCE)
        return mine

    def jobs(self, jobs: int) -> int:
        """The part of this machine's ``jobs`` that one process of a training has."""
        return max(1, jobs // self.here)

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send all others something to do; the empty message says that nothing follows."""
        content = torch.frombuffer(bytearray(json.dumps(message).encode()), dtype=torch.uint8)
        distributed.broadcast(torch.tensor([len(content)]), src=0)
        distributed.broadcast(content, src=0)

    def hear(self) -> dict[str, Any]:
        """What the first process tells."""
        size = torch.zeros(1, dtype=torch.int64)
        distributed.broadcast(size, src=0)
        content = torch.empty(int(size), dtype=torch.uint8)
        distributed.broadcast(content, src=0)
        told: dict[str, Any] = json.loads(content.numpy().tobytes())
        return told

    def leave(self) -> None:
        """After the last message."""
        distributed.destroy_process_group()
