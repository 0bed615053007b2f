"""Parameters of IResNet; the defaults are the training of George and Marcel 2024."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.plugin import External
from harness.plugin.models import ClassificationParams

_ADAFACE: dict[str, Any] = {
    "variant": "adaface",
    "depth": 50,
    "template": "arcface",
    "embedding_size": 512,
    "images_per_pass": None,
    "weights": None,
    "loss": "adaface",
    "margin": None,
    "scale": 64.0,
    "margin_gradient": "exact",
    "sample_rate": 1.0,
    "centres": "unit",
    "arcface_past_pi": "cosine",
    "lr": 0.1,
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "warm_up_steps": 0,
    "warm_up_rule": "linear",
    "clip_norm": None,
    "steps": None,
    "crop_probability": 0.2,
    "low_resolution_probability": 0.2,
    "photometric_probability": 0.2,
    "mirror_probability": 0.5,
    "landmark_jitter_px": 0.0,
    "tint_std": 0.0,
    "grey_probability": 0.0,
    "erase_probability": 0.0,
    "noise_std": 0.0,
    "dropout": None,
}


class IResNetParams(ClassificationParams):
    """Network, weights and training."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "digi2real2024": {**_ADAFACE, "images_per_batch": 256, "epochs": 30, "schedule": "cosine"},
        "adaface-r50": {
            **_ADAFACE,
            "images_per_batch": 512,
            "epochs": 26,
            "schedule": "steps",
            "drop_epochs": (12, 20, 24),
        },
    }
    assumed: ClassVar[dict[str, tuple[str, ...]]] = {
        # The paper prints network, loss, epochs, batch and cosine; the rest is AdaFace's code.
        "digi2real2024": (
            "variant",
            "template",
            "margin_gradient",
            "centres",
            "lr",
            "momentum",
            "weight_decay",
            "warm_up_steps",
            "clip_norm",
            "crop_probability",
            "low_resolution_probability",
            "photometric_probability",
            "mirror_probability",
            "dropout",
            "precision",
        ),
    }

    variant: Literal["adaface", "insightface"] = Field(
        "adaface",
        description="adaface reads BGR, drops out 0.4 and subsamples the first shortcut; "
        "insightface reads RGB and convolves it. Weights do not carry over.",
    )
    depth: Literal[18, 34, 50, 100] = Field(50, description="Depth of the network.")
    template: str = Field("arcface", description="Landmark template at 112x112 pixels.")
    embedding_size: int = Field(512, ge=2, description="Length of the embedding.")
    dropout: float | None = Field(
        None, ge=0, lt=1, description="Dropout before the embedding; by default the variant's."
    )
    weights: Annotated[Path | None, External()] = Field(
        None, description="Weights to start from: ours, AdaFace's or insightface's."
    )
