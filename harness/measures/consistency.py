"""Label noise: whether each image is nearest to the centre of its own identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.measures.embedded import Labels, SortedEmbeddings
from harness.measures.resampling import shares
from harness.measures.values import missing

_SCORES = 1 << 22  # scores held at a time: 16 MiB of float32
_LEAST_ROWS = 64


@dataclass(frozen=True, eq=False)
class Assignment:
    """Where every image of an identity with two or more is, in the order of ``rows``.

    ``rows`` int64 (M,) rows of the caller's embeddings; ``own`` int64 (M,) its identity and
    ``nearest`` int64 (M,) the identity with the nearest centre (its own centre made without it);
    ``own_cosine`` and ``nearest_cosine`` float32 (M,) the cosines to both.
    """

    rows: Labels
    own: Labels
    nearest: Labels
    own_cosine: NDArray[np.float32]
    nearest_cosine: NDArray[np.float32]

    def worst(self, count: int = 20) -> Labels:
        """Positions of the images furthest on the wrong side, int64; fewer where fewer are."""
        wrong = np.flatnonzero(self.nearest != self.own)
        lead = self.nearest_cosine[wrong] - self.own_cosine[wrong]
        return wrong[np.argsort(-lead, kind="stable")[:count]]


def assign(faces: SortedEmbeddings) -> Assignment:
    """Compare every image with all centres; a tie counts for its own identity.

    Identities of one image have no centre without it, so their images are not judged; their centres
    still compete.
    """
    judged = np.flatnonzero(faces.counts[faces.codes] > 1)
    centres = faces.centres()
    sums = faces.sums()
    own = faces.codes[judged]
    nearest = own.copy()
    own_cosine = np.empty(len(judged), np.float32)
    best = np.empty(len(judged), np.float32)
    block = max(_LEAST_ROWS, _SCORES // len(centres))
    for first in range(0, len(judged), block):
        part = slice(first, first + block)
        unit, mine = faces.unit[judged[part]], own[part]
        scores = unit @ centres.T
        others = sums[mine] - unit
        length = np.linalg.norm(others, axis=1)
        cosine = np.einsum("nd,nd->n", others, unit) / np.where(length > 0, length, 1)
        rows = np.arange(len(mine))
        scores[rows, mine] = cosine
        other = scores.argmax(axis=1)
        better = scores[rows, other] > scores[rows, mine]
        nearest[part] = np.where(better, other, mine)
        own_cosine[part] = scores[rows, mine]
        best[part] = scores[rows, np.where(better, other, mine)]
    return Assignment(faces.rows[judged], own, nearest, own_cosine, best)


def consistency(
    faces: SortedEmbeddings, found: Assignment, rng: np.random.Generator, *, replicates: int = 200
) -> list[MeasuredValue]:
    """Share of images nearest to their own centre, and their mean cosine to it.

    Intervals resample identities; ``n`` counts images. Missing where no identity has two images.
    """
    if not len(found.rows) or faces.identities < 2:
        why = "no identity has two images" if not len(found.rows) else "there is one identity"
        return [missing("consistency", why), missing("consistency_cos", why)]
    right = (found.nearest == found.own).astype(np.float64)
    return shares(
        {"consistency": right, "consistency_cos": found.own_cosine.astype(np.float64)},
        found.own,
        rng,
        replicates,
    )
