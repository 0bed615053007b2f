"""Plain cross-entropy."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.training.losses._base import Logged, RegisteredLoss


class SoftmaxLoss(nn.Module):
    """Plain cross-entropy on a linear layer with bias."""

    def __init__(self, size: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, classes)

    def forward(self, output: Tensor, labels: Tensor) -> Logged:
        """Mean cross-entropy of raw features (B, D) and labels int64 (B,)."""
        with torch.autocast(output.device.type, enabled=False):
            loss = F.cross_entropy(self.linear(output.float()), labels)
        return loss, {"norm": float(output.detach().norm(dim=1).mean())}


LOSS = RegisteredLoss(SoftmaxLoss)
