"""A z-buffer rasteriser for one face, compiled with numba; one thread, one order of sums.

Vertices are in fixed point (1/256 pixel), so that the edge functions are exact integers and
neighbouring triangles neither overlap nor leave gaps (top-left rule). Back faces are dropped.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from .shading import shade

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_SUB = 256
_HALF = 128


class Buffers:
    """Scratch memory of one renderer, for ``vertices``, ``triangles`` and a square of ``size``."""

    def __init__(self, vertices: int, triangles: int, size: int) -> None:
        self.position = np.empty((3, vertices), np.float32)
        self.screen = np.empty((2, vertices), np.int32)
        self.inverse_depth = np.empty(vertices, np.float32)
        self.normal = np.empty((vertices, 3), np.float32)
        self.visible = np.empty(triangles, np.int32)
        self.depth = np.empty((size, size), np.float32)
        self.owner = np.empty((size, size), np.int32)


@numba.njit(cache=True, nogil=True)
def project(points, turn, distance, scale, cx, cy, position, screen, inverse_depth):  # type: ignore[no-untyped-def]
    """Model points (3, N) to camera space, fixed-point pixels and inverse depth."""
    sub = np.float32(_SUB)
    half = np.float32(0.5)
    for i in range(points.shape[1]):
        a, b, c = points[0, i], points[1, i], points[2, i]
        x = turn[0, 0] * a + turn[0, 1] * b + turn[0, 2] * c
        y = turn[1, 0] * a + turn[1, 1] * b + turn[1, 2] * c
        z = turn[2, 0] * a + turn[2, 1] * b + turn[2, 2] * c - distance
        position[0, i] = x
        position[1, i] = y
        position[2, i] = z
        w = np.float32(-1.0) / z
        inverse_depth[i] = w
        screen[0, i] = np.int32(np.floor((x * w * scale + cx) * sub + half))
        screen[1, i] = np.int32(np.floor((cy - y * w * scale) * sub + half))


@numba.njit(cache=True, nogil=True)
def vertex_normals(triangles, position, normal):  # type: ignore[no-untyped-def]
    """Unit normals (N, 3) of the posed mesh: sums over adjacent cells, weighted by area."""
    normal[:] = np.float32(0)
    for k in range(triangles.shape[1]):
        a, b, c = triangles[0, k], triangles[1, k], triangles[2, k]
        ux = position[0, b] - position[0, a]
        uy = position[1, b] - position[1, a]
        uz = position[2, b] - position[2, a]
        vx = position[0, c] - position[0, a]
        vy = position[1, c] - position[1, a]
        vz = position[2, c] - position[2, a]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for vertex in (a, b, c):
            normal[vertex, 0] += nx
            normal[vertex, 1] += ny
            normal[vertex, 2] += nz
    tiny = np.float32(1e-12)
    for i in range(normal.shape[0]):
        x, y, z = normal[i, 0], normal[i, 1], normal[i, 2]
        s = np.float32(1) / np.sqrt(x * x + y * y + z * z + tiny)
        normal[i, 0] = x * s
        normal[i, 1] = y * s
        normal[i, 2] = z * s


@numba.njit(cache=True, nogil=True, inline="always")
def _span(a, b, c, limit):  # type: ignore[no-untyped-def]
    """First and last pixel whose centre lies between the least and the greatest coordinate."""
    low = min(a, min(b, c))
    high = max(a, max(b, c))
    return max((low + (_HALF - 1)) >> 8, 0), min((high - _HALF) >> 8, limit)


@numba.njit(cache=True, nogil=True)
def cull(triangles, screen, size, visible):  # type: ignore[no-untyped-def]
    """Write the triangles that face the camera and can cover a pixel; return how many."""
    count = 0
    for k in range(triangles.shape[1]):
        a, b, c = triangles[0, k], triangles[1, k], triangles[2, k]
        x0, x1, x2 = screen[0, a], screen[0, b], screen[0, c]
        y0, y1, y2 = screen[1, a], screen[1, b], screen[1, c]
        left, right = _span(x0, x1, x2, size - 1)
        top, bottom = _span(y0, y1, y2, size - 1)
        area = np.int64(x1 - x0) * np.int64(y2 - y0) - np.int64(x2 - x0) * np.int64(y1 - y0)
        visible[count] = k
        # Without a branch: about half of all triangles fail, in no order a CPU can predict.
        count += np.int64((area < 0) & (left <= right) & (top <= bottom))
    return count


@numba.njit(cache=True, nogil=True, inline="always")
def _bias(dx, dy):  # type: ignore[no-untyped-def]
    """0 on top and left edges, which own their pixels, else 1."""
    return 0 if (dx > 0 or (dx == 0 and dy > 0)) else 1


@numba.njit(cache=True, nogil=True)
def fill(triangles, visible, count, screen, inverse_depth, depth, owner):  # type: ignore[no-untyped-def]
    """Z-buffer: ``owner`` gets the nearest triangle of every pixel, -1 where there is none."""
    size = depth.shape[0]
    depth[:] = np.float32(0)
    owner[:] = -1
    for j in range(count):
        k = visible[j]
        a, b, c = triangles[0, k], triangles[1, k], triangles[2, k]
        x0, x1, x2 = np.int64(screen[0, a]), np.int64(screen[0, b]), np.int64(screen[0, c])
        y0, y1, y2 = np.int64(screen[1, a]), np.int64(screen[1, b]), np.int64(screen[1, c])
        left, right = _span(x0, x1, x2, size - 1)
        top, bottom = _span(y0, y1, y2, size - 1)
        ax, ay, bx, by = y2 - y1, x1 - x2, y0 - y2, x2 - x0
        cx, cy = y1 - y0, x0 - x1
        ia, ib, ic = _bias(ax, ay), _bias(bx, by), _bias(cx, cy)
        px, py = (left << 8) + _HALF, (top << 8) + _HALF
        ea = ax * (px - x1) + ay * (py - y1) - ia
        eb = bx * (px - x2) + by * (py - y2) - ib
        ec = cx * (px - x0) + cy * (py - y0) - ic
        inverse = np.float32(1) / np.float32(ea + eb + ec + ia + ib + ic)
        za, zb = inverse_depth[a] * inverse, inverse_depth[b] * inverse
        zc = inverse_depth[c] * inverse
        for row in range(top, bottom + 1):
            fa, fb, fc = ea, eb, ec
            for column in range(left, right + 1):
                if (fa | fb | fc) >= 0:
                    near = (
                        za * np.float32(fa + ia)
                        + zb * np.float32(fb + ib)
                        + zc * np.float32(fc + ic)
                    )
                    if near > depth[row, column]:
                        depth[row, column] = near
                        owner[row, column] = k
                fa += ax << 8
                fb += bx << 8
                fc += cx << 8
            ea += ay << 8
            eb += by << 8
            ec += cy << 8


@numba.njit(cache=True, nogil=True)
def paint(triangles, owner, screen, inverse_depth, normal, albedo, factors, image):  # type: ignore[no-untyped-def]
    """Shade every owned pixel of ``image`` (size, size, 3) float32 in place; 0..1, not clamped.

    Normals and albedo (3, N) are interpolated with correction for perspective; normals are made
    unit length again for each pixel.
    """
    size = owner.shape[0]
    tiny = np.float32(1e-12)
    one = np.float32(1)
    for row in range(size):
        for column in range(size):
            k = owner[row, column]
            if k < 0:
                continue
            a, b, c = triangles[0, k], triangles[1, k], triangles[2, k]
            px, py = (column << 8) + _HALF, (row << 8) + _HALF
            xa, xb, xc = screen[0, a], screen[0, b], screen[0, c]
            ya, yb, yc = screen[1, a], screen[1, b], screen[1, c]
            wa = np.float32((yc - yb) * (px - xb) + (xb - xc) * (py - yb)) * inverse_depth[a]
            wb = np.float32((ya - yc) * (px - xc) + (xc - xa) * (py - yc)) * inverse_depth[b]
            wc = np.float32((yb - ya) * (px - xa) + (xa - xb) * (py - ya)) * inverse_depth[c]
            s = one / (wa + wb + wc)
            wa, wb, wc = wa * s, wb * s, wc * s
            x = wa * normal[a, 0] + wb * normal[b, 0] + wc * normal[c, 0]
            y = wa * normal[a, 1] + wb * normal[b, 1] + wc * normal[c, 1]
            z = wa * normal[a, 2] + wb * normal[b, 2] + wc * normal[c, 2]
            s = one / np.sqrt(x * x + y * y + z * z + tiny)
            x, y, z = x * s, y * s, z * s
            for channel in range(3):
                colour = wa * albedo[channel, a] + wb * albedo[channel, b] + wc * albedo[channel, c]
                image[row, column, channel] = colour * shade(factors, channel, x, y, z)


@numba.njit(cache=True, nogil=True)
def to_bytes(image, step, out):  # type: ignore[no-untyped-def]
    """Mean over ``step`` x ``step`` pixels, clamped to 0..1, as uint8 by rounding."""
    zero, one, half = np.float32(0), np.float32(1), np.float32(0.5)
    scale = np.float32(255.0 / (step * step))
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            for channel in range(3):
                total = zero
                for i in range(step):
                    for j in range(step):
                        value = image[row * step + i, column * step + j, channel]
                        total += min(max(value, zero), one)
                out[row, column, channel] = np.uint8(total * scale + half)
