"""Parameters of the RFW benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.components import External
from harness.protocols.params import PairParams

Race = Literal["African", "Asian", "Caucasian", "Indian"]


class Params(PairParams):
    """Where RFW lies and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="rfw")] = Field(
        None, description="Folder with data/ and txts/, or with test/."
    )
    races: tuple[Race, ...] = Field(
        ("African", "Asian", "Caucasian", "Indian"),
        min_length=1,
        description="Races to compare, each with its own pairs; a pack holds one of them.",
    )
    landmarks: Literal["official", "none"] = Field(
        "official",
        description="official: the points of <race>_lmk.txt. none: faces are found by the selected "
        "aligner.",
    )

    @model_validator(mode="after")
    def _one_race_a_pack(self) -> Self:
        if self.pack is not None and len(self.races) != 1:
            raise ValueError('a pack holds the pairs of one race; name it, as races=["African"]')
        return self

    def comparison_names(self) -> tuple[str, ...]:
        """One comparison a race."""
        return self.races
