"""Parameters of the LFW benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from harness.components import BenchmarkParams, External


class Params(BenchmarkParams):
    """Where LFW lies and by which rules its pairs are scored."""

    root: Annotated[Path | None, External(asset="lfw")] = Field(
        None, description="Folder with the image folders (or with lfw/) and the pairs file."
    )
    pairs: Annotated[str, External(inside="root")] = Field(
        "pairs.txt", description="Pairs file below root; any number of folds."
    )
    landmarks: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Five-point landmark file below root: path and ten numbers a line. Without it "
        "faces are found by the selected aligner.",
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

    def mirror(self) -> bool:
        """Mirrored embeddings are needed unless the flip is switched off."""
        return self.flip != "none"
