"""Parameters of the IJB-A benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from harness.plugin import External
from harness.plugin.benchmarks import TemplateParams


class IjbaParams(TemplateParams):
    """Where IJB-A is and by which rules its templates are scored."""

    root: Annotated[Path | None, External(asset="ijba")] = Field(
        None, description="Folder that holds IJB-A_11_sets/, IJB-A_1N_sets/ and the images."
    )
    splits: int = Field(10, ge=1, le=10, description="The first N splits.")
    fusion: Literal["pool", "softmax", "media"] = Field(
        "pool",
        description="pool: one vector per template. softmax: the scores of all image pairs, "
        "softmax "
        "mean over beta 0..20 (Masi et al. 2016). media: the same on means of media.",
    )
    far_rule: Literal["nearest-vertex", "at-most", "interp"] = Field(
        "at-most", description="How the operating point of a FAR is selected, as in ijbc."
    )
    headline_far: float = Field(
        0.1, description="FAR of the number in the table: 0.1, 0.01 or 0.001."
    )

    fars: ClassVar[tuple[float, ...]] = (1e-3, 1e-2, 1e-1)
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "kortylewski2018": {"fusion": "softmax", "flip": "none", "comparisons": "1:1"}
    }

    @model_validator(mode="after")
    def _scores_are_fused_of_plain_sums(self) -> IjbaParams:
        if self.fusion != "pool" and (self.flip == "concat" or self.views == "unit"):
            raise ValueError(f"fusion={self.fusion} takes flip none or sum, and views=raw")
        return self

    scoring: ClassVar[frozenset[str]] = TemplateParams.scoring | {"fusion"}
