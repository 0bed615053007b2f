"""AdaFace: a margin by image quality."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from harness.errors import UsageError
from harness.training.losses._base import MARGIN_OPTIONS, MarginLoss, RegisteredLoss


class AdaFace(MarginLoss):
    """A margin that follows the feature norm as a sign of image quality (Kim et al. 2022).

    Running mean and deviation of the norm start at 20 and 100 and move by ``t`` before every use.
    With several processes they are those of the whole batch, see
    :mod:`harness.training.distributed`; AdaFace's own code keeps a pair in each process.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, size: int, classes: int, *, h: float = 0.333, t: float = 0.01, **options: float | str
    ) -> None:
        super().__init__(size, classes, **options)  # type: ignore[arg-type]
        self.h, self.t = h, t
        self.register_buffer("mean", torch.tensor(20.0))
        self.register_buffer("std", torch.tensor(100.0))

    def margin(self, own: Tensor, norms: Tensor) -> Tensor:
        """Angular and additive margin by the quality in [-1, 1] of each image."""
        # The bounds of the published code: one exploding norm must not decide the statistics.
        safe = norms.clamp(1e-3, 100.0)
        if self.training:
            if len(safe) < 2:
                raise UsageError("AdaFace needs at least two images in a batch")
            self.mean.lerp_(safe.mean(), self.t)
            self.std.lerp_(safe.std(), self.t)
        quality = ((safe - self.mean) / (self.std + 1e-3) * self.h).clamp(-1.0, 1.0)
        # Beyond 0 and pi the cosine would rise again and reward a larger angle.
        angle = (own.arccos() - self.m * quality).clamp(1e-3, math.pi - 1e-3)
        return angle.cos() - (self.m + self.m * quality)


LOSS = RegisteredLoss(AdaFace, MARGIN_OPTIONS, {"m": 0.4, "clamp": 1e-3})
