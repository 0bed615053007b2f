"""What every comparison gives the core: its complete protocol, its scores and its metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Flip = Literal["none", "sum", "concat"]
Views = Literal["raw", "unit"]
"""Image and mirrored image before they are fused: as the network gives them, or of unit length."""

LEVEL = 0.95
"""Confidence level of every interval of a result."""

OVER_PAIRS = "Clopper-Pearson over pairs"


@dataclass(frozen=True)
class Embeddings:
    """Raw network outputs for the images of a benchmark, in their order.

    ``plain`` and ``mirror`` are float32 (N, D); ``mirror`` belongs to the horizontally flipped
    images and is None where no comparison asks for it. ``enrolled`` is bool (N,): False where no
    face was found; such rows are NaN.
    """

    plain: NDArray[np.float32]
    mirror: NDArray[np.float32] | None
    enrolled: NDArray[np.bool_]
    names: Sequence[str]


@dataclass(frozen=True)
class Scores:
    """Everything a metric needs, so that it can be computed again without a model.

    ``columns`` are arrays of equal length (one row per pair); ``extra`` are arrays of any shape.
    """

    columns: Mapping[str, NDArray[Any]]
    extra: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Interval:
    """A confidence interval and how it was made."""

    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True)
class Metric:
    """One number of a result.

    ``at`` is the operating point (for example ``{"far": 1e-4}``). ``value`` is None when the
    number cannot be measured, and ``note`` says why. ``headline`` marks the number of the table.
    """

    name: str
    value: float | None
    at: Mapping[str, float | str] = field(default_factory=dict)
    unit: str = "fraction"
    higher_is_better: bool = True
    interval: Interval | None = None
    threshold: float | None = None
    realised_far: float | None = None
    headline: bool = False
    note: str = ""


@dataclass(frozen=True)
class Curve:
    """A named curve for a figure: equal-length float arrays by axis name."""

    name: str
    axes: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Evaluation:
    """What a comparison says of its scores."""

    metrics: Sequence[Metric]
    curves: Sequence[Curve] = ()
    warnings: Sequence[str] = ()


class Comparison(ABC):
    """A set of comparisons with every rule that touches the number."""

    name: str
    flip: Flip

    @abstractmethod
    def protocol(self) -> dict[str, Any]:
        """Every rule and count as JSON, with ``id`` and the digest of the lists.

        Two results whose protocols differ never share a column silently.
        """

    @abstractmethod
    def score(self, embeddings: Embeddings) -> Scores:
        """Compare; deterministic. Raises DataError when an embedding is not finite."""

    @abstractmethod
    def evaluate(self, scores: Scores, seed: int) -> Evaluation:
        """Metrics and curves from scores alone; ``seed`` drives the bootstrap."""
