"""Made-up features, templates and pairs in the sizes of a benchmark of the IJB family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Size:
    """Counts of a benchmark of the IJB family."""

    images: int
    templates: int
    subjects: int
    pairs: int
    genuine: int
    dimensions: int = 512


IJBC = Size(469_375, 23_124, 3_531, 15_658_489, 19_557)
TWENTIETH = Size(23_469, 1_156, 177, 782_924, 978)


@dataclass(frozen=True)
class Scene:
    """Made-up features, templates and pairs; templates 0..subjects-1 are the gallery."""

    size: Size
    features: Array
    mirrored: Array
    template: Array
    media: Array
    detector: Array
    subject: Array  # of each template
    left: Array
    right: Array

    @property
    def genuine(self) -> Array:
        """Which pairs are genuine."""
        return self.subject[self.left] == self.subject[self.right]


def make_scene(size: Size, rng: np.random.Generator) -> Scene:
    n_probes = size.templates - size.subjects
    probe_subject = rng.integers(size.subjects, size=n_probes)
    subject = np.concatenate((np.arange(size.subjects), probe_subject))
    template = np.sort(
        np.concatenate(
            (
                np.arange(size.templates),
                rng.integers(size.templates, size=size.images - size.templates),
            )
        )
    )
    centres = rng.standard_normal((size.subjects, size.dimensions), dtype=np.float32)
    features, mirrored = (
        11.0 * rng.standard_normal((size.images, size.dimensions), dtype=np.float32) for _ in "12"
    )
    for part in np.array_split(np.arange(size.images), 64):
        features[part] += centres[subject[template[part]]]
        mirrored[part] += centres[subject[template[part]]]
    probes = rng.choice(n_probes, size.genuine, replace=size.genuine > n_probes)
    n_impostor = size.pairs - size.genuine
    right = rng.integers(n_probes, size=n_impostor)
    left = (probe_subject[right] + rng.integers(1, size.subjects, n_impostor)) % size.subjects
    left = np.concatenate((probe_subject[probes], left))
    right = np.concatenate((probes, right)) + size.subjects
    order = np.argsort(left, kind="stable")  # pair lists come sorted by the enrolled template
    return Scene(
        size=size,
        features=features,
        mirrored=mirrored,
        template=template,
        media=rng.integers(0, 4, size.images) + 4 * template,
        detector=rng.uniform(0.5, 1, size.images).astype(np.float32),
        subject=subject,
        left=left[order].astype(np.int32),
        right=right[order].astype(np.int32),
    )
