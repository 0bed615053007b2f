"""One training in several processes: who sees which images, and what travels between them.

Every process sends its part of a batch through the network and gathers the outputs of all, so that
each computes the objective on the whole batch. Triplets are therefore selected, and AdaFace's norms
averaged, as in a single process, and nothing of the class centres travels. Each carries its rows of
the gradient back into the network, and gradients are added up. Batch norm normalises each part by
its own statistics; its running averages are the mean over the processes.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed, nn

from harness.errors import HarnessError, PrerequisiteError, UsageError
from harness.process.lifeline import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

RELAUNCHES = 3
"""How often all processes start again from the last checkpoint after one was killed."""

GRACE_S = 5.0
"""Seconds for the others to end after the first, so that the one that was killed is found."""

_NORMS = (nn.modules.batchnorm._NormBase,)  # noqa: SLF001 (no public base)

Report = Callable[[Any], None]


@dataclass(frozen=True)
class Ranks:
    """One process among ``count`` that train together; alone, nothing travels."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and shows progress."""
        return self.rank == 0

    def share(self, images: int) -> slice:
        """The part of a batch that this process sees; the parts in turn are the whole batch.

        Raises UsageError when there are fewer images than processes.
        """
        if images < self.count:
            raise UsageError(
                f"a batch of {images} images cannot be shared by {self.count} processes; lower "
                "--nproc"
            )
        return slice(images * self.rank // self.count, images * (self.rank + 1) // self.count)

    def gather(self, mine: torch.Tensor, images: int) -> torch.Tensor:
        """The rows (B, D) of all processes in the order of the batch, without a graph."""
        if self.count == 1:
            return mine.detach()
        most = -(-images // self.count)
        padded = mine.new_zeros(most, *mine.shape[1:])
        padded[: len(mine)] = mine.detach()
        parts = [torch.empty_like(padded) for _ in range(self.count)]
        distributed.all_gather(parts, padded)
        sizes = [Ranks(rank, self.count).share(images) for rank in range(self.count)]
        rows = [part[: size.stop - size.start] for part, size in zip(parts, sizes, strict=True)]
        return torch.cat(rows)

    def agree(self, number: int, device: torch.device) -> bool:
        """Whether all processes hold the same 63-bit number."""
        if self.count == 1:
            return True
        ends = torch.tensor([number, -number], device=device)
        distributed.all_reduce(ends, distributed.ReduceOp.MAX)
        return int(ends[0]) == -int(ends[1])

    @torch.no_grad()
    def add_up(self, network: nn.Module) -> None:
        """Make gradients the sum over the processes, and averages of batch norms the mean."""
        if self.count == 1:
            return
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        averages = [
            average
            for part in network.modules()
            if isinstance(part, _NORMS) and part.track_running_stats
            for average in (part.running_mean, part.running_var)
            if average is not None
        ]
        for average in averages:
            average.div_(self.count)
        tensors = [*gradients, *averages]
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat)
        sizes = [tensor.numel() for tensor in tensors]
        for tensor, part in zip(tensors, torch.split(flat, sizes), strict=True):
            tensor.copy_(part.view(tensor.shape))


ALONE = Ranks()


def device_of(device: str, rank: int) -> str:
    """The device of one process: every one has a GPU of its own."""
    return f"cuda:{rank}" if device.startswith("cuda") else device


def launch(
    work: Callable[[Any, Ranks, Report], Any],
    task: Any,
    count: int,
    *,
    device: str,
    heard: Report,
) -> list[Any]:
    """``work(task, ranks, report)`` in ``count`` processes; gives what each returned, by rank.

    ``work`` is a module-level function. What the first process reports goes to ``heard``. Where one
    is killed, all start again, and take up the last checkpoint. Raises PrerequisiteError when there
    are fewer GPUs than processes, the error of a process that failed, and HarnessError when killing
    does not end.
    """
    if device.startswith("cuda") and torch.cuda.device_count() < count:
        raise PrerequisiteError(
            f"--nproc {count} needs as many GPUs, and torch sees {torch.cuda.device_count()}; "
            "lower it"
        )
    for _ in range(RELAUNCHES + 1):
        with tempfile.TemporaryDirectory() as folder:
            group = _ProcessGroup(work, task, count, device, Path(folder) / "meeting")
            try:
                results = group.run(heard)
            finally:
                group.end()
        if results is not None:
            return results
    raise HarnessError(
        f"a training process was killed {RELAUNCHES + 1} times (out of memory?); the last "
        "checkpoint is kept, run the same command again, with a smaller --nproc if it repeats"
    )


class _ProcessGroup:
    """The processes of one attempt."""

    def __init__(
        self,
        work: Callable[[Any, Ranks, Report], Any],
        task: Any,
        count: int,
        device: str,
        meeting: Path,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes: list[SpawnProcess] = []
        for rank in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_member,
                args=(theirs, Ranks(rank, count), device, meeting),
                daemon=True,
            )
            process.start()
            theirs.close()
            ours.send((work, task))
            self.pipes.append(ours)
            self.processes.append(process)

    def run(self, heard: Report) -> list[Any] | None:
        """What each process returned, or None when one was killed."""
        results: dict[int, Any] = {}
        errors: list[HarnessError] = []
        open_ = list(self.pipes)
        while open_ and not errors:
            for ready in wait(open_):
                pipe = next(pipe for pipe in open_ if pipe is ready)
                try:
                    kind, value = pipe.recv()
                except (EOFError, ConnectionError):
                    open_.remove(pipe)
                    if self.pipes.index(pipe) not in results:
                        errors.append(HarnessError("a training process ended without a word"))
                    continue
                if kind == "report":
                    heard(value)
                elif kind == "error":
                    errors.append(value)
                else:
                    results[self.pipes.index(pipe)] = value
        if not errors:
            return [results[rank] for rank in range(len(self.pipes))]
        for process in self.processes:
            process.join(GRACE_S)
        if any((process.exitcode or 0) < 0 for process in self.processes):
            return None
        raise errors[0]

    def end(self) -> None:
        """Stop what still runs."""
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.terminate()
            process.join()


def _member(pipe: Connection, ranks: Ranks, device: str, meeting: Path) -> None:
    """One process of a group: meets the others, works, and says how it ended."""
    end_with_parent()
    cuda = device.startswith("cuda")
    try:
        work, task = pipe.recv()
        if cuda:
            torch.cuda.set_device(ranks.rank)
        distributed.init_process_group(
            "nccl" if cuda else "gloo",
            init_method=meeting.as_uri(),
            rank=ranks.rank,
            world_size=ranks.count,
        )

        def report(value: Any) -> None:
            if ranks.first:
                pipe.send(("report", value))

        found = work(task, ranks, report)
        distributed.barrier()
        pipe.send(("result", found))
        distributed.destroy_process_group()
    except HarnessError as error:
        _last_words(pipe, error)
    except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
        _last_words(pipe, HarnessError(f"{type(error).__name__}: {error}"))


def _last_words(pipe: Connection, error: HarnessError) -> None:
    with suppress(OSError):  # the one who listened may be gone
        pipe.send(("error", error))
    pipe.close()
    os._exit(1)  # others may wait for this process in a collective, which ends only with it
