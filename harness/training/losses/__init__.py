"""Classification losses, each a module of this folder; adding a loss is adding its module.

Logits are computed in float32 whatever the precision of the network. Every loss is an objective of
:class:`harness.training.recipe.TrainingRecipe`: ``loss(output, labels)`` with raw features (B, D).
A module is called what recipes call the loss, and names its :class:`RegisteredLoss` ``LOSS``.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from harness.errors import UsageError
from harness.training.losses._base import (
    MARGIN_OPTIONS,
    Centres,
    MarginGradient,
    MarginLoss,
    PastPi,
    RegisteredLoss,
)
from harness.training.losses.adaface import AdaFace
from harness.training.losses.arcface import ArcFace
from harness.training.losses.cosface import CosFace
from harness.training.losses.curricularface import CurricularFace
from harness.training.losses.softmax import SoftmaxLoss
from harness.training.params import LOSSES

__all__ = [
    "AdaFace",
    "ArcFace",
    "CosFace",
    "CurricularFace",
    "MARGINS",
    "MARGIN_OPTIONS",
    "MarginLoss",
    "RegisteredLoss",
    "SoftmaxLoss",
    "classification_loss",
]

MARGINS: dict[str, float] = {
    name: loss.defaults["m"] for name, loss in LOSSES.items() if "m" in loss.defaults
}
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

    The other arguments are those of :class:`MarginLoss` and :class:`ArcFace`. Raises UsageError for
    an unknown name, and for an option that the loss of this name does not have.
    """
    if name not in LOSSES:
        raise UsageError(f"unknown loss {name!r}; known are {', '.join(LOSSES)}")
    loss = LOSSES[name]
    _refuse_others(name, sample_rate=(sample_rate, 1), centres=(centres, "unit"),
                   past_pi=(past_pi, "cosine"))  # fmt: skip
    given: dict[str, Any] = {
        "scale": scale,
        "gradient": gradient,
        "sample_rate": sample_rate,
        "centres": centres,
        "past_pi": past_pi,
        **({} if m is None else {"m": m}),
    }
    taken = {option: value for option, value in given.items() if option in loss.options}
    return loss.kind(size, classes, **{**loss.defaults, **taken})


def _refuse_others(name: str, **options: tuple[Any, Any]) -> None:
    """Raise for an option that differs from its default where the loss does not have it."""
    for option, (value, default) in options.items():
        if value != default and option not in LOSSES[name].options:
            having = [other for other, loss in LOSSES.items() if option in loss.options]
            raise UsageError(
                f"loss {name} has no {option}; choose {' or '.join(having)}, or leave it {default}"
            )
