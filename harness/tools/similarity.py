"""How similar the faces of one set are: within identities, between them, and which nearly meet.

Identities that nearly meet are one person under two labels, or a generator that repeats itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_IDENTITIES = 20_000
"""Identities whose mean embeddings are searched for the nearest pairs: 200 million comparisons."""
MOST_IMAGES = 3_000
"""Images whose pairs make the histograms: 4.5 million comparisons."""
PAIRS = 12
EDGES = np.linspace(-1.0, 1.0, 81)
BLOCK = 1024


@dataclass(frozen=True)
class Near:
    """Two identities by the cosine of their mean embeddings."""

    identity: str
    other: str
    image: str
    other_image: str
    score: float


@dataclass(frozen=True)
class Similarity:
    """Counts of cosines in the bins between ``edges``, and the most similar identities."""

    images: int
    identities: int
    edges: tuple[float, ...]
    within: tuple[int, ...]
    between: tuple[int, ...]
    nearest: tuple[Near, ...]


def similarity(
    vectors: NDArray[np.float32],
    subjects: NDArray[np.int64],
    names: Sequence[str],
    identities: Mapping[int, str],
) -> Similarity | None:
    """Of embeddings (N, D) and who is on them (N,); rows that are not finite are left out.

    ``images`` and ``identities`` count what the histograms are of: whole identities, spread evenly
    over the set, until ``MOST_IMAGES``. None where fewer than two identities are left.
    """
    rows = np.flatnonzero(np.isfinite(vectors).all(axis=1) & (vectors != 0).any(axis=1))
    labels = np.unique(subjects[rows])
    if len(labels) < 2:
        return None
    part = _some(rows, subjects, labels)
    within, between = _histograms(_unit(vectors[part]), subjects[part])
    return Similarity(
        images=len(part),
        identities=len(np.unique(subjects[part])),
        edges=tuple(float(f"{edge:.4g}") for edge in EDGES),
        within=tuple(within.tolist()),
        between=tuple(between.tolist()),
        nearest=_nearest(vectors, subjects, rows, names, identities),
    )


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)


def _some(
    rows: NDArray[np.intp], subjects: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.intp]:
    """Rows of whole identities spread evenly over all, about ``MOST_IMAGES`` of them."""
    share = min(1.0, MOST_IMAGES / len(rows))
    count = max(2, int(len(labels) * share))
    picked = labels[np.unique(np.linspace(0, len(labels) - 1, count).round().astype(np.intp))]
    return rows[np.isin(subjects[rows], picked)]


def _histograms(
    unit: NDArray[np.float32], subjects: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    within = np.zeros(len(EDGES) - 1, np.int64)
    between = np.zeros(len(EDGES) - 1, np.int64)
    for start in range(0, len(unit), BLOCK):
        stop = min(start + BLOCK, len(unit))
        cosine = np.clip(unit[start:stop] @ unit.T, -1.0, 1.0)
        later = np.arange(len(unit))[None] > np.arange(start, stop)[:, None]
        same = subjects[start:stop, None] == subjects[None]
        within += np.histogram(cosine[later & same], EDGES)[0]
        between += np.histogram(cosine[later & ~same], EDGES)[0]
    return within, between


def _nearest(
    vectors: NDArray[np.float32],
    subjects: NDArray[np.int64],
    rows: NDArray[np.intp],
    names: Sequence[str],
    identities: Mapping[int, str],
) -> tuple[Near, ...]:
    labels, inverse = np.unique(subjects[rows], return_inverse=True)
    total = np.zeros((len(labels), vectors.shape[1]), np.float64)
    np.add.at(total, inverse, _unit(vectors[rows]))
    known = np.flatnonzero(np.linalg.norm(total, axis=1) > 0)
    if len(known) > MOST_IDENTITIES:
        spread = np.linspace(0, len(known) - 1, MOST_IDENTITIES).round().astype(np.intp)
        known = known[spread]
    if len(known) < 2:
        return ()
    mean = _unit(total[known])
    found: list[tuple[float, int, int]] = []
    for start in range(0, len(mean), BLOCK):
        stop = min(start + BLOCK, len(mean))
        cosine = mean[start:stop] @ mean.T
        cosine[np.arange(len(mean))[None] <= np.arange(start, stop)[:, None]] = -np.inf
        best = np.argpartition(cosine, -min(PAIRS, cosine.size), axis=None)[-PAIRS:]
        for at in best.tolist():
            a, b = divmod(at, len(mean))
            if np.isfinite(cosine[a, b]):
                found.append((float(cosine[a, b]), start + a, b))
        found = sorted(found, key=lambda pair: (-pair[0], pair[1:]))[:PAIRS]

    def called(number: int) -> tuple[str, str]:
        label = int(labels[known[number]])
        image = names[int(rows[np.argmax(inverse == known[number])])]
        return identities.get(label, str(label)), image

    made = []
    for score, a, b in found:
        (one, image), (other, other_image) = called(a), called(b)
        made.append(Near(one, other, image, other_image, score))
    return tuple(made)
