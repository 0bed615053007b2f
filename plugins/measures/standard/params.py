"""Parameters of the measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from harness.plugin import Params, ToolRequest

Cosine = Annotated[float, Field(ge=-1, le=1)]


class Resampled(Params):
    """What measures with bootstrap intervals share."""

    replicates: int = Field(
        200, ge=100, le=100_000, description="Bootstrap replicates of an interval."
    )


class SeparabilityParams(Resampled):
    """Parameters of ``separability``."""

    pairs_per_identity: int = Field(
        50, ge=1, description="Most genuine pairs of an identity; of more, this number is drawn."
    )


class ConsistencyParams(Resampled):
    """Parameters of ``consistency``."""

    worst: int = Field(20, ge=0, description="Images listed that are furthest on the wrong side.")


class DiversityParams(Resampled):
    """Parameters of ``diversity``."""

    vendi_images: int = Field(
        5,
        ge=2,
        description="Images of each identity in its Vendi score; those with fewer have none.",
    )


class UniquenessParams(Params):
    """Parameters of ``uniqueness``."""

    cosine: Cosine = Field(0.4, description="Two centres above it count as one person.")
    reference_fmr: float = Field(
        1e-4,
        gt=0,
        lt=1,
        description="With a reference set, also its threshold at this FMR of centres.",
    )
    pairs: int = Field(20, ge=0, description="Most similar identities listed.")


class CapacityParams(Params):
    """Parameters of ``capacity``."""

    cosines: tuple[Cosine, ...] = Field(
        (0.3, 0.4, 0.5), description="Thresholds above which two faces count as one person."
    )

    @field_validator("cosines")
    @classmethod
    def _once(cls, cosines: tuple[float, ...]) -> tuple[float, ...]:
        """Each threshold has a metric of its own."""
        if len(set(cosines)) < len(cosines):
            raise ValueError("a threshold is there twice; give each once")
        return cosines


class DuplicatesParams(Params):
    """Parameters of ``duplicates``."""

    distance: int = Field(
        4, ge=0, le=63, description="Most bits of 64 in which the hashes of near duplicates differ."
    )
    pairs: int = Field(20, ge=0, description="NearDuplicates listed.")


class RealismParams(Params):
    """Parameters of ``realism``."""

    normalise: bool = Field(
        False, description="Scale embeddings to unit length (for kd, to the root of D)."
    )
    neighbours: int = Field(
        3, ge=1, description="Neighbours that set the radius for precision and recall."
    )
    neighbours_density: int = Field(
        5, ge=1, description="Neighbours that set the radius for density and coverage."
    )
    subsets: int = Field(100, ge=1, description="Subsets of the kernel distance.")
    subset_images: int = Field(1000, ge=2, description="Images of a subset.")
    sigma: float = Field(10.0, ge=1e-6, le=1e6, description="Width of the Gaussian kernel.")
    shrinkage: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of each covariance replaced by its mean variance.",
    )


class LeakageParams(Params):
    """Parameters of ``leakage``."""

    search: Literal["centre", "image"] = Field(
        "centre", description="Whether the centres of identities are searched, or every image."
    )
    fmr: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="FMR of a comparison  [default: one identity in 100 by chance].",
    )
    replicates: int = Field(
        1000, ge=100, le=100_000, description="Bootstrap replicates of an interval."
    )
    pairs: int = Field(50, ge=0, description="Most similar identities listed.")


class ImageStatisticsParams(Resampled):
    """Parameters of ``image-statistics``."""


class AttributeBalanceParams(Resampled):
    """Parameters of ``attribute-balance``."""

    by: str = Field(
        "stated-attributes", description="Attribute or quality component that rates the images."
    )
    kind: Literal["attribute", "quality"] = Field(
        "attribute", description="Which of the two ``by`` is."
    )
    settings: dict[str, Any] = Field({}, description="Parameters of ``by``.")
    target: dict[str, Literal["uniform"] | tuple[float, ...]] = Field(
        {}, description="Wanted share of each bin by attribute, or uniform, for kl."
    )
    pairs: bool = Field(False, description="Also measure the joint bins of every two attributes.")

    def tools(self) -> Mapping[str, ToolRequest]:
        """The component that rates."""
        return {"rater": ToolRequest(self.kind, self.by, self.settings)}
