"""CosFace: a margin on the cosine."""

from __future__ import annotations

from torch import Tensor

from harness.training.losses._base import MARGIN_OPTIONS, MarginLoss, RegisteredLoss


class CosFace(MarginLoss):
    """cos(theta) - m (Wang et al. 2018)."""

    def margin(self, own: Tensor, norms: Tensor) -> Tensor:
        """Subtract m."""
        return own - self.m


LOSS = RegisteredLoss(CosFace, MARGIN_OPTIONS, {"m": 0.4})
