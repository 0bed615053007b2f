"""Stops a training that has gone wrong, and says why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = 100
"""Steps in a row that a symptom must last: a few equal batches are not collapse."""

MIN_SPREAD = 1e-3
LOW_SPREAD = 0.1
LOSS_TOLERANCE = 0.005


def spread(output: torch.Tensor) -> float:
    """1 - |mean of the unit embeddings|^2: 0 when all are equal, near 1 when spread out."""
    unit = torch.nn.functional.normalize(output.detach().float(), dim=1)
    return 1.0 - float(unit.mean(0).square().sum())


def check_finite(tensors: Mapping[str, torch.Tensor], where: str) -> None:
    """Raise DataError naming the first tensor that holds NaN or infinity."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise DataError(f"{where}: the values of {name} are not finite")


@dataclass
class Health:
    """Watches loss and embeddings of every step. ``low`` and ``flat`` count steps in a row."""

    collapse_loss: float | None
    low: int = 0
    flat: int = 0

    def check(self, step: int, loss: float, spread: float, rate: float, last_good: str) -> None:
        """Raise DataError when this step shows divergence or a lasting collapse."""
        if not math.isfinite(loss) or not math.isfinite(spread):
            raise DataError(
                f"training diverged at step {step}: loss {loss}, learning rate {rate:g}; lower the "
                f"learning rate, add warm-up or use fp32. {last_good}"
            )
        self.low = self.low + 1 if spread < MIN_SPREAD else 0
        target = self.collapse_loss
        # A loss near the margin is also what good embeddings of hard images give: both must hold.
        near = target is not None and abs(loss - target) < LOSS_TOLERANCE * target
        at_target = near and spread < LOW_SPREAD
        self.flat = self.flat + 1 if at_target else 0
        if max(self.low, self.flat) >= PATIENCE:
            what = f"loss {loss:.4f}, spread of the embeddings {spread:.1e}"
            raise DataError(
                f"training collapsed: for {PATIENCE} steps up to step {step} all embeddings have "
                f"been nearly equal ({what}); lower the learning rate, or check that labels and "
                f"images belong together. {last_good}"
            )
