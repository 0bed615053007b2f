"""Embeddings that say nothing about a face: the same for all images, or one number each.

A value range that is wrong by a factor of 255, a wrong output and weights that were never trained
all give a benchmark its chance level without any error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# Measured on 153 images of LFW. MobileFaceNet has a spread of 0.985 and keeps 0.34 where it gets
# 0..255 instead of -1..1; mean 127 and std 128 for pixels in [0, 1] leave 2.1e-4, other mixtures of
# the two units 7.5e-5 to 2.1e-3. Random weights of mobilefacenet, small-resnet and iresnet50 give
# 0.14 to 0.47, those of facenet-nn4 3.5e-8: it has no batch norm at its end.
MIN_SPREAD = 5e-3
MIN_SECOND = 1e-3
"""Second singular value as a share of the first: 0.33 (random facenet-nn4) to 0.98 above."""
MIN_DISTINCT = 0.1
FEW = 10
SAMPLE = 500


def unsound(
    rows: NDArray[np.float32], enrolled: NDArray[np.bool_], spec: Mapping[str, Any], *, ready: bool
) -> list[str]:
    """What the reader of a number must know of embeddings (N, D); ``enrolled`` is bool (N,).

    Raises DataError where they cannot tell faces apart. A network that was trained here and is
    nearly constant is honest but weak: that is returned as a warning. ``spec`` is the input of the
    network (mean, std, colour), which the message states. ``ready`` networks came with weights.
    """
    there = np.flatnonzero(enrolled)
    if len(there) < FEW:
        return []
    seen = np.asarray(rows[there[:: -(-len(there) // SAMPLE)]], np.float64)
    distinct = len(np.unique(seen, axis=0))
    if distinct < max(2.0, MIN_DISTINCT * len(seen)):
        raise DataError(f"{_only(distinct, len(seen))}: {_causes(spec)}")
    unit = seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), np.finfo(float).tiny)
    centred = unit - unit.mean(axis=0)
    spread = float(1.0 - np.square(unit.mean(axis=0)).sum())
    values = np.linalg.svd(centred, compute_uv=False)
    if seen.shape[1] < 2 or values[1] < MIN_SECOND * values[0]:
        raise DataError(
            f"the embeddings of {len(seen)} images all are on one line (size {seen.shape[1]}), so "
            f"they hold one number per image: {_causes(spec)}"
        )
    if spread >= MIN_SPREAD:
        return []
    told = f"the embeddings of {len(seen)} images are nearly the same (spread {spread:.1e} of 1)"
    if ready:
        raise DataError(f"{told}: {_causes(spec)}")
    return [f"{told}: the network has learned little or has collapsed"]


def _only(distinct: int, count: int) -> str:
    return f"{count} images have {distinct} different embedding{'s' if distinct > 1 else ''} in all"


def _causes(spec: Mapping[str, Any]) -> str:
    """The input that the network was given, and what to check."""
    low = min((0.0 - m) / s for m, s in zip(spec["mean"], spec["std"], strict=True))
    high = max((1.0 - m) / s for m, s in zip(spec["mean"], spec["std"], strict=True))
    return (
        f"the network got {spec['colour']} values in [{low:.3g}, {high:.3g}]; check mean and std "
        "(of pixels in [0, 1]), that its weights are trained, and that its output is the features"
    )
