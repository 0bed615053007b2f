"""Parameters of the synthpie benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from harness.components import BenchmarkParams, ComponentRequest

FACES = "faces"
SEED = 7_220_316
"""Root seed of the rendered identities, far from any seed a training would use."""


class Params(BenchmarkParams):
    """Which identities are rendered and how their pairs are scored."""

    identities: int = Field(100, ge=4, description="Held-out identities, shared evenly by folds.")
    yaws_deg: tuple[float, ...] = Field(
        tuple(float(yaw) for yaw in range(-90, 91, 15)),
        min_length=2,
        description="Yaw angles, one image an identity each; the cameras of Multi-PIE.",
    )
    folds: int = Field(10, ge=2, description="Person-disjoint folds.")
    pairs_per_fold: int = Field(300, ge=1, description="Genuine, and as many impostor, pairs.")
    image_px: int = Field(112, ge=32, description="Side of the rendered images.")
    list_seed: int = Field(0, description="Seed of the pair list; its digest is in the result.")
    flip: Literal["none", "sum", "concat"] = Field(
        "sum", description="How the embedding of the mirrored image is fused."
    )
    rule: Literal["insightface", "official"] = Field(
        "insightface", description="Threshold rule, as in lfw."
    )

    scoring: ClassVar[frozenset[str]] = frozenset(
        {"folds", "pairs_per_fold", "list_seed", "flip", "rule"}
    )

    @model_validator(mode="after")
    def _enough_pairs(self) -> Params:
        people = self.identities // self.folds
        genuine = people * len(self.yaws_deg) * (len(self.yaws_deg) - 1) // 2
        if people < 2 or genuine < self.pairs_per_fold:
            raise ValueError(
                f"{self.identities} identities in {self.folds} folds give {people} people and "
                f"{genuine} genuine pairs a fold, fewer than pairs_per_fold={self.pairs_per_fold}; "
                "raise identities or lower folds or pairs_per_fold"
            )
        return self

    def mirror(self) -> bool:
        """Mirrored embeddings are needed unless the flip is switched off."""
        return self.flip != "none"

    def requests(self) -> Mapping[str, ComponentRequest]:
        """Identities of the embedded model, neutral and frontally lit, at every yaw."""
        return {
            FACES: ComponentRequest(
                "bfm",
                {
                    "identities": self.identities,
                    "images_per_id": len(self.yaws_deg),
                    "image_px": self.image_px,
                    "yaw_deg": {"type": "cycle", "values": list(self.yaws_deg)},
                    "pitch_deg": {"type": "constant", "value": 0.0},
                    "roll_deg": {"type": "constant", "value": 0.0},
                },
                seed=SEED,
            )
        }
