"""Template pooling: the media of a template become one unit vector (IJB-A, IJB-B, IJB-C).

t_T = sum over media m in T of (1/|m|) * sum over images i in m of w_i f_i, then normalised, with
w_i = detector score (or 1), over the feature's norm if norms are not kept. f_i is the network's
output for the image, or its sum with that for the mirrored image. All of it is one sparse matrix
times the features (insightface ``eval_ijbc.py``, ``image2template_feature``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import Bools, bool_vector, float_vector, same_length

Matrix = NDArray[np.float32]

_CHUNK_IMAGES = 1 << 15  # images pooled at a time, which bounds the intermediate sums
_NORM_ROWS = 4096


@dataclass(frozen=True, slots=True)
class PoolingVariant:
    """One of the eight ways to weigh the images of a template, spelt out.

    The same letters mean opposite things in published scripts ("N1" keeps norms in one file and
    removes them in another), so :attr:`name` uses words.
    """

    keep_norm: bool
    detector: bool
    flip: bool

    @property
    def name(self) -> str:
        """For example ``raw-norm+detector+flip-sum``."""
        return "+".join(
            (
                "raw-norm" if self.keep_norm else "unit-norm",
                "detector" if self.detector else "no-detector",
                "flip-sum" if self.flip else "no-flip",
            )
        )


POOLING_VARIANTS = tuple(PoolingVariant(*cell) for cell in product((True, False), repeat=3))


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
    images is a row of zeros. Memory beyond the results does not grow with N or T. Raises DataError
    for features that are not finite, for zero features whose norm is removed, and zero templates.
    """
    plain = _matrix("features", features)
    mirror = _matrix("mirrored features", mirrored, plain.shape) if mirrored is not None else None
    if mirror is None and any(v.flip for v in variants):
        raise DataError("a flip-sum variant needs the features of the mirrored images")
    weights = _variant_weights(plain, mirror, layout, variants, detector)
    pooled = {v: np.empty((layout.template_ids.size, plain.shape[1]), np.float32) for v in variants}
    straight, both = list(weights), [v for v in weights if v.flip]
    for first, last in _chunks(layout.starts):
        sums = _weighted_sums(plain, layout, [weights[v] for v in straight], first, last)
        if mirror is not None and both:
            sums[:, [v.flip for v in straight]] += _weighted_sums(
                mirror, layout, [weights[v] for v in both], first, last
            )
        # Checked on the sums, which are few, not on the features, whose reading is the cost.
        if not np.isfinite(sums).all():
            _finite_norms(plain, layout.rows)
            _finite_norms(plain, layout.rows, mirror)
            raise DataError("the features are finite but their sums are not: they are too large")
        for number, variant in enumerate(straight):
            _normalise(sums[:, number], layout, first)
            pooled[variant][first:last] = sums[:, number]
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
    _finite_norms(plain, layout.rows)
    means = _weighted_sums(plain, layout, [layout.share], 0, keys.size)[:, 0]
    return means, names[keys // kinds.size]


def _matrix(name: str, values: ArrayLike, shape: tuple[int, ...] | None = None) -> Matrix:
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype.kind != "f" or (shape is not None and array.shape != shape):
        wanted = "(N, D)" if shape is None else str(shape)
        raise DataError(f"{name} must be a float {wanted} array, not {array.dtype} {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float32)


def _variant_weights(
    plain: Matrix,
    mirror: Matrix | None,
    layout: TemplateLayout,
    variants: Sequence[PoolingVariant],
    detector: ArrayLike | None,
) -> dict[PoolingVariant, NDArray[np.float32]]:
    """Weight of each row of ``layout.rows`` in each variant."""
    rows = layout.rows
    norms = {
        flip: _finite_norms(plain, rows, mirror if flip else None)
        for flip in {v.flip for v in variants if not v.keep_norm}
    }
    scores = None if detector is None else _detector_scores(detector, len(plain), rows)
    weights = {}
    for variant in variants:
        weight = layout.share
        if variant.detector:
            if scores is None:
                raise DataError("a detector-weighted variant needs the detector scores")
            weight = weight * scores
        if not variant.keep_norm:
            norm = norms[variant.flip]
            if not norm.all():
                row = int(rows[np.argmin(norm)])
                raise DataError(f"feature row {row} is zero, so its norm cannot be removed")
            weight = weight / norm
        weights[variant] = weight
    return weights


def _detector_scores(
    detector: ArrayLike, n_images: int, rows: NDArray[np.int32]
) -> NDArray[np.float32]:
    scores = float_vector("detector scores", same_length("detector scores", detector, n_images))
    used = scores[rows].astype(np.float32)
    if not np.isfinite(used).all():
        raise DataError("the detector scores of enrolled images must be finite")
    return used


def _finite_norms(
    plain: Matrix, rows: NDArray[np.int32], mirror: Matrix | None = None
) -> NDArray[np.float32]:
    """Norms of ``plain`` (plus ``mirror``) at ``rows``, finite exactly where the values are."""
    norms = np.empty(len(plain), np.float32)
    for first in range(0, len(plain), _NORM_ROWS):
        part = slice(first, first + _NORM_ROWS)
        norms[part] = _norms(plain[part] if mirror is None else plain[part] + mirror[part])
    bad = ~np.isfinite(norms[rows])
    if bad.any():
        raise DataError(
            f"{int(bad.sum()):,} of {rows.size:,} features are not finite, the first is row "
            f"{int(rows[bad].min())}; mark images without a face as not enrolled"
        )
    return norms[rows]


def _norms(block: Matrix) -> NDArray[np.float32]:
    """Norm of each row; squares that leave the range of float32 are summed again in float64."""
    squares = np.einsum("nd,nd->n", block, block)
    norms: NDArray[np.float32] = np.sqrt(squares)
    beyond = ~np.isfinite(squares) | (squares < np.finfo(np.float32).tiny)
    if beyond.any():
        rows = block[beyond].astype(np.float64)
        norms[beyond] = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    return norms


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


def _normalise(sums: Matrix, layout: TemplateLayout, first: int) -> None:
    norm = _norms(sums)
    enrolled = np.diff(layout.starts[first : first + len(sums) + 1]) > 0
    if not norm[enrolled].all():
        number = first + int(np.flatnonzero(enrolled & (norm == 0))[0])
        raise DataError(f"template {layout.template_ids[number]} pools to zero: check its weights")
    norm[~enrolled] = 1.0
    sums /= norm[:, None]
