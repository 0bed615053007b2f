"""Parameters of MobileFaceNet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.plugin import External
from harness.plugin.models import ClassificationParams, LossName, PixelMean, PixelStd


class MobileFaceNetParams(ClassificationParams):
    """Network, weights and training; presets name the public weights they fit."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "foamliu": {
            "variant": "relu",
            "width": 112,
            "template": "arcface",
            "mean": (0.485, 0.456, 0.406),
            "std": (0.229, 0.224, 0.225),
        },
        "xiaoccer": {
            "variant": "prelu",
            "width": 96,
            "template": "sphereface",
            "mean": (0.5, 0.5, 0.5),
            "std": (128 / 255,) * 3,
        },
    }

    variant: Literal["prelu", "relu"] = Field(
        "prelu", description="Activation: per-channel PReLU, or ReLU6 with a separable first layer."
    )
    width: Literal[112, 96] = Field(112, description="Width of the input; it is 112 high.")
    template: str = Field("arcface", description="Landmark template; sphereface is 96 wide.")
    mean: PixelMean = Field((0.5, 0.5, 0.5), description="Mean per channel, pixels in [0, 1].")
    std: PixelStd = Field((0.5, 0.5, 0.5), description="Divisor per channel, pixels in [0, 1].")
    embedding_size: int = Field(128, ge=2, description="Length of the embedding.")
    weights: Annotated[Path | None, External()] = Field(
        None, description="Weights to start from: ours, or one of the presets' public files."
    )
    loss: LossName = Field("cosface", description="Loss of training.")
