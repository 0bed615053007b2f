"""Parameters of the LFW benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import PairParams


class LfwParams(PairParams):
    """Where LFW is and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="lfw")] = Field(
        None, description="Folder with the image folders (or with lfw/) and the pairs file."
    )
    pairs: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Another list below root instead of pairs.txt: in its form with any "
        "number of folds, or a CSV file, first,second,genuine[,fold] a line, paths below root.",
    )
    landmarks: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Landmark file below root: path, ten numbers and perhaps a score; nan where "
        "there is no face. Without it faces are found by the selected aligner.",
    )
    landmark_image_px: int = Field(
        250, ge=1, description="Side in pixels of the images the landmark file was made on."
    )
    landmark_scale: float | None = Field(
        None,
        gt=0,
        description="Factor from landmark file to image pixels. It follows from the image size; a "
        "value that contradicts it is refused.",
    )
