"""Parameters of the IJB-A benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from harness.components import BenchmarkParams, External

FARS = (1e-3, 1e-2, 1e-1)


class Params(BenchmarkParams):
    """Where IJB-A lies and by which rules its templates are scored."""

    root: Annotated[Path | None, External(asset="ijba")] = Field(
        None, description="Folder that holds IJB-A_11_sets/, IJB-A_1N_sets/ and the images."
    )
    splits: int = Field(10, ge=1, le=10, description="The first so many splits.")
    comparisons: Literal["both", "1:1", "1:N"] = Field(
        "both", description="Which comparisons to run."
    )
    fusion: Literal["pool", "softmax", "media"] = Field(
        "pool",
        description="pool: one vector a template. softmax: the scores of all image pairs, softmax "
        "mean over beta 0..20 (Masi et al. 2016). media: the same on means of media.",
    )
    norm: Literal["raw", "unit"] = Field(
        "raw", description="Norm of an image's feature in its template, in the headline (pool)."
    )
    flip: Literal["none", "sum"] = Field(
        "sum", description="How the embedding of the mirrored image is fused."
    )
    far_rule: Literal["nearest-vertex", "at-most", "interp"] = Field(
        "at-most", description="How the operating point of a FAR is picked."
    )
    headline_far: float = Field(
        0.1, description="FAR of the number in the table: 0.1, 0.01 or 0.001."
    )

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "kortylewski2018": {"fusion": "softmax", "flip": "none", "comparisons": "1:1"}
    }
    scoring: ClassVar[frozenset[str]] = frozenset(
        {"fusion", "norm", "flip", "far_rule", "headline_far"}
    )

    @field_validator("headline_far")
    @classmethod
    def _reported(cls, value: float) -> float:
        if value not in FARS:
            raise ValueError(f"TAR is reported at {', '.join(f'{far:g}' for far in FARS)}")
        return value

    def comparison_names(self) -> tuple[str, ...]:
        """Verification and identification are cells of their own."""
        return ("1:1", "1:N") if self.comparisons == "both" else (self.comparisons,)

    def mirror(self) -> bool:
        """Mirrored embeddings are needed unless the flip is switched off."""
        return self.flip != "none"
