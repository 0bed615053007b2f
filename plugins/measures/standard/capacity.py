"""The measure ``capacity``."""

from __future__ import annotations

from typing import ClassVar

from harness.plugin.measures import MeasuredSet, Measurement, MetricInfo, capacity

from .params import CapacityParams
from .shared import SeededMeasure, unit_vectors


class Capacity(SeededMeasure):
    """An upper bound: caps are packed without gaps, which no arrangement does."""

    name: ClassVar = "capacity"
    params: CapacityParams
    metrics: ClassVar = {
        "capacity": MetricInfo("upper bound of different identities", 1, None, "high")
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set."""
        notes = ["an upper bound, not an estimate"]
        vectors = unit_vectors(faces, notes)
        return Measurement(capacity(vectors, self.params.cosines), notes=notes)
