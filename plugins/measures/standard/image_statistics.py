"""The measure ``image-statistics``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from harness.plugin import DataError
from harness.plugin.images import decode
from harness.plugin.measures import (
    NAMES,
    MeasuredSet,
    Measurement,
    MetricInfo,
    image_statistics,
    missing,
    shares,
)

from .params import ImageStatisticsParams
from .shared import SeededMeasure

_RANGES = {"brightness": 255, "contrast": 128, "saturation": 1}


class ImageStatistics(SeededMeasure):
    """Means of simple numbers of the images, and their spread within identities."""

    name: ClassVar = "image-statistics"
    needs = frozenset({"images"})
    params: ImageStatisticsParams
    metrics: ClassVar = {
        name: MetricInfo(f"mean {name}", 0, _RANGES.get(name)) for name in NAMES
    } | {
        f"{name}_within": MetricInfo(f"standard deviation of {name} within identities", 0)
        for name in NAMES
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set."""
        rows, found, notes = [], [], []
        for row in range(len(faces.images)):
            self.ctx.progress(row, len(faces.images), "images")
            try:
                found.append(
                    image_statistics(decode(faces.images.read(row), faces.images.names[row]))
                )
            except DataError:
                continue
            rows.append(row)
        bad = len(faces.images) - len(rows)
        if bad:
            notes.append(f"{bad:,} of {len(faces.images):,} images cannot be decoded")
        if not rows:
            return Measurement([missing(name, "no image can be decoded") for name in self.metrics])
        table, owners = np.array(found), faces.subjects[rows]
        columns = {name: table[:, k] for k, name in enumerate(NAMES)}
        values = shares(columns, owners, self.rng("means"), self.params.replicates)
        codes = np.unique(owners, return_inverse=True)[1]
        counts = np.bincount(codes)
        if not (counts > 1).any():
            why = "no identity has two images"
            return Measurement(
                [*values, *(missing(f"{name}_within", why) for name in NAMES)], notes=notes
            )
        deviations = {}
        for k, name in enumerate(NAMES):
            means = np.bincount(codes, table[:, k]) / counts
            squares = np.bincount(codes, (table[:, k] - means[codes]) ** 2)
            several = counts > 1
            deviations[f"{name}_within"] = np.sqrt(squares[several] / (counts[several] - 1))
        kept = np.arange(int((counts > 1).sum()))
        values += shares(deviations, kept, self.rng("within"), self.params.replicates)
        return Measurement(values, notes=notes)
