"""Template pooling: the media of a template become one unit vector (IJB-A, IJB-B, IJB-C).

t_T = sum over media m in T of (1/|m|) * sum over images i in m of w_i f_i, then normalised, with
w_i = detector score (or 1), over the feature's norm if norms are not kept. f_i is the network's
output for the image, or its sum with that for the mirrored image, or both side by side; each of the
two may be made unit length first. All of it is one sparse matrix times the features (insightface
``eval_ijbc.py``, ``image2template_feature``; AdaFace ``validate_IJB_BC.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import Bools, bool_vector, same_length
from harness.metrics.pooling import (
    POOLING_VARIANTS,
    Matrix,
    PoolingVariant,
    finite_norms,
    row_norms,
    variant_weights,
)

_CHUNK_IMAGES = 1 << 15  # images pooled at a time, which bounds the intermediate sums


@dataclass(frozen=True, slots=True, eq=False)
class TemplateLayout:
    """Which images make which template: made by :func:`template_layout`.

    ``template_ids`` (T,) rising; ``starts`` (T + 1,) into ``rows``, the image rows grouped by
    template; ``share`` float32, 1 over the number of (enrolled) images of the row's media.
    """

    template_ids: NDArray[Any]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    share: NDArray[np.float32]

    @property
    def enrolled(self) -> Bools:
        """Templates with at least one enrolled image, bool (T,)."""
        return np.diff(self.starts) > 0


def template_layout(
    template_ids: ArrayLike, media_ids: ArrayLike | None = None, enrolled: ArrayLike | None = None
) -> TemplateLayout:
    """Group images (N,) by template and, within it, by media (default: each image its own).

    Images marked False in ``enrolled`` found no face: they are left out, and their media are means
    of the others. A template that loses all its images stays, with ``enrolled`` False.
    """
    raw = np.asarray(template_ids)
    if raw.ndim != 1 or not raw.size:
        raise DataError(f"template ids must be a 1-D array of images, not of shape {raw.shape}")
    names, template = np.unique(raw, return_inverse=True)
    usable = np.ones(raw.size, np.bool_)
    if enrolled is not None:
        usable = bool_vector("enrolled", enrolled, raw.size)
    media = np.arange(raw.size)
    if media_ids is not None:
        media = np.unique(same_length("media ids", media_ids, raw.size), return_inverse=True)[1]
    group, size = np.unique(
        (template.astype(np.int64) * (int(media.max()) + 1) + media)[usable],
        return_inverse=True,
        return_counts=True,
    )[1:]
    rows = np.flatnonzero(usable)
    order = np.argsort(template[rows], kind="stable")
    counts = np.bincount(template[rows], minlength=names.size)
    return TemplateLayout(
        template_ids=names,
        starts=np.concatenate(([0], np.cumsum(counts))),
        rows=rows[order].astype(np.int32),
        share=(1.0 / size[group[order]]).astype(np.float32),
    )


def pool_templates(
    features: ArrayLike,
    layout: TemplateLayout,
    variants: Sequence[PoolingVariant] = POOLING_VARIANTS,
    *,
    mirrored: ArrayLike | None = None,
    detector: ArrayLike | None = None,
) -> dict[PoolingVariant, Matrix]:
    """Unit templates, float32 (T, D), for every variant from one pass over the features.

    ``features`` and ``mirrored`` float32 (N, D): raw network outputs of the images and of the
    mirrored images; ``detector`` float (N,): detection scores. The latter two are needed by the
    variants that use them. Rows that ``layout`` leaves out may hold anything; a template without
    images, and one whose sum is zero, is a row of zeros. A ``concat`` variant has (T, 2 D). Memory
    beyond the results does not grow with N or T. Raises DataError for features that are not finite,
    and its ZeroFeatureError for zero features whose norm is removed.
    """
    plain = _matrix("features", features)
    mirror = _matrix("mirrored features", mirrored, plain.shape) if mirrored is not None else None
    if mirror is None and any(v.flip for v in variants):
        raise DataError("a variant with a flip needs the features of the mirrored images")
    weights = variant_weights(plain, mirror, layout, variants, detector)
    size = {v: plain.shape[1] * (2 if v.concat else 1) for v in variants}
    pooled = {v: np.empty((layout.template_ids.size, size[v]), np.float32) for v in variants}
    both = [v for v in weights if v.flip]
    for first, last in _chunks(layout.starts):
        straight = [weight for weight, _ in weights.values()]
        sums = _weighted_sums(plain, layout, straight, first, last)
        parts = {variant: sums[:, number] for number, variant in enumerate(weights)}
        if mirror is not None and both:
            turned = _weighted_sums(mirror, layout, [weights[v][1] for v in both], first, last)
            for number, variant in enumerate(both):
                if variant.concat:
                    parts[variant] = np.hstack([parts[variant], turned[:, number]])
                else:
                    parts[variant] += turned[:, number]
        # Checked on the sums, which are few, not on the features, whose reading is the cost.
        if not all(np.isfinite(part).all() for part in parts.values()):
            finite_norms(plain, layout.rows)
            finite_norms(plain, layout.rows, mirror)
            raise DataError("the features are finite but their sums are not: they are too large")
        for variant, part in parts.items():
            _normalise(part)
            pooled[variant][first:last] = part
    return pooled


def media_means(
    features: ArrayLike, template_ids: ArrayLike, media_ids: ArrayLike
) -> tuple[Matrix, NDArray[Any]]:
    """Mean feature of every media of every template: float32 (M, D), and its template id (M,).

    A first stage for score fusion (:func:`softmax_fused_scores`). Raises DataError.
    """
    plain = _matrix("features", features)
    ids = same_length("template ids", template_ids, plain.shape[0])
    media = same_length("media ids", media_ids, plain.shape[0])
    names, template = np.unique(ids, return_inverse=True)
    kinds, kind = np.unique(media, return_inverse=True)
    keys, group = np.unique(template.astype(np.int64) * kinds.size + kind, return_inverse=True)
    layout = template_layout(group, group)
    finite_norms(plain, layout.rows)
    means = _weighted_sums(plain, layout, [layout.share], 0, keys.size)[:, 0]
    return means, names[keys // kinds.size]


def _matrix(name: str, values: ArrayLike, shape: tuple[int, ...] | None = None) -> Matrix:
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype.kind != "f" or (shape is not None and array.shape != shape):
        wanted = "(N, D)" if shape is None else str(shape)
        raise DataError(f"{name} must be a float {wanted} array, not {array.dtype} {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float32)


def _chunks(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of templates that hold about ``_CHUNK_IMAGES`` images each."""
    marks = np.arange(0, int(starts[-1]) + _CHUNK_IMAGES, _CHUNK_IMAGES)
    edges = np.unique(np.append(np.searchsorted(starts[:-1], marks), (0, starts.size - 1)))
    return [(int(a), int(b)) for a, b in pairwise(edges)]


