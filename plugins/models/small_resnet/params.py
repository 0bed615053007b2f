"""Parameters of the small residual network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from harness.plugin import External
from harness.plugin.models import ClassificationParams, LossName


class SmallResNetParams(ClassificationParams):
    """Network and training.

    The preset ``rendered`` makes up for what rendered faces lack: noise, covered parts, colour
    casts and landmarks that are a little off.
    """

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "rendered": {
            "margin": 0.3,
            "scale": 32.0,
            "images_per_batch": 128,
            "warm_up_steps": 100,
            "clip_norm": 5.0,
            "crop_probability": 0.0,
            "low_resolution_probability": 0.25,
            "photometric_probability": 0.5,
            "landmark_jitter_px": 2.0,
            "tint_std": 0.06,
            "grey_probability": 0.2,
            "erase_probability": 0.3,
            "noise_std": 0.02,
        },
    }

    template: str = Field("arcface", description="Landmark template, scaled to 64x64 pixels.")
    embedding_size: int = Field(128, ge=2, description="Length of the embedding.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout before the embedding.")
    weights: Annotated[Path | None, External()] = Field(
        None, description="Weights to start from, ours."
    )
    local_contrast_px: float | None = Field(
        None,
        gt=0,
        le=16,
        description="Contrast is made equal around every pixel, weighted by a Gaussian of this "
        "deviation in pixels of 64 (Jarrett et al. 2009); otherwise over the whole image.",
    )
    whitening_floor: float | None = Field(
        None,
        gt=0,
        description="After training, the embedding is divided by its deviations within a person, "
        "with this share of the largest variance added to each.",
    )
    loss: LossName = Field("cosface", description="Loss of training.")
