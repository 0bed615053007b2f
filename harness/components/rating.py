"""What says something about one face image: its quality, or attributes such as pose or age."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from harness.components.measuring import MetricInfo
from harness.components.work import Context

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RatingNeed = Literal["images", "landmarks", "embeddings", "stated"]


@dataclass(frozen=True, eq=False)
class FaceBatch:
    """N faces to rate. Fields that the rater's ``needs`` does not name are empty.

    ``images`` are uint8 RGB (H, W, 3), each of its own size. ``landmarks`` float32 (N, 5, 2) and
    ``boxes`` float32 (N, 4) are in pixels of the images and NaN where there is no face or no box.
    ``vectors`` float32 (N, D) are raw embeddings, NaN where there is none. ``stated`` is what the
    maker of the set says of each image, empty where nothing is known.
    """

    names: Sequence[str]
    images: Sequence[NDArray[np.uint8]]
    landmarks: NDArray[np.float32]
    boxes: NDArray[np.float32]
    vectors: NDArray[np.float32]
    stated: Sequence[Mapping[str, str | int | float | bool | None]] = ()

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class AttributeInfo:
    """What an attribute says: one sentence, its unit, and how its values are to be read.

    ``kind`` is ``number``, ``angle`` (degrees, -180 and 180 are the same) or ``category``, whose
    values are positions in ``categories``. ``edges`` are the borders of the bins in which a number
    or an angle is counted, ascending; values outside belong to the first or the last bin.
    """

    text: str
    unit: str = ""
    kind: Literal["number", "angle", "category"] = "number"
    categories: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()


class FaceRater:
    """What quality and attribute components share: the answer for a face depends on it alone."""

    needs: ClassVar[frozenset[RatingNeed]] = frozenset({"images"})

    def __init__(self, params: Any) -> None:
        self.params = params

    def prepare(self, ctx: Context) -> None:
        """Load what the component needs."""
        self.ctx = ctx


class FaceQuality(FaceRater, ABC):
    """One number per face; higher promises better recognition. ``metric`` describes it."""

    metric: ClassVar[MetricInfo] = MetricInfo("quality")

    @abstractmethod
    def rate(self, faces: FaceBatch) -> NDArray[np.float64]:
        """Quality of every face, float64 (N,); NaN where there is none."""


class FaceAttributes(FaceRater, ABC):
    """Named values per face."""

    @property
    @abstractmethod
    def attributes(self) -> Mapping[str, AttributeInfo]:
        """Every attribute by its name; known after ``prepare``."""

    @abstractmethod
    def describe(self, faces: FaceBatch) -> Mapping[str, NDArray[np.float64]]:
        """Values of every attribute, float64 (N,) each; NaN where there is none."""
