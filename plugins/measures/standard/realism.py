"""The measure ``realism``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.plugin.measures import (
    MeasuredSet,
    Measurement,
    MetricInfo,
    frechet,
    gaussian_mmd,
    kernel_distance,
    missing,
    neighbourhoods,
)

from .params import RealismParams
from .shared import SeededMeasure


class Realism(SeededMeasure):
    """Distances and neighbourhoods between a set and a reference set, in the space of a model."""

    name: ClassVar = "realism"
    needs = frozenset({"embeddings", "against"})
    params: RealismParams
    metrics: ClassVar = {
        "fd": MetricInfo("Fréchet distance", 0, None, "low"),
        "fd_inf": MetricInfo(
            "Fréchet distance, extrapolated to endless samples", None, None, "low"
        ),
        "kd": MetricInfo("kernel distance, unbiased", None, None, "low"),
        "cmmd": MetricInfo("MMD with a Gaussian kernel, unbiased", None, None, "low"),
        "precision": MetricInfo("images within the reference set", 0, 1, "high"),
        "recall": MetricInfo("images of the reference set within this set", 0, 1, "high"),
        "density": MetricInfo("how densely the reference set surrounds images", 0, None, "high"),
        "coverage": MetricInfo("images of the reference set with an image near", 0, 1, "high"),
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set against the reference."""
        assert faces.against is not None, "needs says so"
        notes: list[str] = []
        fake = self._features(faces, notes, "the set")
        real = self._features(faces.against, notes, "the reference set")
        if not len(fake) or not len(real):
            return Measurement([missing(name, "no embeddings") for name in self.metrics], (), notes)
        root = np.float32(fake.shape[1] ** 0.5 if self.params.normalise else 1)
        values = frechet(fake, real, self.rng("fd"), shrinkage=self.params.shrinkage)
        values.append(
            kernel_distance(
                fake * root,
                real * root,
                self.rng("kd"),
                subsets=self.params.subsets,
                size=self.params.subset_images,
            )
        )
        values.append(gaussian_mmd(fake, real, sigma=self.params.sigma))
        values += neighbourhoods(
            fake, real, k=self.params.neighbours, k_density=self.params.neighbours_density
        )
        return Measurement(values, notes=notes)

    def _features(self, faces: MeasuredSet, notes: list[str], what: str) -> NDArray[np.float32]:
        norms = np.linalg.norm(faces.vectors, axis=1)
        usable = np.isfinite(norms) & (norms > 0)
        if not usable.all():
            notes.append(f"{int((~usable).sum()):,} images of {what} have no embedding")
        rows: NDArray[np.float32] = faces.vectors[usable]
        if self.params.normalise:
            rows = rows / norms[usable, None]
        return rows
