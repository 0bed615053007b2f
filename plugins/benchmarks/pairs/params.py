"""Parameters of the benchmark of any pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import PairParams


class PairsParams(PairParams):
    """Where the images and their pairs are and by which rules they are scored."""

    root: Annotated[Path | None, External()] = Field(
        None, description="Folder with the images and the list."
    )
    pairs: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="List below root, first,second,genuine[,fold] a line; without it pairs.csv.",
    )
    landmarks: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Landmark file below root: path, ten numbers in pixels and perhaps a score; "
        "nan where there is no face.",
    )
