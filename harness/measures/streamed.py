"""Embeddings with their identities, read block by block: as flat in memory as their file."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.measures.embedded import Labels, Vectors

_ROWS = 4096


class StreamedEmbeddings:
    """Embeddings (N, D) as they are, perhaps a memory-mapped file, and who each is of.

    ``unit`` are the rows themselves: who compares them normalises block by block. ``codes`` int64
    (N,) number the identities from 0 and are -1 where a row holds no embedding (NaN or zero);
    ``labels`` (K,) the caller's label of every identity. Raises DataError where sizes disagree or
    no row holds an embedding.
    """

    def __init__(self, vectors: Vectors, subjects: ArrayLike) -> None:
        labels = np.asarray(subjects)
        if vectors.ndim != 2 or labels.shape != (len(vectors),):
            raise DataError(
                f"embeddings of shape {vectors.shape} and labels of shape {labels.shape} do not fit"
            )
        usable = np.zeros(len(vectors), np.bool_)
        for first in range(0, len(vectors), _ROWS):
            norms = np.linalg.norm(np.asarray(vectors[first : first + _ROWS], np.float32), axis=1)
            usable[first : first + _ROWS] = np.isfinite(norms) & (norms > 0)
        if not usable.any():
            raise DataError(f"none of {len(vectors):,} rows holds an embedding")
        self.unit = vectors
        self.codes: Labels = np.full(len(vectors), -1, np.int64)
        self.labels, self.codes[usable] = np.unique(labels[usable], return_inverse=True)
        self.rows: Labels = np.arange(len(vectors), dtype=np.int64)

    @property
    def images(self) -> int:
        """Number of embeddings."""
        return int(self.counts.sum())

    @property
    def identities(self) -> int:
        """Number of identities, K."""
        return len(self.labels)

    @property
    def counts(self) -> Labels:
        """Embeddings of every identity, int64 (K,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=self.identities)

    @property
    def first_rows(self) -> Labels:
        """The first row of every identity, int64 (K,)."""
        known = np.flatnonzero(self.codes >= 0)
        found: NDArray[np.int64] = known[np.unique(self.codes[known], return_index=True)[1]]
        return found

    def centres(self) -> Vectors:
        """Normalised mean of every identity, float32 (K, D); zero where a mean is zero."""
        sums = np.zeros((self.identities, self.unit.shape[1]))
        for first in range(0, len(self.unit), _ROWS):
            codes = self.codes[first : first + _ROWS]
            block = np.asarray(self.unit[first : first + _ROWS], np.float32)[codes >= 0]
            block = block / np.linalg.norm(block, axis=1, keepdims=True)
            np.add.at(sums, codes[codes >= 0], block)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        return (sums / np.where(norms > 0, norms, 1)).astype(np.float32)
