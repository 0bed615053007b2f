"""Pairs of images with one embedding in files of different bytes: most likely copies of one image.

Copies of equal bytes are found while the list is read (:mod:`harness.protocols.pair_doubt`); those
that were saved again are only seen by a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.components import Images
from harness.protocols.base import Embeddings

NEAR = 1e-6
"""Distance of a cosine from 1 up to which two embeddings are the same, where images differ well.

It shrinks with the spread of all embeddings, so that a network that tells little apart does not
make copies of different images.
"""
NAMED = 3
_ROWS = 4096


def twin_notes(
    columns: Mapping[str, NDArray[Any]], embeddings: Embeddings, images: Images
) -> Iterator[str]:
    """A sentence where pairs of two files have the same embedding; ``columns`` as in ``Scores``.

    Only comparisons of images are looked at: those with the columns ``first`` and ``second``.
    """
    if not {"first", "second", "genuine"} <= columns.keys():
        return
    first, second = columns["first"], columns["second"]
    same = np.flatnonzero(_same(embeddings, first, second))
    rows = [row for row in same.tolist() if _differ(images, int(first[row]), int(second[row]))]
    if rows:
        names = embeddings.names
        few = [f"{names[first[row]]} with {names[second[row]]}" for row in rows[:NAMED]]
        yield (
            f"{len(rows):,} of {len(first):,} pairs compare two images with the same embedding "
            f"(similarity 1 within {NEAR:g}: {', '.join(few)}{', ...' if len(rows) > NAMED else ''}"
            "): they are probably one image in two files, and say nothing about recognition"
        )


def _same(embeddings: Embeddings, first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Which pairs are of two rows with one embedding, bool (P,)."""
    plain, enrolled = embeddings.plain, embeddings.enrolled
    found: NDArray[np.bool_] = (first != second) & enrolled[first] & enrolled[second]
    unit = _unit(plain[enrolled])
    near = NEAR * (1.0 - float(np.square(unit.mean(axis=0)).sum())) if len(unit) else 0.0
    for start in range(0, len(first), _ROWS):
        part = slice(start, start + _ROWS)
        left, right = _unit(plain[first[part]]), _unit(plain[second[part]])
        found[part] &= np.square(left - right).sum(axis=1) / 2 <= near
    return found


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = rows.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: NDArray[np.float64] = wide / np.maximum(length, np.finfo(np.float64).tiny)
    return unit


def _differ(images: Images, one: int, other: int) -> bool:
    """Whether the files differ; the others were counted while the list was read."""
    return images.read(one) != images.read(other)
