"""Parameters of the Multi-PIE benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import FoldParams


class MultiPieParams(FoldParams):
    """Which images of Multi-PIE are taken and how their pairs are drawn and scored."""

    root: Annotated[Path | None, External(asset="multipie", reader=2)] = Field(
        None, description="Folder that holds session01/."
    )
    session: int = Field(1, ge=1, le=4, description="Recording session.")
    recordings: tuple[str, ...] = Field(
        ("01", "02"), min_length=1, description="Recordings of the session: 01 neutral, 02 smile."
    )
    shot: str = Field(
        "07", pattern=r"^\d{2}$", description="Light: number of the shot with the frontal flash."
    )
    landmarks: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Landmark file below root (path, ten numbers and perhaps a score; nan where "
        "there is no face), or a folder of El Shafey's annotations, laid out as the images. "
        "Without it faces are found by the selected aligner.",
    )
    folds: int = Field(10, ge=2, description="Subject-disjoint folds.")
    pairs_per_fold: int = Field(300, ge=1, description="Genuine, and as many impostor, pairs.")
    list_seed: int = Field(
        0,
        description="Seed of the pair list, which is a function of it and the sorted file names; "
        "the digest of the list is in the result.",
    )
