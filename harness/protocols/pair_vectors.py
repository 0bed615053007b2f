"""From the embeddings of images to the distances of pairs: views, fusion, length, distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.protocols.base import Embeddings, Flip, Views

Distance = Literal["squared-l2", "angle"]
Features = NDArray[np.float64]

SCORE: Mapping[tuple[Distance, bool], str] = {
    ("squared-l2", True): "squared L2 of unit embeddings",
    ("squared-l2", False): "squared L2 of fused unit views, which keep their length",
    ("angle", True): "angle between embeddings over pi",
    ("angle", False): "angle between embeddings over pi",
}
"""What is compared, by distance and whether the fused vectors are made unit length."""


def fused(embeddings: Embeddings, flip: Flip, views: Views, name: str) -> Features:
    """Image and mirrored image as one row, float64 (N, D) or (N, 2 D); not enrolled rows are NaN.

    ``name`` is that of the comparison, for messages. Raises UsageError where the mirrored images
    were not embedded, DataError for values that are not finite.
    """
    # Distances of float32 rows tie where those of float64 do not, and ties move the threshold.
    found = embeddings.plain.astype(np.float64)
    if views == "unit":
        found = unit_rows(found)
    if flip != "none":
        if embeddings.mirror is None:
            raise UsageError(
                f"{name} with flip={flip} needs embeddings of the mirrored images; "
                "embed again with flip on"
            )
        mirror = embeddings.mirror.astype(np.float64)
        if views == "unit":
            mirror = unit_rows(mirror)
        found = found + mirror if flip == "sum" else np.hstack([found, mirror])
    finite = np.isfinite(found).all(axis=1)
    bad = embeddings.enrolled & ~finite
    if bad.any():
        first = embeddings.names[int(np.argmax(bad))]
        raise DataError(
            f"{int(bad.sum())} embeddings are not finite, the first is of {first}; the network "
            "overflows or its weights are damaged"
        )
    return found


def distances(first: Features, second: Features, distance: Distance) -> NDArray[np.float64]:
    """Distance of each pair of rows, float64 (P,): squared L2, or arccos(cosine) / pi in 0..1.

    The angle is that of Sandberg's facenet (``distance_metric=1``). A cosine that rounding takes
    beyond 1 is held there: facenet gets NaN, and so rejects two equal images.
    """
    if distance == "squared-l2":
        found: NDArray[np.float64] = np.square(first - second).sum(axis=1)
        return found
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = np.sum(first * second, axis=1) / np.maximum(lengths, np.finfo(np.float64).tiny)
    angle: NDArray[np.float64] = np.arccos(np.clip(cosine, -1.0, 1.0)) / np.pi
    return angle


def unit_rows(features: Features) -> Features:
    """Rows (N, D) of length 1; a zero row stays zero."""
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    # The smallest normal number instead of zero: 0 / tiny is 0, and no division warns.
    unit: Features = features / np.maximum(norms, np.finfo(np.float64).tiny)
    return unit
