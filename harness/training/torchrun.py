"""Taking part in trainings that torchrun spreads over processes, on one machine or on several.

torchrun starts the same command everywhere. The first process does the work of the command; the
others wait for it to name a training, take part in it, and wait for the next.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import distributed
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from harness.errors import HarnessError, PrerequisiteError, UsageError
from harness.process import variables
from harness.training.distributed import Ranks, device_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = timedelta(days=30)
"""How long the others wait, for example while the first renders; torchrun ends them if it dies."""

MEETING = timedelta(minutes=10)
"""How long processes wait for each other at the start."""

SAID = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
"""What torchrun puts into the environment of a process."""


class KeyValueStore(Protocol):
    """As much of torch's stores as is needed here."""

    def set(self, key: str, value: str, /) -> None:
        """Put a value, over what stood there."""

    def get(self, key: str, /) -> bytes:
        """What is there; waits for it."""

    def check(self, keys: list[str], /) -> bool:
        """Whether all of them are there."""


@dataclass(frozen=True)
class TorchrunGroup:
    """A process among those of torchrun, of which ``here`` run on its machine."""

    ranks: Ranks
    local_rank: int
    here: int

    @classmethod
    def of_environment(cls) -> TorchrunGroup:
        """Who torchrun says that this process is.

        Raises PrerequisiteError where it does not say it, UsageError where it gives no numbers.
        """
        if missing := [name for name in SAID if name not in os.environ]:
            raise PrerequisiteError(
                f"torchrun's variables {', '.join(missing)} are not set; start the command by "
                "torchrun, or unset TORCHELASTIC_RUN_ID"
            )
        rank, local_rank = (variables.whole_number(name, 0) for name in SAID[::2])
        count, here = (variables.whole_number(name, 1) for name in SAID[1::2])
        if rank >= count or local_rank >= here:
            raise UsageError(
                f"RANK={rank} must be below WORLD_SIZE={count}, and LOCAL_RANK={local_rank} below "
                f"LOCAL_WORLD_SIZE={here}; start the command by torchrun"
            )
        return cls(Ranks(rank, count), local_rank, here)

    def meet(self, device: str) -> None:
        """Wait for all processes.

        Raises PrerequisiteError when there are fewer GPUs than processes on this machine.
        """
        cuda = device.startswith("cuda")
        if cuda and torch.cuda.device_count() < self.here:
            raise PrerequisiteError(
                f"torchrun started {self.here} processes on a machine where torch sees "
                f"{torch.cuda.device_count()} GPUs; lower --nproc-per-node"
            )
        if cuda:
            torch.cuda.set_device(device_of(device, self.local_rank))
        store = next(rendezvous("env://", timeout=MEETING))[0]
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if cuda else "gloo",
            store=PrefixStore(meet_anew(store, self.ranks), store),
            rank=self.ranks.rank,
            world_size=self.ranks.count,
            timeout=PATIENCE,
        )

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


def meet_anew(store: KeyValueStore, ranks: Ranks, patience: timedelta = MEETING) -> str:
    """A name that all processes of this attempt have, and none of an earlier attempt had.

    torchrun keeps its store when it starts processes again, and with it the addresses of those that
    were there before; under a prefix of their own nobody reads them. Raises HarnessError where the
    others do not come.
    """
    mine, end = uuid.uuid4().hex, time.monotonic() + patience.total_seconds()
    if not ranks.first:
        store.set(f"hello/{ranks.rank}", mine)
        _wait_for(store, f"welcome/{mine}", end)
        name = store.get(f"welcome/{mine}").decode()
        store.set(f"{name}/{ranks.rank}", "here")
        return name
    away = set(range(1, ranks.count))
    while away:
        for rank in sorted(away):
            # What is there may be of an earlier attempt; then nobody answers, and we ask again.
            if store.check([f"hello/{rank}"]):
                store.set(f"welcome/{store.get(f'hello/{rank}').decode()}", mine)
            if store.check([f"{mine}/{rank}"]):
                away.remove(rank)
        _pause(end)
    return mine


def _wait_for(store: KeyValueStore, key: str, end: float) -> None:
    while not store.check([key]):
        _pause(end)


def _pause(end: float) -> None:
    if time.monotonic() > end:
        raise HarnessError(
            "the processes of torchrun did not meet; start the same command on every machine"
        )
    time.sleep(0.05)
