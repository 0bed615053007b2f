"""The measure ``diversity``."""

from __future__ import annotations

from typing import ClassVar

from harness.plugin.measures import MeasuredSet, Measurement, MetricInfo, diversity

from .params import DiversityParams
from .shared import SeededMeasure, unit_vectors


class Diversity(SeededMeasure):
    """Differences within identities and between them."""

    name: ClassVar = "diversity"
    params: DiversityParams
    metrics: ClassVar = {
        "intra_distance": MetricInfo("1 - mean genuine cosine, mean over identities", 0, 2),
        "intra_variance": MetricInfo("trace of the covariance within identities", 0, 2),
        "intra_vendi": MetricInfo("effective number of different images of an identity", 1, None),
        "inter_cos": MetricInfo("mean cosine of two identities' centres", -1, 1, "low"),
        "inter_cos_top": MetricInfo("99.9th percentile of cosines of centres", -1, 1, "low"),
        "effective_dim": MetricInfo("effective number of dimensions of centres", 1, None, "high"),
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set."""
        notes: list[str] = []
        vectors = unit_vectors(faces, notes)
        few = int((vectors.counts < self.params.vendi_images).sum())
        if few:
            notes.append(
                f"{few:,} of {vectors.identities:,} identities have fewer than "
                f"{self.params.vendi_images} images and no Vendi score"
            )
        values = diversity(
            vectors,
            self.rng("diversity"),
            vendi_images=self.params.vendi_images,
            replicates=self.params.replicates,
        )
        return Measurement(values, notes=notes)
