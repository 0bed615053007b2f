"""Lambertian shading with second-order spherical harmonics (9 coefficients per channel).

Index i = l^2 + l + m over the real orthonormal basis on unit normals (x, y, z) in world space; the
light stays put when the head turns. Radiance = sum A_l Y_i(n) L_i, pixel = albedo * radiance.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

Y0 = 0.28209479177387814
Y1 = 0.4886025119029199
Y2 = 1.0925484305920792
Y20 = 0.31539156525252005
Y22 = 0.5462742152960396
KERNEL = np.array([np.pi] + 3 * [2 * np.pi / 3] + 5 * [np.pi / 4])
"""Cosine-lobe factor A_l of each coefficient."""


def basis(normals: Doubles) -> Doubles:
    """The nine basis functions on unit normals (..., 3), float64 (..., 9)."""
    x, y, z = np.moveaxis(np.asarray(normals, np.float64), -1, 0)
    return np.stack(
        [
            np.full_like(x, Y0),
            Y1 * y,
            Y1 * z,
            Y1 * x,
            Y2 * x * y,
            Y2 * y * z,
            Y20 * (2 * z * z - x * x - y * y),
            Y2 * z * x,
            Y22 * (x * x - y * y),
        ],
        axis=-1,
    )


def radiance(normals: Doubles, light: Doubles) -> Doubles:
    """Radiance (..., 3) on unit normals (..., 3) under ``light`` (9, 3)."""
    out: Doubles = np.einsum("...i,ic->...c", basis(normals), KERNEL[:, None] * light)
    return out


def polynomial(light: Doubles) -> NDArray[np.float32]:
    """``light`` (9, 3) as factors of 1, y, z, x, xy, yz, 3zz - 1, xz, xx - yy: float32 (9, 3)."""
    constants = np.array([Y0, Y1, Y1, Y1, Y2, Y2, Y20, Y2, Y22])
    factors = (KERNEL * constants)[:, None] * light
    single: NDArray[np.float32] = factors.astype(np.float32)
    return single


@numba.njit(cache=True, nogil=True, inline="always")
def shade(factors, channel, x, y, z):  # type: ignore[no-untyped-def]
    """Radiance of one channel on the unit normal (x, y, z); see :func:`polynomial`."""
    one = np.float32(1.0)
    three = np.float32(3.0)
    return (
        factors[0, channel]
        + factors[1, channel] * y
        + factors[2, channel] * z
        + factors[3, channel] * x
        + factors[4, channel] * x * y
        + factors[5, channel] * y * z
        + factors[6, channel] * (three * z * z - one)
        + factors[7, channel] * x * z
        + factors[8, channel] * (x * x - y * y)
    )
