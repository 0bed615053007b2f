"""The measure ``duplicates``."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.images import decode
from harness.plugin.measures import (
    FacePair,
    MeasuredSet,
    MeasuredValue,
    Measurement,
    MetricInfo,
    duplicates,
    missing,
    near_pairs,
    perceptual_hash,
)

from .params import DuplicatesParams
from .shared import SeededMeasure


class Duplicates(SeededMeasure):
    """Images that are there twice, and with a reference set those that are in both."""

    name: ClassVar = "duplicates"
    needs = frozenset({"images"})
    optional = frozenset({"against"})
    params: DuplicatesParams
    metrics: ClassVar = {
        "exact_duplicates": MetricInfo("images whose bytes an earlier image has", 0, None, "low"),
        "near_duplicates": MetricInfo("pairs of nearly equal images", 0, None, "low"),
        "near_duplicates_within": MetricInfo("such pairs within an identity", 0, None, "low"),
        "near_duplicates_across": MetricInfo("such pairs of two identities", 0, None, "low"),
        "near_duplicates_against": MetricInfo("such pairs with the reference set", 0, None, "low"),
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set; pairs are near duplicates, those of two identities first."""
        notes: list[str] = []
        digests, hashes, rows = self._hashed(faces, notes, "the set")
        if not len(hashes):
            why = "no image can be decoded"
            return Measurement([missing(name, why) for name in self.metrics], (), notes)
        subjects = faces.subjects[rows]
        values = duplicates(digests, hashes, subjects, self.params.distance)
        found = near_pairs(hashes, distance=self.params.distance)
        across = subjects[found.first] != subjects[found.second]
        order = np.lexsort((found.bits, ~across))[: self.params.pairs]
        name = faces.identities
        pairs = [
            FacePair(
                name[int(subjects[found.first[k]])],
                name[int(subjects[found.second[k]])],
                int(rows[found.first[k]]),
                int(rows[found.second[k]]),
                1 - float(found.bits[k]) / 64,
            )
            for k in order.tolist()
        ]
        if faces.against is not None:
            others = self._hashed(faces.against, notes, "the reference set")[1]
            name_of = "near_duplicates_against"
            if len(others):
                count = near_pairs(hashes, others, self.params.distance).count
                values.append(MeasuredValue(name_of, float(count), n=len(hashes)))
            else:
                values.append(missing(name_of, "no image of the reference set can be decoded"))
        return Measurement(values, pairs, notes)

    def _hashed(
        self, faces: MeasuredSet, notes: list[str], what: str
    ) -> tuple[list[bytes], NDArray[np.uint64], NDArray[np.int64]]:
        digests, hashes, rows, bad = [], [], [], 0
        for row in range(len(faces.images)):
            self.ctx.progress(row, len(faces.images), "images")
            try:
                data = faces.images.read(row)
                value = perceptual_hash(decode(data, faces.images.names[row]))
            except DataError:
                bad += 1
                continue
            digests.append(hashlib.sha256(data).digest())
            hashes.append(value)
            rows.append(row)
        if bad:
            notes.append(f"{bad:,} of {len(faces.images):,} images of {what} cannot be decoded")
        return digests, np.array(hashes, np.uint64), np.array(rows, np.int64)
