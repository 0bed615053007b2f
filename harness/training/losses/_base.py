"""What losses share: the margin on the angle to the class centre, and how one is registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MarginGradient = Literal["exact", "straight-through"]
Centres = Literal["unit", "normal"]
PastPi = Literal["cosine", "clip"]
Logged = tuple[Tensor, dict[str, float]]
MARGIN_OPTIONS = frozenset({"m", "scale", "gradient", "sample_rate", "centres"})
"""Options of :func:`harness.training.losses.classification_loss` that every margin loss has."""


@dataclass(frozen=True)
class RegisteredLoss:
    """What the module of a loss names ``LOSS``: its class, called with (size, classes, **options).

    ``options`` are those of :func:`harness.training.losses.classification_loss` that it takes;
    ``defaults`` are arguments that it is called with where the user gives no other.
    """

    kind: type[nn.Module]
    options: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)


class MarginLoss(nn.Module):
    """Cross-entropy of scale * cosine, where ``margin`` makes the own class harder.

    Class centres are the columns of ``weight`` (D, C), unit length at use. ``centres`` is how they
    start: ``unit``, uniform in (-1, 1) and normalised (AdaFace), or ``normal``, N(0, 0.01) of
    length 0.01 sqrt(D) (insightface's PartialFC): of a vector of length l both the gradient and
    the angle of a step grow as 1/l, so the first steps turn them 1/l^2 times as far.
    Cosines are clamped to +-(1 - ``clamp``); a clamped one has no gradient.
    ``gradient`` is ``exact``, through the margin (AdaFace's code: s sin(theta + m) / sin(theta)),
    or ``straight-through``, s as if there were no margin (insightface and CVLface, which change the
    logit outside of autograd).

    With ``sample_rate`` below 1, a step in training mode sees that share of the centres: those of
    its own labels, and others drawn uniformly from torch's default generator (An et al. 2021,
    "Partial FC"). Time and memory of the logits shrink by the same share.
    """

    def __init__(
        self,
        size: int,
        classes: int,
        *,
        m: float,
        scale: float = 64.0,
        clamp: float = 1e-4,
        gradient: MarginGradient = "exact",
        sample_rate: float = 1.0,
        centres: Centres = "unit",
    ) -> None:
        super().__init__()
        self.m, self.scale, self.clamp, self.gradient = m, scale, clamp, gradient
        self.sample_rate = sample_rate
        drawn = torch.empty(size, classes)
        if centres == "unit":
            self.weight = nn.Parameter(F.normalize(drawn.uniform_(-1, 1), dim=0))
        else:
            self.weight = nn.Parameter(drawn.normal_(0.0, 0.01))

    def forward(self, output: Tensor, labels: Tensor) -> Logged:
        """Mean cross-entropy of raw features (B, D) and labels int64 (B,)."""
        # In half precision cosines near 1, where margins act, are too coarse.
        with torch.autocast(output.device.type, enabled=False):
            features = output.float()
            weight: Tensor = self.weight
            # The slope of arccos is infinite at -1 and 1; one such cosine makes all gradients NaN.
            limit = 1.0 - self.clamp
            if self.training and self.sample_rate < 1.0:
                drawn = self.draw(labels)
                weight, labels = weight[:, drawn], torch.searchsorted(drawn, labels)
            cosines = F.normalize(features, dim=1) @ F.normalize(weight.float(), dim=0)
            cosines = cosines.clamp(-limit, limit)
            norms = features.detach().norm(dim=1)
            logits = self.scale * self.logits(cosines, labels, norms)
            loss = F.cross_entropy(logits, labels)
        own = float(cosines.detach().gather(1, labels[:, None]).mean())
        return loss, {"norm": float(norms.mean()), "own_cosine": own}

    def draw(self, labels: Tensor) -> Tensor:
        """The centres of one step, int64 (K,) ascending: all of ``labels`` and random others."""
        classes = self.weight.shape[1]
        lots = torch.rand(classes, device=labels.device)
        own = torch.zeros_like(lots).index_fill_(0, labels, 1.0)
        count = max(int(own.sum()), round(self.sample_rate * classes))
        return (lots + own).topk(count).indices.sort().values

    def logits(self, cosines: Tensor, labels: Tensor, norms: Tensor) -> Tensor:
        """Cosines (B, C) with the margin on the own class; ``norms`` (B,) carry no gradient."""
        own = cosines.gather(1, labels[:, None])
        return cosines.scatter(1, labels[:, None], self._harder(own, norms[:, None]))

    def margin(self, own: Tensor, norms: Tensor) -> Tensor:
        """The own cosines (B, 1) made smaller."""
        raise NotImplementedError

    def _harder(self, own: Tensor, norms: Tensor) -> Tensor:
        changed = self.margin(own, norms)
        if self.gradient == "exact":
            return changed
        return own + (changed - own).detach()
