"""Parameters that benchmarks of image pairs share; as light as pydantic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from harness.components import BenchmarkParams, External


class PairParams(BenchmarkParams):
    """Which pairs, and by which rules they are scored. Subclasses add ``root`` and its files."""

    root: Annotated[Path | None, External()] = None
    pack: Annotated[Path | None, External()] = Field(
        None,
        description="A .bin pack of insightface with aligned images, in the place of root.",
    )
    folds: tuple[int, ...] = Field(
        (), description="Folds to use, counted from 1, for example [1, 2]; all without it."
    )
    flip: Literal["none", "sum", "concat"] = Field(
        "sum", description="How the embedding of the mirrored image is fused."
    )
    rule: Literal["insightface", "official"] = Field(
        "insightface",
        description="insightface: 400 thresholds in steps of 0.01 on squared L2, first maximum of "
        "accuracy on the other folds. official: all midpoints between training distances.",
    )
    centre: bool = Field(
        False, description="Subtract the mean embedding of the training folds before comparing."
    )

    scoring: ClassVar[frozenset[str]] = frozenset({"flip", "rule", "centre"})

    @model_validator(mode="before")
    @classmethod
    def _pack_for_root(cls, values: Any) -> Any:
        """A pack fills ``root`` too, so that no asset is asked for."""
        if not isinstance(values, dict) or values.get("pack") is None:
            return values
        if values.get("root") not in (None, values["pack"]):
            raise ValueError("give root or pack, not both")
        return {**values, "root": values["pack"]}

    def mirror(self) -> bool:
        """Mirrored embeddings are needed unless the flip is switched off."""
        return self.flip != "none"
