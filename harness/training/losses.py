"""Classification losses with a margin on the angle to the class centre.

Logits are computed in float32 whatever the precision of the network. Every loss is an objective of
:class:`harness.training.recipe.TrainingRecipe`: ``loss(output, labels)`` with raw features (B, D).
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import UsageError

MarginGradient = Literal["exact", "straight-through"]
Centres = Literal["unit", "normal"]
PastPi = Literal["cosine", "clip"]
Logged = tuple[Tensor, dict[str, float]]


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
        with torch.autocast(output.device.type, enabled=False):
            features = output.float()
            weight: Tensor = self.weight
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


class CosFace(MarginLoss):
    """cos(theta) - m (Wang et al. 2018)."""

    def margin(self, own: Tensor, norms: Tensor) -> Tensor:
        """Subtract m."""
        return own - self.m


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


class CurricularFace(MarginLoss):
    """ArcFace whose hard negatives weigh more as training goes on (Huang et al. 2020).

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
        safe = norms.clamp(1e-3, 100.0)
        if self.training:
            if len(safe) < 2:
                raise UsageError("AdaFace needs at least two images in a batch")
            self.mean.lerp_(safe.mean(), self.t)
            self.std.lerp_(safe.std(), self.t)
        quality = ((safe - self.mean) / (self.std + 1e-3) * self.h).clamp(-1.0, 1.0)
        angle = (own.arccos() - self.m * quality).clamp(1e-3, math.pi - 1e-3)
        return angle.cos() - (self.m + self.m * quality)


MARGINS: dict[str, float] = {"adaface": 0.4, "arcface": 0.5, "cosface": 0.4, "curricularface": 0.5}
"""The margin m that each loss was published with."""


def classification_loss(
    name: str,
    size: int,
    classes: int,
    *,
    m: float | None = None,
    scale: float = 64.0,
    gradient: MarginGradient = "exact",
    sample_rate: float = 1.0,
    centres: Centres = "unit",
    past_pi: PastPi = "cosine",
) -> nn.Module:
    """The loss of this name for features of ``size`` and ``classes``; ``m`` None is the published.

    Names are ``adaface``, ``arcface``, ``cosface``, ``curricularface`` and ``softmax``; the other
    arguments are those of :class:`MarginLoss` and :class:`ArcFace`. Raises UsageError for another
    name, and for an option that the loss of this name does not have.
    """
    if name != "arcface" and past_pi != "cosine":
        raise UsageError(f"loss {name} has no past_pi; choose arcface, or leave it cosine")
    if name == "softmax":
        if sample_rate < 1.0:
            raise UsageError("loss softmax has no sample_rate; choose a margin loss, or leave it 1")
        if centres != "unit":
            raise UsageError("loss softmax has no centres; choose a margin loss, or leave it unit")
        return SoftmaxLoss(size, classes)
    kinds: dict[str, type[MarginLoss]] = {
        "arcface": ArcFace,
        "cosface": CosFace,
        "curricularface": CurricularFace,
    }
    if name != "adaface" and name not in kinds:
        known = ", ".join([*MARGINS, "softmax"])
        raise UsageError(f"unknown loss {name!r}; known are {known}")
    options: dict[str, Any] = {
        "m": MARGINS[name] if m is None else m,
        "scale": scale,
        "gradient": gradient,
        "sample_rate": sample_rate,
        "centres": centres,
    }
    if name == "adaface":
        return AdaFace(size, classes, clamp=1e-3, **options)
    if name == "arcface":
        options["past_pi"] = past_pi
    return kinds[name](size, classes, **options)
