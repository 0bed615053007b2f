"""CurricularFace: ArcFace with re-weighted hard negatives."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from harness.training.losses._base import (
    MARGIN_OPTIONS,
    Centres,
    MarginGradient,
    MarginLoss,
    RegisteredLoss,
)


class CurricularFace(MarginLoss):
    """ArcFace whose hard negatives weigh more as training continues (Huang et al. 2020).

    A negative above cos(theta + m) becomes cos_j (t + cos_j), where t follows the mean own cosine
    by t <- 0.01 mean + 0.99 t. Beyond theta = pi - m the own logit is cos(theta) - m sin(m).
    """

    t: Tensor

    def __init__(
        self, size: int, classes: int, **options: float | MarginGradient | Centres
    ) -> None:
        super().__init__(size, classes, **options)  # type: ignore[arg-type]
        self.register_buffer("t", torch.zeros(()))

    def margin(self, own: Tensor, norms: Tensor) -> Tensor:
        """Add m to the angle where that makes the cosine smaller."""
        harder = (own.arccos() + self.m).cos()
        return torch.where(own > -math.cos(self.m), harder, own - self.m * math.sin(self.m))

    def logits(self, cosines: Tensor, labels: Tensor, norms: Tensor) -> Tensor:
        """Cosines with the margin and with re-weighted hard negatives."""
        own = cosines.gather(1, labels[:, None])
        if self.training:
            self.t.mul_(0.99).add_(0.01 * own.detach().mean())
        changed = self._harder(own, norms[:, None])
        hard = cosines > changed.detach()
        negatives = torch.where(hard, cosines * (self.t + cosines), cosines)
        return negatives.scatter(1, labels[:, None], changed)


LOSS = RegisteredLoss(CurricularFace, MARGIN_OPTIONS, {"m": 0.5})
