"""The quality ``onnx-quality``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, UsageError
from harness.plugin.measures import MetricInfo
from harness.plugin.ratings import FaceBatch, FaceQuality

from .network import FaceNetwork

if TYPE_CHECKING:
    from harness.plugin import Context

    from .params import OnnxQualityParams


class OnnxQuality(FaceQuality):
    """One output of a network, (N,) or (N, 1)."""

    needs = frozenset({"images", "landmarks"})
    params: OnnxQualityParams
    metric: ClassVar = MetricInfo("output of the quality network", None, None, "high")

    def prepare(self, ctx: Context) -> None:
        """Open the network; UsageError where it has no such output."""
        super().prepare(ctx)
        self._network = FaceNetwork(self.params, ctx)
        count = len(self._network.outputs)
        if self.params.output >= count:
            raise UsageError(
                f"{self.params.path} has {count} outputs, and output={self.params.output} counts "
                "from 0"
            )

    def rate(self, faces: FaceBatch) -> NDArray[np.float64]:
        """The output times ``sign``; NaN for a face without landmarks."""
        quality = np.full(len(faces), np.nan)
        found, rows = self._network.run(faces)
        if not len(rows):
            return quality
        values = found[self.params.output].reshape(len(rows), -1)
        if values.shape[1] != 1:
            raise DataError(
                f"{self.params.path} gives {values.shape[1]} numbers per face; a quality is one "
                "(choose with output=)"
            )
        quality[rows] = self.params.sign * values[:, 0]
        return quality
