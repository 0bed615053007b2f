"""The measure ``uniqueness``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from harness.plugin.measures import (
    FacePair,
    MeasuredSet,
    Measurement,
    MetricInfo,
    NotMeasurable,
    SortedEmbeddings,
    impostor_threshold,
    unique,
)

from .params import UniquenessParams
from .shared import SeededMeasure, unit_vectors

_ROWS = 2048


class Uniqueness(SeededMeasure):
    """Identities kept by greedy selection in the order of their labels."""

    name: ClassVar = "uniqueness"
    optional = frozenset({"against"})
    params: UniquenessParams
    metrics: ClassVar = {
        "unique": MetricInfo("identities no two of which are alike", 0, None, "high")
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set; pairs are the identities whose centres are most similar."""
        notes = ["the number depends on the order: that of the labels"]
        vectors = unit_vectors(faces, notes)
        values = [unique(vectors, cosine=self.params.cosine)]
        if faces.against is not None:
            reference = unit_vectors(faces.against, notes, "the reference set")
            rate = self.params.reference_fmr
            found = impostor_threshold(reference.centres(), np.arange(reference.identities), rate)
            if isinstance(found, NotMeasurable):
                notes.append(f"no threshold of the reference set: {found.reason}")
            else:
                notes.append(f"cosine {found.value:.4f} is FMR {rate:g} of the reference set")
                more = unique(vectors, cosine=round(found.value, 4))
                values += [more] if more.metric != values[0].metric else []
        return Measurement(values, self._pairs(faces, vectors), notes)

    def _pairs(self, faces: MeasuredSet, vectors: SortedEmbeddings) -> list[FacePair]:
        centres = vectors.centres()
        best = np.full(len(centres), -np.inf, np.float32)
        mate = np.zeros(len(centres), np.int64)
        for first in range(0, len(centres), _ROWS):
            cosines = centres[first : first + _ROWS] @ centres.T
            rows = np.arange(len(cosines))
            cosines[rows, first + rows] = -np.inf
            mate[first : first + _ROWS] = cosines.argmax(axis=1)
            best[first : first + _ROWS] = cosines.max(axis=1)
        pairs: list[FacePair] = []
        for k in np.argsort(-best, kind="stable").tolist():
            other = int(mate[k])
            if len(pairs) == self.params.pairs or not np.isfinite(best[k]):
                break
            if mate[other] == k and other < k:
                continue  # the same pair, seen from the other side
            one, two = (faces.identities[int(vectors.labels[i])] for i in (k, other))
            row, other_row = (int(vectors.rows[vectors.starts[i]]) for i in (k, other))
            pairs.append(FacePair(one, two, row, other_row, float(best[k])))
        return pairs
