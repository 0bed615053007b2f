"""Optimisers over named parameters, without weight decay on what must not shrink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from harness.training.recipe import OptimiserFactory

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)  # noqa: SLF001 (no public base)


def parameter_groups(module: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups: everything with ``weight_decay``, and norm layers without.

    Convolutions, linear layers, PReLU and class centres decay; batch norms do not (AdaFace's
    training script). Parameters that take no gradient are left out.
    """
    plain: list[nn.Parameter] = []
    norms: list[nn.Parameter] = []
    for part in module.modules():
        group = norms if isinstance(part, _NORMS) else plain
        group += [p for p in part.parameters(recurse=False) if p.requires_grad]
    groups = [
        {"params": plain, "weight_decay": weight_decay},
        {"params": norms, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def sgd(lr: float, momentum: float, weight_decay: float) -> OptimiserFactory:
    """Stochastic gradient descent with momentum, no decay on norm layers."""
    return lambda module: torch.optim.SGD(
        parameter_groups(module, weight_decay), lr=lr, momentum=momentum
    )


def adam(lr: float) -> OptimiserFactory:
    """Adam with beta (0.9, 0.999), eps 1e-8 and no weight decay, as in Torch7's defaults."""
    return lambda module: torch.optim.Adam(parameter_groups(module, 0.0), lr=lr)
