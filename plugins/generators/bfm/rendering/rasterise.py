"""A z-buffer rasteriser for one face, compiled with numba; one thread, one order of sums.

Vertices are in fixed point (1/256 sample), so that the edge functions are exact integers and
neighbouring triangles neither overlap nor leave gaps (top-left rule). Back faces are dropped. Of
two triangles at equal depth the one with the smaller number owns the sample.

No fast mathematics: nothing is reordered or fused, so the bits are those of IEEE arithmetic.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

# Divisions without a branch on zero: what they divide by is never zero, and loops become vectors.
compiled: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

SUB = 256
HALF = 128
LAST = 0x7FFFFFFF


class Buffers:
    """Scratch memory of one renderer, for ``vertices``, ``triangles`` and a square of ``size``.

    ``position`` float32 (3, N): camera space, mm. ``screen`` int32 (N, 2): 1/256 samples.
    ``inverse_depth`` float32 (N,). ``attributes`` float32 (N, 8): unit normal, albedo, unused.
    ``nearest`` int64 (size, size): the bits of the inverse depth above ``LAST - triangle``, so that
    the greatest key is the nearest triangle and, among equals, the one with the smaller number; 0
    where there is nothing. See :func:`owners`.
    """

    def __init__(self, vertices: int, triangles: int, size: int) -> None:
        self.position = np.empty((3, vertices), np.float32)
        self.screen = np.empty((vertices, 2), np.int32)
        self.inverse_depth = np.empty(vertices, np.float32)
        self.attributes = np.zeros((vertices, 8), np.float32)
        self.visible = np.empty(triangles, np.int32)
        self.nearest = np.empty((size, size), np.int64)


def unsigned(triangles: Ints) -> NDArray[np.uint32]:
    """The triangles as (T, 3), of a kind that compiled code need not test for being negative."""
    return np.ascontiguousarray(triangles.T, np.int32).view(np.uint32)


@numba.njit(**compiled)
def project(points, turn, distance, scale, cx, cy, position, screen, inverse_depth):  # type: ignore[no-untyped-def]
    """Model points (3, N) to camera space, fixed-point samples and inverse depth."""
    zero = np.float32(0)
    # Few arrays a loop: with more the compiler cannot tell that they do not overlap.
    for axis, offset in ((0, zero), (1, zero), (2, distance)):
        _turned(points, turn[axis, 0], turn[axis, 1], turn[axis, 2], offset, position[axis])
    _inverted(position[2], inverse_depth)
    _placed(position, inverse_depth, scale, cx, cy, screen)


@numba.njit(**compiled)
def _turned(points, tx, ty, tz, offset, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = tx * points[0, i] + ty * points[1, i] + tz * points[2, i] - offset


@numba.njit(**compiled)
def _inverted(z, out):  # type: ignore[no-untyped-def]
    minus = np.float32(-1)
    for i in range(out.size):
        out[i] = minus / z[i]


@numba.njit(**compiled)
def _placed(position, inverse_depth, scale, cx, cy, screen):  # type: ignore[no-untyped-def]
    sub, half = np.float32(SUB), np.float32(0.5)
    for i in range(inverse_depth.size):
        w = inverse_depth[i]
        screen[i, 0] = np.int32(np.floor((position[0, i] * w * scale + cx) * sub + half))
        screen[i, 1] = np.int32(np.floor((cy - position[1, i] * w * scale) * sub + half))


@numba.njit(**compiled)
def vertex_normals(triangles, position, attributes):  # type: ignore[no-untyped-def]
    """Unit normals of the posed mesh into ``attributes[:, :3]``: cells' sums, by their area."""
    zero, one, tiny = np.float32(0), np.float32(1), np.float32(1e-12)
    for i in range(attributes.shape[0]):
        attributes[i, 0] = zero
        attributes[i, 1] = zero
        attributes[i, 2] = zero
    for k in range(triangles.shape[0]):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        ax, ay, az = position[0, a], position[1, a], position[2, a]
        ux, uy, uz = position[0, b] - ax, position[1, b] - ay, position[2, b] - az
        vx, vy, vz = position[0, c] - ax, position[1, c] - ay, position[2, c] - az
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        attributes[a, 0] += nx
        attributes[a, 1] += ny
        attributes[a, 2] += nz
        attributes[b, 0] += nx
        attributes[b, 1] += ny
        attributes[b, 2] += nz
        attributes[c, 0] += nx
        attributes[c, 1] += ny
        attributes[c, 2] += nz
    for i in range(attributes.shape[0]):
        x, y, z = attributes[i, 0], attributes[i, 1], attributes[i, 2]
        s = one / np.sqrt(x * x + y * y + z * z + tiny)
        attributes[i, 0] = x * s
        attributes[i, 1] = y * s
        attributes[i, 2] = z * s


