"""Parameters of the CALFW and CPLFW benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import PairParams


class CrossParams(PairParams):
    """Folders that CALFW and CPLFW have in common."""

    images: Annotated[str | None, External(inside="root")] = Field(
        None, description="Folder of the images below root; without it images."
    )
    landmarks: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Folder below root with a landmark file <image>_5loc_attri.txt for every "
        "image. Without it faces are found by the selected aligner.",
    )


class CalfwParams(CrossParams):
    """Where CALFW is and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="calfw")] = Field(
        None, description="Folder with pairs_CALFW.txt and images/."
    )


class CplfwParams(CrossParams):
    """Where CPLFW is and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="cplfw")] = Field(
        None, description="Folder with pairs_CPLFW.txt and images/."
    )
