"""Parameters that every model trained by classification shares. Light: read while planning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.choices import Choices
from harness.components import Params

if TYPE_CHECKING:
    from harness.training.losses import RegisteredLoss

    LossName = str

LOSSES: Choices[RegisteredLoss] = Choices("harness.training.losses", "LOSS")
"""Every loss by name. Only the names are read while planning, because losses import torch."""

if not TYPE_CHECKING:
    LossName = Literal[tuple(LOSSES)]

Probability = Annotated[float, Field(ge=0, le=1)]


class ClassificationParams(Params):
    """Loss, optimiser, schedule and augmentation; the defaults are AdaFace's."""

    loss: LossName = Field("adaface", description="Loss of training.")
    margin: float | None = Field(
        None, ge=0, description="Margin of the loss; by default the one it was published with."
    )
    scale: float = Field(64.0, gt=0, description="Factor of the cosines, s.")
    margin_gradient: Literal["exact", "straight-through"] = Field(
        "exact",
        description="Gradient of the own logit: through the margin (AdaFace), or past it "
        "(insightface).",
    )
    sample_rate: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Share of the class centres that a step of a margin loss sees: those of the "
        "batch and random others. For sets of 100,000 identities and more.",
    )
    centres: Literal["unit", "normal"] = Field(
        "unit",
        description="How the class centres of a margin loss start: unit, uniform and of length 1 "
        "(AdaFace), or normal, N(0, 0.01) (insightface's PartialFC).",
    )
    arcface_past_pi: Literal["cosine", "clip"] = Field(
        "cosine",
        description="Own logit of arcface where the angle and the margin together exceed pi: "
        "cosine (insightface), or clip, held just below pi (the ArcFace of AdaFace's code).",
    )
    images_per_batch: int = Field(256, ge=2, description="Images in a batch.")
    images_per_pass: int | None = Field(
        None,
        ge=1,
        description="Most images in one pass of the network, where a batch does not fit into "
        "memory; batch norm then sees the images of one pass.",
    )
    epochs: int = Field(30, ge=1, description="Passes over the training images.")
    steps: int | None = Field(
        None,
        ge=0,
        description="Optimiser steps in all, in place of epochs; with 0 a phase only does what "
        "follows training.",
    )
    lr: float = Field(0.1, gt=0, description="Base learning rate of SGD.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum of SGD.")
    weight_decay: float = Field(
        5e-4, ge=0, description="Weight decay of all parameters but those of batch norm."
    )
    schedule: Literal["constant", "cosine", "steps", "polynomial"] = Field(
        "cosine", description="Learning rate over the steps; polynomial is a straight line to 0."
    )
    drop_epochs: tuple[int, ...] = Field(
        (12, 20, 24), description="Epochs after which schedule steps divides the rate by 10."
    )
    warm_up_steps: int = Field(0, ge=0, description="Steps over which the rate rises to lr.")
    warm_up_rule: Literal["linear", "insightface"] = Field(
        "linear",
        description="linear rises from the first step on; insightface takes the first step at the "
        "whole rate and rises one step late, as its scheduler does.",
    )
    clip_norm: float | None = Field(None, gt=0, description="Largest norm of the gradient.")
    crop_probability: Probability = Field(0.2, description="Share of images cropped in place.")
    low_resolution_probability: Probability = Field(
        0.2, description="Share of images shrunk and enlarged."
    )
    photometric_probability: Probability = Field(
        0.2, description="Share of images changed in brightness, contrast, saturation."
    )
    mirror_probability: Probability = Field(0.5, description="Share of images mirrored.")
    landmark_jitter_px: float = Field(
        0.0,
        ge=0,
        description="Images are aligned again with landmarks off by this deviation, in pixels of "
        "the input.",
    )
    tint_std: float = Field(
        0.0, ge=0, description="Deviation from 1 of a factor for each colour channel."
    )
    grey_probability: Probability = Field(0.0, description="Share of images made grey.")
    erase_probability: Probability = Field(
        0.0, description="Share of images with a box of one colour over them."
    )
    noise_std: float = Field(
        0.0, ge=0, le=1, description="Deviation of the noise on every value, 1 is the whole range."
    )

    added: ClassVar[Mapping[str, Any]] = {
        "centres": "unit",
        "arcface_past_pi": "cosine",
        "warm_up_rule": "linear",
    }

    def image_visits(self, images: int | None) -> int | None:
        """Steps times batch, or epochs times images."""
        if self.steps is not None:
            return self.steps * self.images_per_batch
        return None if images is None else self.epochs * images

    def nothing_to_learn(self, identities: int, images: int, most: int) -> str:
        """There must be two classes, and as many images as a batch."""
        if images < self.images_per_batch and self.steps != 0:
            return (
                f"a batch of {self.images_per_batch} images cannot be drawn from {images} images; "
                "lower images_per_batch or give more images"
            )
        return super().nothing_to_learn(identities, images, most)
