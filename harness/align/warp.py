"""The similarity that carries five landmarks onto a template, and the warp it defines.

A template may ask for another fit than least squares, see :mod:`harness.align.cp2tform`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import cv2
import numpy as np

from harness.align.cp2tform import cp2tform
from harness.align.templates import find_template, template_points
from harness.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.components import InputSpec

MIN_SPREAD_PX = 1.0
"""Landmarks closer together than this (root mean square from their mean) define no face."""


def spread(points: NDArray[Any]) -> NDArray[np.float64]:
    """Root mean square distance of points (..., 5, 2) from their mean, float64 (...), in pixels."""
    points = np.asarray(points, dtype=np.float64)
    centred = points - points.mean(axis=-2, keepdims=True)
    return np.asarray(np.sqrt(np.square(centred).sum(axis=-1).mean(axis=-1)))


def unusable(points: NDArray[Any]) -> str:
    """Why five points (5, 2) cannot place a face; empty when they can."""
    if not np.isfinite(points).all():
        return "landmarks are not finite"
    if spread(points) < MIN_SPREAD_PX:
        return "landmarks coincide"
    return ""


def similarity(points: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
    """Least-squares similarity from points (..., 5, 2) to target (5, 2), float64 (..., 2, 3).

    Rotation, one scale and translation, never a reflection (Umeyama 1991). With points written as
    complex numbers the map is z -> a z + b, and a is a ratio of two sums. Raises DataError when
    points are not finite, coincide, or are arranged so that no similarity fits (a = 0).
    """
    source = np.asarray(points, dtype=np.float64)
    if not np.isfinite(source).all():
        _refuse(source)
    z = source[..., 0] + 1j * source[..., 1]
    w = np.asarray(target, dtype=np.float64) @ np.array([1.0, 1j])
    z_mean = z.mean(axis=-1, keepdims=True)
    w_mean = w.mean()
    z_centred = z - z_mean
    power = np.square(np.abs(z_centred)).sum(axis=-1)
    if (power < 5 * MIN_SPREAD_PX**2).any():
        _refuse(source)
    a = (z_centred.conj() * (w - w_mean)).sum(axis=-1) / power
    if (np.abs(a) * np.sqrt(power) < 1e-6).any():
        raise DataError("landmarks fit the template in no orientation: check their order")
    b = w_mean - a * z_mean[..., 0]
    rows = np.stack([a.real, -a.imag, b.real, a.imag, a.real, b.imag], axis=-1)
    return np.asarray(rows.reshape(*a.shape, 2, 3))


def _refuse(points: NDArray[np.float64]) -> NoReturn:
    reasons = filter(None, (unusable(face) for face in points.reshape(-1, 5, 2)))
    raise DataError(f"a face cannot be aligned: {next(reasons, 'landmarks coincide')}")


@lru_cache(maxsize=32)
def _target(spec: InputSpec) -> NDArray[np.float32]:
    return template_points(spec.template, spec.width, spec.height)


def fitted(points: NDArray[Any], spec: InputSpec) -> NDArray[np.float64]:
    """The map from five points (5, 2) to the template of ``spec`` by its own fit, (2, 3).

    Raises DataError as :func:`similarity` does.
    """
    fit = find_template(spec.template).fit
    if fit == "least-squares":
        return similarity(points, _target(spec))
    if unusable(points):
        _refuse(np.asarray(points, dtype=np.float64))
    return cp2tform(points, _target(spec), "better" if fit == "cp2tform" else "adaface")


def warp(image: NDArray[np.uint8], points: NDArray[Any], spec: InputSpec) -> NDArray[np.uint8]:
    """Warp uint8 RGB (H, W, 3) so that five points (5, 2) meet the template of ``spec``.

    Returns uint8 RGB (spec.height, spec.width, 3): plain bilinear interpolation with a black
    border, as the published evaluations do, also when the face is much larger than the crop. An
    image that already follows the template at this size comes back unchanged, bit for bit.
    Raises DataError as :func:`similarity` does.
    """
    matrix = fitted(points, spec)
    size = (spec.width, spec.height)
    if image.shape[:2] == size[::-1] and np.abs(matrix - np.eye(2, 3)).max() < 1e-6:
        return image.copy()
    flat = cv2.warpAffine(
        np.ascontiguousarray(image),
        matrix,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0),
    )
    return np.asarray(flat, dtype=np.uint8)