@numba.njit(**compiled)
def colour_vertices(albedo, attributes):  # type: ignore[no-untyped-def]
    """Copy ``albedo`` (3, N) beside the normals, where one access finds both."""
    for i in range(attributes.shape[0]):
        attributes[i, 3] = albedo[0, i]
        attributes[i, 4] = albedo[1, i]
        attributes[i, 5] = albedo[2, i]


@numba.njit(inline="always", **compiled)
def _span(a, b, c, limit):  # type: ignore[no-untyped-def]
    """First and last sample whose centre is between the least and the greatest coordinate."""
    low = min(a, min(b, c))
    high = max(a, max(b, c))
    return max((low + (HALF - 1)) >> 8, 0), min((high - HALF) >> 8, limit)


@numba.njit(**compiled)
def cull(triangles, screen, size, visible):  # type: ignore[no-untyped-def]
    """Write the triangles that face the camera and can cover a sample; return how many."""
    count = np.int64(0)
    for k in range(triangles.shape[0]):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        x0, x1, x2 = screen[a, 0], screen[b, 0], screen[c, 0]
        y0, y1, y2 = screen[a, 1], screen[b, 1], screen[c, 1]
        left, right = _span(x0, x1, x2, size - 1)
        top, bottom = _span(y0, y1, y2, size - 1)
        area = np.int64(x1 - x0) * np.int64(y2 - y0) - np.int64(x2 - x0) * np.int64(y1 - y0)
        visible[count] = k
        # Without a branch: about half of all triangles fail, in no order a CPU can predict.
        count += np.int64((area < 0) & (left <= right) & (top <= bottom))
    return count


@numba.njit(inline="always", **compiled)
def _bias(dx, dy):  # type: ignore[no-untyped-def]
    """0 on top and left edges, which own their samples, else 1."""
    return 0 if (dx > 0 or (dx == 0 and dy > 0)) else 1


@numba.njit(**compiled)
def fill(triangles, visible, count, screen, inverse_depth, nearest):  # type: ignore[no-untyped-def]
    """Z-buffer: ``nearest`` gets the key of the nearest triangle of every sample, see Buffers."""
    size = nearest.shape[0]
    nearest[:] = 0
    for n in range(count):
        k = visible[n]
        t = np.uint32(k)
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, x1, x2 = np.int64(screen[a, 0]), np.int64(screen[b, 0]), np.int64(screen[c, 0])
        y0, y1, y2 = np.int64(screen[a, 1]), np.int64(screen[b, 1]), np.int64(screen[c, 1])
        left, right = _span(x0, x1, x2, size - 1)
        top, bottom = _span(y0, y1, y2, size - 1)
        ax, ay, bx, by = y2 - y1, x1 - x2, y0 - y2, x2 - x0
        cx, cy = y1 - y0, x0 - x1
        ia, ib, ic = _bias(ax, ay), _bias(bx, by), _bias(cx, cy)
        px, py = (left << 8) + HALF, (top << 8) + HALF
        ea = ax * (px - x1) + ay * (py - y1)
        eb = bx * (px - x2) + by * (py - y2)
        ec = cx * (px - x0) + cy * (py - y0)
        ax, bx, cx, ay, by, cy = ax << 8, bx << 8, cx << 8, ay << 8, by << 8, cy << 8
        inverse = np.float32(1) / np.float32(ea + eb + ec)
        za, zb = inverse_depth[a] * inverse, inverse_depth[b] * inverse
        zc = inverse_depth[c] * inverse
        # Inverse depth is a plane over the screen: its value at the first sample, and its slopes.
        start = za * np.float32(ea) + zb * np.float32(eb) + zc * np.float32(ec)
        slope_x = za * np.float32(ax) + zb * np.float32(bx) + zc * np.float32(cx)
        slope_y = za * np.float32(ay) + zb * np.float32(by) + zc * np.float32(cy)
        low = np.int64(LAST - k)
        ea, eb, ec = ea - ia, eb - ib, ec - ic
        for row in range(bottom + 1 - top):
            fa, fb, fc = ea, eb, ec
            here = start + slope_y * np.float32(row)
            i = np.uint64(top + row)
            for column in range(right + 1 - left):
                if (fa | fb | fc) >= 0:
                    near = np.float32(here + slope_x * np.float32(column))
                    j = np.uint64(left + column)
                    key = (np.int64(near.view(np.int32)) << 32) | low
                    nearest[i, j] = max(nearest[i, j], key)
                fa += ax
                fb += bx
                fc += cx
            ea += ay
            eb += by
            ec += cy


def owners(nearest: NDArray[np.int64]) -> Ints:
    """The triangle of each sample, -1 where there is none, from the keys of ``fill``."""
    found = np.where(nearest > 0, LAST - (nearest & LAST), -1)
    return found.astype(np.int32)


def inverse_depths(nearest: NDArray[np.int64]) -> Floats:
    """The inverse depth of each sample in 1/mm, 0 where there is nothing."""
    return (nearest >> 32).astype(np.int32).view(np.float32)
