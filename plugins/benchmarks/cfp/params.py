"""Parameters of the CFP benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import PairParams


class CfpParams(PairParams):
    """Where CFP is and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="cfp")] = Field(
        None, description="Folder with Data/ and Protocol/, or with cfp-dataset/."
    )
    landmarks: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Landmark file below root: path below Data/Images, ten numbers and perhaps a "
        "score; nan where there is no face. Without it faces are found by the selected aligner.",
    )
