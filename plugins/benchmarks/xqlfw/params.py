"""Parameters of the XQLFW benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import PairParams


class XqlfwParams(PairParams):
    """Where XQLFW is and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="xqlfw")] = Field(
        None, description="Folder with xqlfw_pairs.txt and the folder of images."
    )
    images: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Folder of the images below root; without it the official name or xqlfw.",
    )
    landmarks: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Landmark file below root: path, ten numbers in pixels of these images, and "
        "perhaps a score; nan where there is no face.",
    )
