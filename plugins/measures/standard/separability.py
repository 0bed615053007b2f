"""The measure ``separability``."""

from __future__ import annotations

from typing import ClassVar

from harness.plugin.measures import MeasuredSet, Measurement, MetricInfo, separability

from .params import SeparabilityParams
from .shared import SeededMeasure, unit_vectors


class Separability(SeededMeasure):
    """Genuine against impostor cosines of all images of a set."""

    name: ClassVar = "separability"
    params: SeparabilityParams
    metrics: ClassVar = {
        "eer": MetricInfo("equal error rate", 0, 1, "low"),
        "fmr100": MetricInfo("FNMR at an FMR of at most 1 %", 0, 1, "low"),
        "fmr1000": MetricInfo("FNMR at an FMR of at most 0.1 %", 0, 1, "low"),
        "auc": MetricInfo("area under the ROC curve", 0, 1, "high"),
        "d_prime": MetricInfo("distance of the two means in pooled deviations", None, None, "high"),
        "genuine_mean": MetricInfo("mean genuine cosine", -1, 1),
        "genuine_std": MetricInfo("standard deviation of genuine cosines", 0, 1),
        "impostor_mean": MetricInfo("mean impostor cosine", -1, 1, "low"),
        "impostor_std": MetricInfo("standard deviation of impostor cosines", 0, 1),
        "overlap": MetricInfo("overlap of the two densities", 0, 1, "low"),
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set."""
        notes: list[str] = []
        vectors = unit_vectors(faces, notes)
        large = int(
            (vectors.counts * (vectors.counts - 1) // 2 > self.params.pairs_per_identity).sum()
        )
        if large:
            notes.append(
                f"{self.params.pairs_per_identity} genuine pairs were drawn of each of {large:,} "
                "identities that have more"
            )
        values = separability(
            vectors,
            self.rng("pairs"),
            cap=self.params.pairs_per_identity,
            replicates=self.params.replicates,
        )
        return Measurement(values, notes=notes)
