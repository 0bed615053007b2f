"""From owned samples to pixels: interpolate, shade once per pixel, blend with the background.

Coverage has ``step`` x ``step`` samples a pixel. The normals and albedos of a pixel's covered
samples are averaged and shaded once; the share of covered samples blends the shaded colour with
the background. With one sample per pixel this is plain shading of every pixel.
"""

from __future__ import annotations

import numba
import numpy as np

from .rasterise import HALF, LAST, SUB, compiled
from .shading import shade


class Pixels:
    """Scratch memory for an image of ``size`` x ``size`` pixels of ``step`` x ``step`` samples.

    A run is consecutive samples of one pixel owned by one triangle: ``runs`` int32 (count, 5) holds
    its triangle, pixel, length and the sums of its samples' x and y. A pixel of ``sums`` float32
    (6, pixels) holds normal and albedo summed over samples, later the colour in rows 3 to 5;
    ``place`` int32 is row * size + column and ``covered`` uint8 the number of owned samples.
    """

    def __init__(self, size: int, step: int) -> None:
        pixels = size * size
        self.runs = np.empty((pixels * step * step + 1, 5), np.int32)
        self.sums = np.empty((6, pixels + 1), np.float32)
        self.place = np.empty(pixels + 1, np.int32)
        self.covered = np.empty(pixels + 1, np.uint8)


@numba.njit(inline="always", **compiled)
def _any(nearest, row, column, step):  # type: ignore[no-untyped-def]
    found = np.int64(0)
    for i in range(row * step, row * step + step):
        for j in range(column * step, column * step + step):
            found |= nearest[np.uint64(i), np.uint64(j)]
    return found > 0


@numba.njit(**compiled)
def find_runs(nearest, step, runs, place, covered):  # type: ignore[no-untyped-def]
    """List the covered pixels and their runs; return how many of each."""
    size = nearest.shape[0] // step
    pixels, count = np.int64(0), np.int64(0)
    for row in range(size):
        for column in range(size):
            if not _any(nearest, row, column, step):
                continue
            none = np.int64(0)
            total, last, length, px, py = none, np.int64(-1), none, none, none
            for i in range(row * step, row * step + step):
                for j in range(column * step, column * step + step):
                    key = nearest[np.uint64(i), np.uint64(j)]
                    owned = np.int64(key > 0)
                    k = owned * (LAST - (key & LAST) + 1) - 1
                    same = np.int64(k == last)
                    count += owned * (1 - same)
                    length, px, py = length * same + 1, px * same + j, py * same + i
                    at = np.uint64(count - owned)  # an empty sample writes where the next run will
                    runs[at, 0] = k
                    runs[at, 1] = pixels
                    runs[at, 2] = length
                    runs[at, 3] = px
                    runs[at, 4] = py
                    total += owned
                    last = k
            at = np.uint64(pixels)
            place[at] = row * size + column
            covered[at] = total
            pixels += 1
    return pixels, count


@numba.njit(**compiled)
def interpolate(triangles, runs, count, screen, inverse_depth, attributes, sums):  # type: ignore[no-untyped-def]
    """Add each run's normal and albedo to its pixel; corrected for perspective.

    A run counts its length times, at the mean place of its samples.
    """
    sub, half = np.int64(SUB), np.int64(HALF)
    for n in range(count):
        t, at, length = np.uint32(runs[n, 0]), np.uint32(runs[n, 1]), np.int64(runs[n, 2])
        px, py = sub * runs[n, 3] + half * length, sub * runs[n, 4] + half * length
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        xa, xb, xc = np.int64(screen[a, 0]), np.int64(screen[b, 0]), np.int64(screen[c, 0])
        ya, yb, yc = np.int64(screen[a, 1]), np.int64(screen[b, 1]), np.int64(screen[c, 1])
        ax, ay, bx, by = px - length * xa, py - length * ya, px - length * xb, py - length * yb
        cx, cy = px - length * xc, py - length * yc
        wa = np.float32((yc - yb) * bx + (xb - xc) * by) * inverse_depth[a]
        wb = np.float32((ya - yc) * cx + (xc - xa) * cy) * inverse_depth[b]
        wc = np.float32((yb - ya) * ax + (xa - xb) * ay) * inverse_depth[c]
        s = np.float32(length) / (wa + wb + wc)
        wa, wb, wc = wa * s, wb * s, wc * s
        for i in range(6):
            sums[i, at] += wa * attributes[a, i] + wb * attributes[b, i] + wc * attributes[c, i]


@numba.njit(**compiled)
def light(sums, covered, count, factors):  # type: ignore[no-untyped-def]
    """Replace the summed albedo of ``count`` pixels by shaded colour, the mean over samples.

    ``factors`` are those of :func:`.shading.polynomial`.
    """
    one, tiny = np.float32(1), np.float32(1e-12)
    for i in range(count):
        x, y, z = sums[0, i], sums[1, i], sums[2, i]
        s = one / np.sqrt(x * x + y * y + z * z + tiny)
        x, y, z = x * s, y * s, z * s
        share = one / np.float32(covered[i])
        sums[3, i] *= share * shade(factors, 0, x, y, z)
        sums[4, i] *= share * shade(factors, 1, x, y, z)
        sums[5, i] *= share * shade(factors, 2, x, y, z)


@numba.njit(**compiled)
def shade_pixels(  # type: ignore[no-untyped-def]
    triangles,
    nearest,
    step,
    screen,
    inverse_depth,
    attributes,
    factors,
    runs,
    place,
    covered,
    sums,
):
    """Find, interpolate and light the covered pixels; return how many. One call instead of many."""
    pixels, count = find_runs(nearest, step, runs, place, covered)
    for i in range(6):
        sums[i, :pixels] = np.float32(0)
    interpolate(triangles, runs, count, screen, inverse_depth, attributes, sums)
    light(sums, covered, pixels, factors)
    return pixels


@numba.njit(**compiled)
def transform(colours, count, mixing, offset):  # type: ignore[no-untyped-def]
    """Colours (3, count) in place to ``mixing @ colour + offset``."""
    for i in range(count):
        r, g, b = colours[0, i], colours[1, i], colours[2, i]
        for channel in range(3):
            colours[channel, i] = (
                mixing[channel, 0] * r
                + mixing[channel, 1] * g
                + mixing[channel, 2] * b
                + offset[channel]
            )


@numba.njit(**compiled)
def blend(sums, place, covered, count, samples, rounding, image):  # type: ignore[no-untyped-def]
    """Put the pixels over ``image`` uint8 (size, size, 3) by their share of samples.

    ``rounding`` is 0.5 for the nearest of 256 levels, 0 for truncation.
    """
    zero, full = np.float32(0), np.float32(255)
    flat = image.reshape(-1)
    for i in range(count):
        share = np.float32(covered[i]) / np.float32(samples)
        rest = np.float32(1) - share
        for channel in range(3):
            value = sums[3 + channel, i] * full
            value = value if value > zero else zero
            value = value if value < full else full
            at = np.uint32(3 * place[i] + channel)
            flat[at] = np.uint8(share * value + rest * np.float32(flat[at]) + rounding)
