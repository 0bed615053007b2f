"""The quality ``csv-quality`` and the attributes ``csv-attributes``: what other tools wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.plugin.measures import MetricInfo
from harness.plugin.ratings import (
    AttributeInfo,
    FaceAttributes,
    FaceBatch,
    FaceQuality,
    rating_columns,
    read_ratings,
)

if TYPE_CHECKING:
    from harness.plugin import Context

    from .params import CsvAttributesParams, CsvQualityParams


class CsvQuality(FaceQuality):
    """One column of a file, by the names of images."""

    needs = frozenset()
    params: CsvQualityParams
    metric: ClassVar = MetricInfo("quality as listed", None, None, "high")

    def prepare(self, ctx: Context) -> None:
        """Read the file; DataError with its line where it is wrong."""
        super().prepare(ctx)
        self._list = read_ratings(self.params.path, self.params.column)

    def rate(self, faces: FaceBatch) -> NDArray[np.float64]:
        """NaN for an image that is not listed."""
        return self._list.of(faces.names)


class CsvAttributes(FaceAttributes):
    """Every column of numbers of a file, or those that are named."""

    needs = frozenset()
    params: CsvAttributesParams

    def prepare(self, ctx: Context) -> None:
        """Read the file; DataError with its line where it is wrong."""
        super().prepare(ctx)
        path = self.params.path
        names = self.params.columns or tuple(rating_columns(path))
        self._lists = {name: read_ratings(path, name) for name in names}

    @property
    def attributes(self) -> Mapping[str, AttributeInfo]:
        """The columns; bins are those of ``edges``."""
        edges = self.params.edges
        return {name: AttributeInfo(f"{name} as listed", edges=edges.get(name, ()))
                for name in self._lists}  # fmt: skip

    def describe(self, faces: FaceBatch) -> Mapping[str, NDArray[np.float64]]:
        """NaN for an image that is not listed."""
        return {name: listed.of(faces.names) for name, listed in self._lists.items()}
