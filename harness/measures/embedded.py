"""A labelled set of unit embeddings, sorted by identity, and groups of identities to resample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
GROUPS = 64
"""Most groups that identities are dealt into; below this number each identity is its own."""


@dataclass(frozen=True, eq=False)
class SortedEmbeddings:
    """Unit embeddings sorted by identity.

    ``unit`` float32 (N, D); ``codes`` int64 (N,), rising from 0 to K - 1; ``starts`` int64 (K + 1,)
    the first row of every identity and N; ``rows`` int64 (N,) the row of the caller's array that
    each came from; ``labels`` (K,) the caller's label of every identity; ``left_out`` the number of
    rows that hold no embedding (NaN or zero).
    """

    unit: Vectors
    codes: Labels
    starts: Labels
    rows: Labels
    labels: Labels
    left_out: int

    @property
    def images(self) -> int:
        """Number of embeddings, N."""
        return len(self.unit)

    @property
    def identities(self) -> int:
        """Number of identities, K."""
        return len(self.starts) - 1

    @property
    def counts(self) -> Labels:
        """Images of every identity, int64 (K,)."""
        return np.diff(self.starts)

    @property
    def first_rows(self) -> Labels:
        """The caller's row of the first embedding of every identity, int64 (K,)."""
        return self.rows[self.starts[:-1]]

    def of(self, identity: int) -> Vectors:
        """Embeddings of one identity, float32 (n, D), a view."""
        return self.unit[self.starts[identity] : self.starts[identity + 1]]

    def sums(self) -> NDArray[np.float64]:
        """Sum of the embeddings of every identity, float64 (K, D)."""
        return np.add.reduceat(self.unit, self.starts[:-1], axis=0, dtype=np.float64)

    def centres(self) -> Vectors:
        """Normalised mean of every identity, float32 (K, D); zero where a mean is zero."""
        sums = self.sums()
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        return (sums / np.where(norms > 0, norms, 1)).astype(np.float32)


def embedded(vectors: ArrayLike, subjects: ArrayLike) -> SortedEmbeddings:
    """Normalise and sort embeddings (N, D) by their labels (N,), rows in their order within each.

    Raises DataError where sizes disagree or no row holds an embedding.
    """
    matrix = np.asarray(vectors, np.float32)
    labels = np.asarray(subjects)
    if matrix.ndim != 2 or labels.shape != (len(matrix),):
        raise DataError(
            f"embeddings of shape {matrix.shape} and labels of shape {labels.shape} do not fit"
        )
    norms = np.linalg.norm(matrix, axis=1)
    usable = np.flatnonzero(np.isfinite(norms) & (norms > 0))
    if not len(usable):
        raise DataError(f"none of {len(matrix):,} rows holds an embedding")
    names, codes = np.unique(labels[usable], return_inverse=True)
    order = np.argsort(codes, kind="stable")
    rows, codes = usable[order], codes[order].astype(np.int64)
    starts = np.searchsorted(codes, np.arange(len(names) + 1))
    unit = matrix[rows]
    unit /= norms[rows, None]
    return SortedEmbeddings(unit, codes, starts, rows, names, len(matrix) - len(rows))


def deal(identities: int, groups: int, rng: np.random.Generator) -> Labels:
    """Deal identities into at most ``groups`` groups of equal size by chance: int64 (K,).

    Resampling groups instead of identities keeps what a bootstrap over all pairs must hold small:
    one histogram for each pair of groups. With as many groups as identities it is the same.
    """
    number = min(groups, identities)
    return rng.permutation(np.arange(identities, dtype=np.int64) % number)
