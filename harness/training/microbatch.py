"""Large batches in little memory: the network sees parts, the objective the whole batch.

The network runs over every part without a graph, the objective turns all outputs together into a
loss and its gradient with respect to them, and the network runs over every part again to carry that
gradient back (Gao et al. 2021, "Scaling deep contrastive learning batch size"). Selection inside
the batch (triplets) and statistics of the batch (AdaFace's norms) are therefore those of the whole
batch, and so are the gradients, up to the order of sums: exact for a network without batch norm and
dropout. Batch norm normalises each part by that part's own statistics, as any accumulation does;
its running averages move once per part. The price is a second forward pass.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Forward = Callable[[torch.Tensor], torch.Tensor]

_NORMS = (nn.modules.batchnorm._NormBase,)  # noqa: SLF001 (no public base)


def outputs(
    network: nn.Module, forward: Forward, parts: Sequence[torch.Tensor], seed: int
) -> torch.Tensor:
    """What the network makes of all parts, (B, D), without a graph.

    Running averages of batch norms stay as they are.
    """
    made = []
    with torch.no_grad(), _averages_kept(network):
        for number, part in enumerate(parts):
            torch.manual_seed(seed + number)
            made.append(forward(part).float())
    return torch.cat(made)


def backward(
    forward: Forward, parts: Sequence[torch.Tensor], gradient: torch.Tensor, seed: int
) -> None:
    """Carry the gradient of the outputs, (B, D), into the network's parameters."""
    start = 0
    for number, part in enumerate(parts):
        torch.manual_seed(seed + number)  # the same dropout as before
        again = forward(part).float()
        again.backward(gradient[start : start + len(part)])
        start += len(part)


@contextmanager
def _averages_kept(network: nn.Module) -> Iterator[None]:
    norms = [part for part in network.modules() if isinstance(part, _NORMS)]
    held = [(part, part.momentum, part.num_batches_tracked) for part in norms]
    for part in norms:
        part.momentum = 0.0
        if part.num_batches_tracked is not None:
            part.num_batches_tracked = part.num_batches_tracked.clone()
    try:
        yield
    finally:
        for part, momentum, tracked in held:
            part.momentum, part.num_batches_tracked = momentum, tracked
