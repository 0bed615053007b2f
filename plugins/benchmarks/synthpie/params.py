"""Parameters of the synthpie benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from harness.plugin import ComponentRequest
from harness.plugin.benchmarks import FoldParams

FACES, VARIED = "faces", "varied"
SEED = 7_220_316
"""Root seed of the rendered identities, far from any seed a training would use."""

Factor = Literal[
    "yaw_deg",
    "pitch_deg",
    "light_off_axis_deg",
    "expression_strength",
    "occlusion",
    "resolution_px",
]
FACTORS: Mapping[Factor, tuple[float, ...]] = {
    "yaw_deg": (15, 30, 45, 60, 75, 90),
    "pitch_deg": (-45, -30, -15, 15, 30, 45),
    "light_off_axis_deg": (30, 60, 90, 120),
    "expression_strength": (0.5, 1, 1.5, 2),
    "occlusion": (0.1, 0.2, 0.3, 0.4, 0.5),
    "resolution_px": (8, 12, 16, 24, 48),
}


class SynthpieParams(FoldParams):
    """Which identities are rendered and how their pairs are scored."""

    identities: int = Field(100, ge=4, description="Held-out identities, shared evenly by folds.")
    yaws_deg: tuple[float, ...] = Field(
        tuple(float(yaw) for yaw in range(-90, 91, 15)),
        min_length=2,
        description="Yaw angles, one image per identity each; the cameras of Multi-PIE.",
    )
    folds: int = Field(10, ge=2, description="Person-disjoint folds.")
    pairs_per_fold: int = Field(300, ge=1, description="Genuine, and as many impostor, pairs.")
    factors: dict[Factor, tuple[float, ...]] = Field(
        dict(FACTORS),
        description="Comparison `factors`: values of each factor, one image per identity each, "
        "against a frontal, neutral, evenly lit one; {} leaves the comparison out.",
    )
    factor_identities: int = Field(
        40, ge=4, description="The first of the identities, for the factors; at most all of them."
    )
    image_px: int = Field(112, ge=32, description="Side of the rendered images.")
    list_seed: int = Field(0, description="Seed of the pair lists; their digests are in results.")

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        **FoldParams.presets,
        # Seconds instead of minutes, to try things out: 20 identities, 260 images.
        "small": {"identities": 20, "pairs_per_fold": 100, "factors": {}},
    }
    scoring: ClassVar[frozenset[str]] = FoldParams.scoring | {
        "folds",
        "pairs_per_fold",
        "list_seed",
    }

    @model_validator(mode="after")
    def _enough_pairs(self) -> SynthpieParams:
        people = self.identities // self.folds
        genuine = people * len(self.yaws_deg) * (len(self.yaws_deg) - 1) // 2
        if people < 2 or genuine < self.pairs_per_fold:
            raise ValueError(
                f"{self.identities} identities in {self.folds} folds give {people} people and "
                f"{genuine} genuine pairs per fold, fewer than pairs_per_fold="
                f"{self.pairs_per_fold}; raise identities or lower folds or pairs_per_fold"
            )
        if self.factors and self.varied_identities() < 2 * self.folds:
            raise ValueError(
                f"{self.varied_identities()} identities for the factors are fewer than two for "
                f"each of {self.folds} folds; raise factor_identities or give factors={{}}"
            )
        return self

    def varied_identities(self) -> int:
        """Identities of the factors."""
        return min(self.identities, self.factor_identities)

    def levels(self) -> list[tuple[Factor, float]]:
        """Factor and value of the images of an identity, after that of the reference."""
        return [(name, value) for name, values in self.factors.items() for value in values]

    def comparison_names(self) -> tuple[str, ...]:
        """The pairs over all yaw angles, and those of the factors."""
        return ("verification", "factors") if self.levels() else ("verification",)

    def requests(self) -> Mapping[str, ComponentRequest]:
        """Identities of the embedded model at every yaw, and with every factor varied alone."""
        sets = {FACES: self._posed()}
        if self.levels():
            sets[VARIED] = self._varied()
        return {name: ComponentRequest("bfm", params, seed=SEED) for name, params in sets.items()}

    def _posed(self) -> dict[str, Any]:
        """Expression, light and background of every image are drawn."""
        return {
            "identities": self.identities,
            "images_per_id": len(self.yaws_deg),
            "image_px": self.image_px,
            "yaw_deg": {"type": "cycle", "values": list(self.yaws_deg)},
            "pitch_deg": {"type": "constant", "value": 0.0},
            "roll_deg": {"type": "constant", "value": 0.0},
        }

    def _varied(self) -> dict[str, Any]:
        """The reference, then an image for each level; nothing else differs."""
        neutral: dict[Factor, float] = dict.fromkeys(FACTORS, 0.0)
        neutral["resolution_px"] = float(self.image_px)
        levels = self.levels()
        series = {
            name: [value, *(at if factor == name else value for factor, at in levels)]
            for name, value in neutral.items()
        }
        return {
            "identities": self.varied_identities(),
            "images_per_id": 1 + len(levels),
            "image_px": self.image_px,
            "roll_deg": {"type": "constant", "value": 0.0},
            "light": "directional",
            "light_around_deg": {"type": "constant", "value": 90.0},
            "background": "plain",
            **{name: {"type": "cycle", "values": values} for name, values in series.items()},
        }
