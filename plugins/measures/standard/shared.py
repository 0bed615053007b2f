"""What the measures of this package share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.plugin import stream
from harness.plugin.measures import Measure, SortedEmbeddings, embedded

if TYPE_CHECKING:
    import numpy as np

    from harness.plugin.measures import MeasuredSet


class SeededMeasure(Measure):
    """A measure that draws from streams named after it and its metrics."""

    name: ClassVar = ""
    optional: ClassVar = frozenset()

    def rng(self, metric: str) -> np.random.Generator:
        """The stream of one metric (or group of metrics) of this measure under the run's seed.

        One stream per metric, so that a metric that is added changes no other.
        """
        return stream(self.ctx.seed, "measure", self.name, metric)


def unit_vectors(faces: MeasuredSet, notes: list[str], what: str = "the set") -> SortedEmbeddings:
    """Sorted unit embeddings; a note counts images without one."""
    found = embedded(faces.vectors, faces.subjects)
    if found.left_out:
        notes.append(
            f"{found.left_out:,} of {found.images + found.left_out:,} images of {what} have no "
            "embedding and are left out"
        )
    return found
