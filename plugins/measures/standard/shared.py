"""What the measures of this package share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.plugin import stream
from harness.plugin.measures import Measure, SortedEmbeddings, embedded

if TYPE_CHECKING:
    import numpy as np

    from harness.plugin.measures import MeasuredSet


class SeededMeasure(Measure):
    """A measure that draws from a stream named after it."""

    name: ClassVar = ""

    def rng(self) -> np.random.Generator:
        """The stream of this measure under the seed of the run."""
        return stream(self.ctx.seed, "measure", self.name)


def unit_vectors(faces: MeasuredSet, notes: list[str], what: str = "the set") -> SortedEmbeddings:
    """Sorted unit embeddings; a note counts images without one."""
    found = embedded(faces.vectors, faces.subjects)
    if found.left_out:
        notes.append(
            f"{found.left_out:,} of {found.images + found.left_out:,} images of {what} have no "
            "embedding and are left out"
        )
    return found
