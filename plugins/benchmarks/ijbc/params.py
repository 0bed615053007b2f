"""Parameters of the IJB-B and IJB-C benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from harness.components import BenchmarkParams, External

FARS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


class Params(BenchmarkParams):
    """Where the set lies and by which rules its templates are scored."""

    root: Path | None = None
    layout: Literal["auto", "insightface", "nist"] = Field(
        "auto",
        description="insightface: loose_crop/ and meta/. nist: images/ and protocols/. auto: the "
        "first that is there.",
    )
    comparisons: Literal["both", "1:1", "1:N"] = Field(
        "both", description="Which comparisons to run; 1:N needs the 1N lists."
    )
    norm: Literal["raw", "unit"] = Field(
        "raw",
        description="Norm of an image's feature in its template, in the headline: raw keeps it, "
        "unit removes it. Every cell of norm, detector and flip is scored anyway.",
    )
    detector_score: bool | None = Field(
        None,
        description="Weigh images by the given detector score, in the headline. By default where "
        "the lists give one.",
    )
    flip: Literal["none", "sum"] = Field(
        "sum", description="How the embedding of the mirrored image is fused."
    )
    far_rule: Literal["nearest-vertex", "at-most", "interp"] = Field(
        "nearest-vertex",
        description="How the operating point is picked. nearest-vertex: corner of the ROC curve "
        "nearest to the FAR, as insightface does. at-most: highest with FAR at most the target.",
    )
    headline_far: float = Field(
        1e-4, description="FAR of the number in the table, a power of ten from 1e-6 to 1e-1."
    )

    dataset: ClassVar[str] = ""
    galleries: ClassVar[tuple[str, str]] = ("", "")
    published: ClassVar[tuple[int, int, int]] = (0, 0, 0)  # images, pairs, genuine pairs

    scoring: ClassVar[frozenset[str]] = frozenset(
        {"norm", "detector_score", "flip", "far_rule", "headline_far"}
    )

    @field_validator("headline_far")
    @classmethod
    def _reported(cls, value: float) -> float:
        if value not in FARS:
            raise ValueError(f"TAR is reported at {', '.join(f'{far:g}' for far in FARS)}")
        return value

    def comparison_names(self) -> tuple[str, ...]:
        """Verification and identification are cells of their own."""
        return ("1:1", "1:N") if self.comparisons == "both" else (self.comparisons,)

    def mirror(self) -> bool:
        """Mirrored embeddings are needed unless the flip is switched off."""
        return self.flip != "none"


class IjbbParams(Params):
    """Parameters of IJB-B."""

    root: Annotated[Path | None, External(asset="ijbb")] = Field(
        None, description="Folder that holds meta/ or protocols/, or IJBB/ with them."
    )

    dataset: ClassVar[str] = "ijbb"
    galleries: ClassVar[tuple[str, str]] = ("S1", "S2")
    published: ClassVar[tuple[int, int, int]] = (227_630, 8_010_270, 10_270)


class IjbcParams(Params):
    """Parameters of IJB-C."""

    root: Annotated[Path | None, External(asset="ijbc")] = Field(
        None, description="Folder that holds meta/ or protocols/, or IJBC/ with them."
    )

    dataset: ClassVar[str] = "ijbc"
    galleries: ClassVar[tuple[str, str]] = ("G1", "G2")
    published: ClassVar[tuple[int, int, int]] = (469_375, 15_658_489, 19_557)
