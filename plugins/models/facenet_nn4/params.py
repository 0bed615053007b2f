"""Parameters of FaceNet-NN4; the defaults are the training of Kortylewski et al. 2018."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.plugin import External, Params

_SHARED = {
    "variant": "nn4",
    "embedding_size": 128,
    "selection": "vanilla",
    "alpha": 0.2,
    "lr": 1e-3,
    "batches_per_epoch": 250,
    "steps": None,
    "restart_optimiser": True,
    "schedule": "constant",
    "images_per_pass": None,
    "weights": None,
    "template": "arcface",
    "batch_norm_scale": "ones",
}


class FaceNetNN4Params(Params):
    """Network and triplet training."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "kortylewski2018": {
            **_SHARED,
            "people_per_batch": 20,
            "images_per_person": 15,
            "epochs": 200,
            "mirror_probability": 0.0,
        },
        "openface": {
            **_SHARED,
            "people_per_batch": 15,
            "images_per_person": 20,
            "epochs": 1000,
            "mirror_probability": 0.5,
        },
    }
    assumed: ClassVar[dict[str, tuple[str, ...]]] = {
        # The paper says "vanilla" of optimiser, margin and embedding: OpenFace's defaults. It
        # prints neither the length of an epoch nor the alignment template.
        "kortylewski2018": (
            "batches_per_epoch",
            "mirror_probability",
            "template",
            "batch_norm_scale",
        ),
        # OpenFace aligns with dlib's 68 points; Torch7 draws the scale of batch norm.
        "openface": ("template", "batch_norm_scale"),
    }
    assumed_finetuning: ClassVar[dict[str, tuple[str, ...]]] = {
        # "Fine-tuned on randomly sampled subsets" is all the paper says.
        "kortylewski2018": ("epochs", "lr", "restart_optimiser", "take"),
    }

    variant: Literal["nn4", "nn4.small2", "nn4.small2.v1"] = Field(
        "nn4",
        description="nn4 has 6,959,088 parameters, nn4.small2 3,733,968; nn4.small2.v1 pools as "
        "the weights released by OpenFace need it.",
    )
    embedding_size: int = Field(128, ge=2, description="Length of the unit embedding.")
    weights: Annotated[Path | None, External()] = Field(
        None, description="Weights to start from: ours, or OpenFace's .pt or .pth (nn4.small2.v1)."
    )
    template: str = Field("arcface", description="Landmark template, scaled to 96x96 pixels.")
    batch_norm_scale: Literal["ones", "uniform"] = Field(
        "ones",
        description="Initial scale of batch norm: ones (PyTorch), or uniform in (0, 1) as Torch7 "
        "draws it, so as OpenFace trained.",
    )
    selection: Literal["vanilla", "semi-hard"] = Field(
        "vanilla",
        description="Negatives of a triplet: drawn from those that violate the margin (OpenFace), "
        "or only those farther than the positive (FaceNet).",
    )
    alpha: float = Field(0.2, gt=0, description="Margin between squared distances.")
    people_per_batch: int = Field(20, ge=2, description="People in a batch.")
    images_per_person: int = Field(15, ge=2, description="Images of each person in a batch.")
    images_per_pass: int | None = Field(
        None,
        ge=1,
        description="Most images in one pass of the network, where a batch does not fit into "
        "memory; batch norm then sees the images of one pass.",
    )
    epochs: int = Field(200, ge=1, description="Epochs of batches_per_epoch batches.")
    batches_per_epoch: int = Field(250, ge=1, description="Optimiser steps in an epoch.")
    steps: int | None = Field(
        None, ge=1, description="Optimiser steps in all, in place of epochs x batches_per_epoch."
    )
    lr: float = Field(1e-3, gt=0, description="Learning rate of Adam.")
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="Learning-rate schedule; published trainings keep it constant."
    )
    restart_optimiser: bool = Field(
        True, description="Build Adam again at every epoch, as OpenFace does."
    )
    mirror_probability: float = Field(
        0.0, ge=0, le=1, description="Share of training images that are mirrored."
    )

    added: ClassVar[dict[str, Any]] = {"batch_norm_scale": "ones"}

    def image_visits(self, images: int | None) -> int | None:
        """Steps times people times images; how many there are to choose from does not matter."""
        steps = self.epochs * self.batches_per_epoch if self.steps is None else self.steps
        return steps * self.people_per_batch * self.images_per_person

    def nothing_to_learn(self, identities: int, images: int, most: int) -> str:
        """A triplet needs two images of one person, and a batch this many people."""
        if most < 2:
            return (
                "no person has two images, which a triplet needs; give more images of each person, "
                "or choose a model that is trained by classification"
            )
        if identities < self.people_per_batch:
            return (
                f"a batch of {self.people_per_batch} people cannot be drawn from {identities} "
                "people; lower people_per_batch or give more identities"
            )
        return super().nothing_to_learn(identities, images, most)
