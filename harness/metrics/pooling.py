"""How much each image weighs in its template, and what that needs of the features' norms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import float_vector, same_length

if TYPE_CHECKING:
    from harness.metrics.templates import TemplateLayout

Matrix = NDArray[np.float32]
_Norms = tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]

_NORM_ROWS = 4096


@dataclass(frozen=True, slots=True)
class PoolingVariant:
    """One of the ways to weigh the images of a template, spelt out.

    The same letters mean opposite things in published scripts ("N1" keeps norms in one file and
    removes them in another), so :attr:`name` uses words. ``flip`` uses the mirrored image: summed
    with the image, or with ``concat`` appended to it. ``unit_views`` makes image and mirrored image
    unit length before that (AdaFace's ``average`` and ``concat``).
    """

    keep_norm: bool
    detector: bool
    flip: bool
    concat: bool = False
    unit_views: bool = False

    @property
    def name(self) -> str:
        """For example ``raw-norm+detector+flip-sum``."""
        flip = "flip-concat" if self.concat else "flip-sum"
        return "+".join(
            (
                "raw-norm" if self.keep_norm else "unit-norm",
                "detector" if self.detector else "no-detector",
                flip if self.flip else "no-flip",
                *(("unit-views",) if self.unit_views else ()),
            )
        )


class ZeroFeatureError(DataError):
    """Features without a norm whose norm is to be removed; ``rows`` int (K,) are theirs."""

    def __init__(self, rows: NDArray[Any]) -> None:
        super().__init__(f"feature row {int(rows[0])} is zero, so its norm cannot be removed")
        self.rows = rows


POOLING_VARIANTS = tuple(PoolingVariant(*cell) for cell in product((True, False), repeat=3))


def variant_weights(
    plain: Matrix,
    mirror: Matrix | None,
    layout: TemplateLayout,
    variants: Sequence[PoolingVariant],
    detector: ArrayLike | None,
) -> dict[PoolingVariant, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weights of the image and the mirrored image, for each row of ``layout.rows``, by variant."""
    rows = layout.rows
    norms: dict[tuple[bool, bool, bool, bool], _Norms] = {}
    scores = None if detector is None else _detector_scores(detector, len(plain), rows)
    weights = {}
    for variant in variants:
        weight = layout.share
        if variant.detector:
            if scores is None:
                raise DataError("a detector-weighted variant needs the detector scores")
            weight = weight * scores
        kind = (variant.keep_norm, variant.flip, variant.concat, variant.unit_views)
        if kind not in norms:
            norms[kind] = _removed_norms(plain, mirror, rows, variant)
        one, two = norms[kind]
        first = weight if one is None else weight / one
        weights[variant] = first, first if two is None or two is one else weight / two
    return weights


def _removed_norms(
    plain: Matrix, mirror: Matrix | None, rows: NDArray[np.int32], variant: PoolingVariant
) -> _Norms:
    """By what a variant divides the image's and the mirrored image's feature; None for nothing."""
    if not variant.flip:
        mirror = None
    views: _Norms = (None, None)
    fused = None
    if variant.unit_views:
        own = finite_norms(plain, rows)
        views = (own, own if mirror is None else finite_norms(mirror, rows))
        _require_norms(rows, *views)
    if not variant.keep_norm:
        fused = _fused_norms(plain, mirror, rows, variant, views)
        _require_norms(rows, fused)
    if fused is None:
        return views
    one, two = views
    if one is None or two is None:
        return fused, fused
    return one * fused, two * fused


def _fused_norms(
    plain: Matrix,
    mirror: Matrix | None,
    rows: NDArray[np.int32],
    variant: PoolingVariant,
    views: _Norms,
) -> NDArray[np.float32]:
    """Norms of the features at ``rows`` after image and mirrored image were fused."""
    one, two = views
    if mirror is None or one is None or two is None:
        if mirror is None or not variant.concat:
            norms = finite_norms(plain, rows, mirror)
            return norms if one is None else norms / one
        return np.hypot(finite_norms(plain, rows), finite_norms(mirror, rows))
    if variant.concat:
        # Two unit vectors side by side, whatever they are.
        return np.full(rows.size, np.sqrt(2.0), np.float32)
    fused = np.empty(rows.size, np.float32)
    for first in range(0, rows.size, _NORM_ROWS):
        part = slice(first, first + _NORM_ROWS)
        at = rows[part]
        fused[part] = row_norms(plain[at] / one[part, None] + mirror[at] / two[part, None])
    return fused


def _require_norms(rows: NDArray[np.int32], *norms: NDArray[np.float32] | None) -> None:
    zero = np.zeros(rows.size, np.bool_)
    for norm in norms:
        if norm is not None:
            zero |= norm == 0
    if zero.any():
        raise ZeroFeatureError(np.unique(rows[zero]))


def _detector_scores(
    detector: ArrayLike, n_images: int, rows: NDArray[np.int32]
) -> NDArray[np.float32]:
    scores = float_vector("detector scores", same_length("detector scores", detector, n_images))
    used = scores[rows].astype(np.float32)
    if not np.isfinite(used).all():
        raise DataError("the detector scores of enrolled images must be finite")
    return used


def finite_norms(
    plain: Matrix, rows: NDArray[np.int32], mirror: Matrix | None = None
) -> NDArray[np.float32]:
    """Norms of ``plain`` (plus ``mirror``) at ``rows``, finite exactly where the values are."""
    norms = np.empty(len(plain), np.float32)
    for first in range(0, len(plain), _NORM_ROWS):
        part = slice(first, first + _NORM_ROWS)
        norms[part] = row_norms(plain[part] if mirror is None else plain[part] + mirror[part])
    bad = ~np.isfinite(norms[rows])
    if bad.any():
        raise DataError(
            f"{int(bad.sum()):,} of {rows.size:,} features are not finite, the first is row "
            f"{int(rows[bad].min())}; mark images without a face as not enrolled"
        )
    return norms[rows]


def row_norms(block: Matrix) -> NDArray[np.float32]:
    """Norm of each row; squares that leave the range of float32 are summed again in float64."""
    squares = np.einsum("nd,nd->n", block, block)
    norms: NDArray[np.float32] = np.sqrt(squares)
    beyond = ~np.isfinite(squares) | (squares < np.finfo(np.float32).tiny)
    if beyond.any():
        rows = block[beyond].astype(np.float64)
        norms[beyond] = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    return norms
