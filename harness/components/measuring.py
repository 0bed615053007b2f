"""What a measure of a face set is given, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from harness.components.work import Context, Images

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Need = Literal["embeddings", "images", "against", "seen"]
Other = Literal["against", "seen", "control"]


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """What one metric says: its range, which end is better (or neither), and one sentence."""

    text: str
    low: float | None = None
    high: float | None = None
    better: Literal["high", "low"] | None = None


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A value with its percentile interval from ``n`` observations.

    ``value`` is None where it cannot be measured, and ``why`` then is the reason. ``low`` and
    ``high`` are None where no interval is defined. ``replicates`` are the values under resampled
    identities that the interval is made of, None where one has no value; sets are compared by them.
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    why: str = ""
    replicates: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class FacePair:
    """Two images worth looking at, with the names of their identities and how similar they are.

    ``first_row`` and ``second_row`` are rows of ``Images`` of the set and of the one that ``other``
    names (the same set if empty).
    """

    first: str
    second: str
    first_row: int
    second_row: int
    score: float
    other: Literal["", "against", "seen"] = ""


@dataclass(frozen=True)
class Measurement:
    """The values of a measure, pairs to look at (the most telling first), and notes."""

    values: Sequence[MeasuredValue]
    pairs: Sequence[FacePair] = ()
    notes: Sequence[str] = ()


class MeasuredSet(Protocol):
    """A face set under a network, rows sorted by identity and name, so that order never counts."""

    @property
    def images(self) -> Images:
        """Encoded images, N of them, with ``subjects``."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Raw embeddings (N, D); NaN where there is none. Only where a model is given."""

    @property
    def subjects(self) -> NDArray[np.int64]:
        """Who is on each image, int64 (N,)."""

    @property
    def identities(self) -> Mapping[int, str]:
        """A name for every subject."""

    @property
    def against(self) -> MeasuredSet | None:
        """The reference set of ``--against``."""

    @property
    def seen(self) -> MeasuredSet | None:
        """The set of ``--seen``: people that the generator may have learned from."""

    @property
    def control(self) -> MeasuredSet | None:
        """The set of ``--control``: people that the generator cannot have seen."""


class Measure(ABC):
    """Numbers of a face set. ``prepare`` reads, ``measure`` computes.

    ``needs`` says what must be there; where ``against`` or ``seen`` is not given, the measure is
    skipped and the result says so. ``optional`` are other sets that it looks at where they are
    given; a set that is in neither does not reach it, nor its key. ``metrics`` describes every
    metric by its name, up to an ``@``.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"embeddings"})
    optional: ClassVar[frozenset[Other]] = frozenset({"against", "seen", "control"})
    metrics: ClassVar[Mapping[str, MetricInfo]] = {}

    def __init__(self, params: Any) -> None:
        self.params = params

    def prepare(self, ctx: Context) -> None:
        """Load what the measure needs; ``ctx.seed`` is the seed of all that it draws."""
        self.ctx = ctx

    @abstractmethod
    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set. What cannot be measured is a value of None with its reason."""
