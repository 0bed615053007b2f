"""Parameters of the RFW benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.plugin import External
from harness.plugin.benchmarks import PairParams

FAIRNESS = "fairness"
Race = Literal["African", "Asian", "Caucasian", "Indian"]


class RfwParams(PairParams):
    """Where RFW is and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="rfw")] = Field(
        None, description="Folder with data/ and txts/, or with test/."
    )
    races: tuple[Race, ...] = Field(
        ("African", "Asian", "Caucasian", "Indian"),
        min_length=1,
        description="Races to compare, each with its own pairs; a pack or a CSV list holds one.",
    )
    landmarks: Literal["official", "none"] = Field(
        "official",
        description="official: the points of <race>_lmk.txt. none: faces are found by the selected "
        "aligner.",
    )

    @model_validator(mode="after")
    def _one_race_a_list(self) -> Self:
        if len(set(self.races)) < len(self.races):
            raise ValueError("races: name each race once")
        if len(self.races) != 1 and (self.pack is not None or self.pairs is not None):
            what = "pack" if self.pack is not None else "CSV list"
            raise ValueError(f'a {what} holds the pairs of one race; name it, as races=["African"]')
        return self

    def comparison_names(self) -> tuple[str, ...]:
        """One comparison per race, and one of the races with each other."""
        return (*self.races, FAIRNESS) if len(self.races) > 1 else self.races
