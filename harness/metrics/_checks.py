"""Checks of the arrays that metrics take; each error names the array and counts the bad entries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Index = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]


def float_vector(name: str, values: ArrayLike) -> Floats:
    """Return ``values`` as a 1-D float32 or float64 array; any other number type is widened."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise DataError(f"{name} must be a 1-D array, not one of shape {array.shape}")
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    raise DataError(f"{name} must hold real numbers, not {array.dtype}")


def same_length(name: str, values: ArrayLike, length: int) -> NDArray[Any]:
    """Return ``values`` as an array whose first axis has ``length`` entries."""
    array = np.asarray(values)
    if array.ndim == 0 or array.shape[0] != length:
        raise DataError(f"{name} has shape {array.shape}; {length:,} entries are needed")
    return array


def bool_vector(name: str, values: ArrayLike, length: int) -> Bools:
    """Return ``values`` as a bool (length,) array; integers must be 0 or 1."""
    array = same_length(name, values, length)
    if array.ndim != 1:
        raise DataError(f"{name} must be a 1-D array, not one of shape {array.shape}")
    if array.dtype == np.bool_:
        return array
    if array.dtype.kind in "iu" and np.isin(array, (0, 1)).all():
        return array.astype(np.bool_)
    raise DataError(f"{name} must hold booleans, not {array.dtype}")


def int_vector(name: str, values: ArrayLike, length: int) -> Index:
    """Return ``values`` as a 1-D integer array of ``length`` entries."""
    array = same_length(name, values, length)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError(f"{name} must be a 1-D array of integers, not {array.dtype} {array.shape}")
    return array


def index_vector(name: str, values: ArrayLike, length: int, size: int) -> Index:
    """Return ``values`` as a 1-D array of ``length`` row numbers below ``size``."""
    array = int_vector(name, values, length)
    if length and (int(array.min()) < 0 or int(array.max()) >= size):
        raise DataError(f"{name} must be in 0..{size - 1}; it spans {array.min()}..{array.max()}")
    return array


def feature_matrix(name: str, values: ArrayLike) -> NDArray[np.float32]:
    """Return ``values`` as a finite float32 (N, D) array with at least one row."""
    return finite_rows(name, values).astype(np.float32, copy=False)


def finite_rows(name: str, values: ArrayLike) -> Floats:
    """Return ``values`` as a finite float32 or float64 (N, D) array with at least one row."""
    array = np.asarray(values)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind != "f":
        raise DataError(f"{name} must be a float (N, D) array, not {array.dtype} {array.shape}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    # A row's sum of squares is finite exactly when all its entries are (up to overflow, which is
    # no embedding either); unlike isfinite it needs no array of the full size.
    bad = ~np.isfinite(np.einsum("nd,nd->n", array, array))
    if bad.any():
        raise DataError(
            f"{name}: {int(bad.sum()):,} of {array.shape[0]:,} rows are not finite, "
            f"the first is row {int(np.argmax(bad))}"
        )
    return array


def check_level(level: float) -> None:
    """Raise ValueError unless ``level`` is a confidence level strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"confidence level must be between 0 and 1, not {level}")
