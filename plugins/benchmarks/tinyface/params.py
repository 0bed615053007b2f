"""Parameters of the TinyFace benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import ImageTemplateParams


class TinyFaceParams(ImageTemplateParams):
    """Where TinyFace is and by which rules its images are scored."""

    root: Annotated[Path | None, External(asset="tinyface", reader=2)] = Field(
        None, description="Folder that holds Testing_Set/ (or tinyface/Testing_Set/)."
    )
    aligned: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Folder below root with the same three folders of images already aligned. "
        "Without it faces are found by the selected aligner.",
    )
    template: str = Field("arcface", description="Landmark template that aligned images follow.")
    distractors: bool = Field(True, description="Search among the distractors too.")

    def comparison_names(self) -> tuple[str, ...]:
        """Identification only."""
        return ("1:N",)
