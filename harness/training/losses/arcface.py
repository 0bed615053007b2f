"""ArcFace: a margin on the angle."""

from __future__ import annotations

import math

from torch import Tensor

from harness.training.losses._base import (
    MARGIN_OPTIONS,
    Centres,
    MarginGradient,
    MarginLoss,
    PastPi,
    RegisteredLoss,
)


class ArcFace(MarginLoss):
    """cos(theta + m) (Deng et al. 2019).

    ``past_pi`` says what happens where theta + m exceeds pi: ``cosine``, the cosine rises again
    (insightface), or ``clip``, theta + m is held in [1e-4, pi - 1e-4] and has no gradient there
    (the ArcFace of AdaFace's code).
    """

    def __init__(
        self,
        size: int,
        classes: int,
        *,
        past_pi: PastPi = "cosine",
        **options: float | MarginGradient | Centres,
    ) -> None:
        super().__init__(size, classes, **options)  # type: ignore[arg-type]
        self.past_pi = past_pi

    def margin(self, own: Tensor, norms: Tensor) -> Tensor:
        """Add m to the angle."""
        angle = own.arccos() + self.m
        if self.past_pi == "clip":
            angle = angle.clamp(1e-4, math.pi - 1e-4)
        return angle.cos()


LOSS = RegisteredLoss(ArcFace, MARGIN_OPTIONS | {"past_pi"}, {"m": 0.5})