def _weighted_sums(
    features: Matrix,
    layout: TemplateLayout,
    weights: Sequence[NDArray[np.float32]],
    first: int,
    last: int,
) -> Matrix:
    """Weighted sums (templates, weights, D) of the templates ``first`` to ``last``."""
    from scipy.sparse import csr_array

    begin, end = layout.starts[first], layout.starts[last]
    starts = layout.starts[first : last + 1] - begin
    count = np.diff(starts)
    # The rows of one template stand together, one a weight: its features are then read from
    # memory once and from the cache after that.
    length = np.repeat(count, len(weights))
    indptr = np.concatenate(([0], np.cumsum(length)))
    source = np.arange(indptr[-1]) - np.repeat(
        indptr[:-1] - np.repeat(starts[:-1], len(weights)), length
    )
    which = np.repeat(np.tile(np.arange(len(weights)), count.size), length)
    data = np.stack([weight[begin:end] for weight in weights])[which, source]
    matrix = csr_array(
        (data, layout.rows[begin:end][source], indptr.astype(np.int32)),
        shape=(indptr.size - 1, len(features)),
    )
    return np.asarray(matrix @ features).reshape(count.size, len(weights), features.shape[1])


def _normalise(sums: Matrix) -> None:
    """Make rows unit length; what is zero stays zero, as in insightface's script."""
    norm = row_norms(sums)
    norm[norm == 0] = 1.0
    sums /= norm[:, None]
