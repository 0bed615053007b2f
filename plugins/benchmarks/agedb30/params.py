"""Parameters of the AgeDB-30 benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import PairParams


class AgeDb30Params(PairParams):
    """Where AgeDB is and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="agedb")] = Field(
        None,
        description="Folder with 03_Protocol_Images/ and 04_FINAL_protocol_30_years.mat.",
    )
    landmarks: Literal["pts", "none"] = Field(
        "pts",
        description="pts: five points from the 68 in the .pts file of every image. none: faces are "
        "found by the selected aligner.",
    )
