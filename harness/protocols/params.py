"""Parameters that benchmarks share; as light as pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from harness.components import BenchmarkParams, External

MAX_DOUBTFUL_PAIRS = 0.05
"""Largest share of pairs of a list that say less than they seem to; see ``pair_doubt``."""


class FoldParams(BenchmarkParams):
    """The rules by which pairs in folds are scored."""

    flip: Literal["none", "sum", "concat"] = Field(
        "sum", description="How the embedding of the mirrored image is fused."
    )
    rule: Literal["insightface", "official", "exact", "openface"] = Field(
        "insightface",
        description="Threshold of a fold, from the other folds. insightface: 400 steps of 0.01 on "
        "squared L2, first maximum of accuracy. official: midpoints between training distances, "
        "lowest maximum. exact: insightface's rule with no step, just above a training distance. "
        "openface: insightface's steps, up from 0 until accuracy falls for the first time.",
    )
    centre: bool = Field(
        False,
        description="Subtract the mean embedding of the training folds before comparing; the rest "
        "is made unit length again unless normalise is off.",
    )
    views: Literal["raw", "unit"] = Field(
        "raw",
        description="Image and mirrored image before flip fuses them: raw as the network gives "
        "them, or unit, each made unit length (facenet).",
    )
    normalise: bool = Field(
        True,
        description="Make the fused vector unit length, and again after centre. false needs "
        "views=unit and leaves fused and centred vectors as they are, as facenet does.",
    )
    distance: Literal["squared-l2", "angle"] = Field(
        "squared-l2",
        description="Distance of a pair: squared L2, or angle, arccos(cosine) / pi (facenet's "
        "distance_metric 1).",
    )
    val_far: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Also give VAL at this FAR, with the threshold from the training folds "
        "(facenet, insightface: 0.001).",
    )

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "facenet": {
            "flip": "concat",
            "rule": "insightface",
            "centre": True,
            "views": "unit",
            "normalise": False,
            "distance": "angle",
            "val_far": 1e-3,
        },
        "openface": {"flip": "none", "rule": "openface"},
    }
    """The rules of Sandberg's facenet with the options of its best result, and of OpenFace."""

    scoring: ClassVar[frozenset[str]] = frozenset(
        {"flip", "rule", "centre", "views", "normalise", "distance", "val_far"}
    )
    added: ClassVar[Mapping[str, Any]] = {
        "views": "raw",
        "normalise": True,
        "distance": "squared-l2",
        "val_far": None,
    }

    @model_validator(mode="after")
    def _lengths_are_known(self) -> FoldParams:
        if not self.normalise and self.views == "raw":
            raise ValueError("normalise=false compares vectors of any length; set views=unit too")
        return self

    def fold_rules(self) -> dict[str, Any]:
        """All rules by name, as :meth:`harness.protocols.pairs.PairFolds.build` takes them."""
        names = ("flip", "rule", "centre", "views", "normalise", "distance", "val_far")
        return {name: getattr(self, name) for name in names}

    def mirror(self) -> bool:
        """Mirrored embeddings are needed unless the flip is switched off."""
        return self.flip != "none"


class PairParams(FoldParams):
    """Which pairs: the official list, a list of one's own, or a pack.

    Subclasses give ``root`` its asset and add what their official files need.
    """

    root: Annotated[Path | None, External()] = None
    pairs: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Another list, a CSV file below root instead of the official one: "
        "first,second,genuine[,fold] a line, paths below root.",
    )
    template: str | None = Field(
        None, description="Template that the images follow already, for example arcface."
    )
    pack: Annotated[Path | None, External()] = Field(
        None,
        description="A .bin pack of insightface with aligned images, instead of root.",
    )
    max_doubtful_pairs: float = Field(
        MAX_DOUBTFUL_PAIRS,
        ge=0,
        le=1,
        description="Largest share of pairs that compare an image with itself, are there twice or "
        "under both labels.",
    )
    folds: tuple[int, ...] = Field(
        (), description="Folds to use, counted from 1, for example [1, 2]; all without it."
    )

    added: ClassVar[Mapping[str, Any]] = {"max_doubtful_pairs": MAX_DOUBTFUL_PAIRS}

    @model_validator(mode="before")
    @classmethod
    def _pack_for_root(cls, values: Any) -> Any:
        """A pack fills ``root`` too, so that no asset is asked for."""
        if not isinstance(values, dict) or values.get("pack") is None:
            return values
        if values.get("root") not in (None, values["pack"]):
            raise ValueError("give root or pack, not both")
        beside = [name for name in ("pairs", "template") if values.get(name) is not None]
        if beside:
            raise ValueError(f"{beside[0]} says nothing of a pack; leave it out")
        return {**values, "root": values["pack"]}


class ImageTemplateParams(BenchmarkParams):
    """How the images of a template become its vector."""

    flip: Literal["none", "sum", "concat"] = Field(
        "sum", description="How the embedding of the mirrored image is fused."
    )
    views: Literal["raw", "unit"] = Field(
        "raw",
        description="Image and mirrored image before flip fuses them: raw as the network gives "
        "them, or unit, each made unit length (AdaFace's fusions average and concat).",
    )

    scoring: ClassVar[frozenset[str]] = frozenset({"flip", "views"})
    added: ClassVar[Mapping[str, Any]] = {"views": "raw"}

    @model_validator(mode="after")
    def _views_need_a_mirror(self) -> ImageTemplateParams:
        if self.views == "unit" and self.flip == "none":
            raise ValueError("views=unit needs the mirrored image; choose another flip than none")
        return self

    def mirror(self) -> bool:
        """Mirrored embeddings are needed unless the flip is switched off."""
        return self.flip != "none"


class TemplateParams(ImageTemplateParams):
    """Verification and identification of templates; subclasses say at which FARs (``fars``)."""

    comparisons: Literal["both", "1:1", "1:N"] = Field(
        "both", description="Which comparisons to run; 1:N needs the 1N lists."
    )
    norm: Literal["raw", "unit"] = Field(
        "raw",
        description="Norm of an image's feature in its template, in the headline: raw keeps it, "
        "unit removes it. Every cell of norm, detector and flip is scored anyway.",
    )
    far_rule: Literal["nearest-vertex", "at-most", "interp"] = Field(
        "nearest-vertex",
        description="How the operating point of a FAR is selected. nearest-vertex: corner of "
        "the ROC "
        "curve nearest to the FAR, as insightface does. at-most: highest with FAR at most the "
        "target. interp: on the line between two corners.",
    )
    headline_far: float = Field(1e-4, description="FAR of the number in the table.")
    rank_average: Literal["galleries", "probes"] = Field(
        "galleries",
        description="Rank-N of several galleries: galleries, mean of the rates among each "
        "gallery's mated probes. probes: hits in all galleries over all probes, as insightface's "
        "[Mean].",
    )

    fars: ClassVar[tuple[float, ...]] = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    scoring: ClassVar[frozenset[str]] = ImageTemplateParams.scoring | {
        "norm",
        "far_rule",
        "headline_far",
        "rank_average",
    }
    added: ClassVar[Mapping[str, Any]] = {"rank_average": "galleries"}

    @field_validator("headline_far")
    @classmethod
    def _reported(cls, value: float) -> float:
        if value not in cls.fars:
            raise ValueError(f"TAR is reported at {', '.join(f'{far:g}' for far in cls.fars)}")
        return value

    def comparison_names(self) -> tuple[str, ...]:
        """Verification and identification are cells of their own."""
        return ("1:1", "1:N") if self.comparisons == "both" else (self.comparisons,)
