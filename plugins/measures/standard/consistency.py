"""The measure ``consistency``."""

from __future__ import annotations

from typing import ClassVar

from harness.plugin.measures import (
    FacePair,
    MeasuredSet,
    Measurement,
    MetricInfo,
    assign,
    consistency,
)

from .params import ConsistencyParams
from .shared import SeededMeasure, unit_vectors


class Consistency(SeededMeasure):
    """Whether images are nearest to the centre of their own identity."""

    name: ClassVar = "consistency"
    params: ConsistencyParams
    metrics: ClassVar = {
        "consistency": MetricInfo("images nearest to their own centre", 0, 1, "high"),
        "consistency_cos": MetricInfo("mean cosine to the own centre", -1, 1, "high"),
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set; pairs are an image and the first image of the identity nearest to it."""
        notes: list[str] = []
        vectors = unit_vectors(faces, notes)
        single = int((vectors.counts == 1).sum())
        if single:
            notes.append(f"{single:,} identities of one image are not judged")
        found = assign(vectors)
        values = consistency(
            vectors, found, self.rng("consistency"), replicates=self.params.replicates
        )
        pairs = [
            FacePair(
                faces.identities[int(vectors.labels[found.own[k]])],
                faces.identities[int(vectors.labels[found.nearest[k]])],
                int(found.rows[k]),
                int(vectors.rows[vectors.starts[found.nearest[k]]]),
                float(found.nearest_cosine[k]),
            )
            for k in found.worst(self.params.worst).tolist()
        ]
        return Measurement(values, pairs, notes)
