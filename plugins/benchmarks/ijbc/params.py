"""Parameters of the IJB-B and IJB-C benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.plugin import External
from harness.plugin.benchmarks import TemplateParams


class IjbParams(TemplateParams):
    """Where the set is and by which rules its templates are scored."""

    root: Path | None = None
    layout: Literal["auto", "insightface", "nist"] = Field(
        "auto",
        description="insightface: loose_crop/ and meta/. nist: images/ and protocols/. auto: the "
        "first that is there.",
    )
    detector_score: bool | None = Field(
        None,
        description="Weigh images by the given detector score, in the headline. By default where "
        "the lists give one.",
    )
    headline_far: float = Field(
        1e-4, description="FAR of the number in the table, a power of ten from 1e-6 to 1e-1."
    )

    dataset: ClassVar[str] = ""
    galleries: ClassVar[tuple[str, str]] = ("", "")
    published: ClassVar[tuple[int, int, int]] = (0, 0, 0)  # images, pairs, genuine pairs

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "adaface": {"norm": "raw", "detector_score": False},
        "adaface-norm-weighted": {"norm": "unit", "detector_score": False},
        "adaface-average": {"norm": "unit", "detector_score": False, "views": "unit"},
        "adaface-concat": {
            "norm": "raw",
            "detector_score": False,
            "views": "unit",
            "flip": "concat",
        },
    }
    """The fusions of AdaFace's ``validate_IJB_BC.py``; the first is its default."""

    scoring: ClassVar[frozenset[str]] = TemplateParams.scoring | {"detector_score"}


class IjbbParams(IjbParams):
    """Parameters of IJB-B."""

    root: Annotated[Path | None, External(asset="ijbb")] = Field(
        None, description="Folder that holds meta/ or protocols/, or IJBB/ with them."
    )

    dataset: ClassVar[str] = "ijbb"
    galleries: ClassVar[tuple[str, str]] = ("S1", "S2")
    published: ClassVar[tuple[int, int, int]] = (227_630, 8_010_270, 10_270)


class IjbcParams(IjbParams):
    """Parameters of IJB-C."""

    root: Annotated[Path | None, External(asset="ijbc")] = Field(
        None, description="Folder that holds meta/ or protocols/, or IJBC/ with them."
    )

    dataset: ClassVar[str] = "ijbc"
    galleries: ClassVar[tuple[str, str]] = ("G1", "G2")
    published: ClassVar[tuple[int, int, int]] = (469_375, 15_658_489, 19_557)
