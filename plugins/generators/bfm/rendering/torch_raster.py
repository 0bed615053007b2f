"""The rasteriser for batches of faces in torch: the rules of :mod:`.rasterise`, no Python loop.

Every step is elementwise in the same order as there, or a maximum of integers, which has no order:
coverage, owners and depths are those of the CPU, bit by bit, on any device with IEEE arithmetic.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .rasterise import HALF, LAST, SUB


class Mesh:
    """The cells of one model on a device: ``cells`` int64 (3, T) and each vertex's cells.

    ``ring`` int64 (K, N) lists the cells around each vertex in ascending order; T stands for none.
    """

    def __init__(self, triangles: NDArray[np.int32], vertices: int, device: torch.device) -> None:
        count = triangles.shape[1]
        corner = triangles.T.reshape(-1)
        order = np.argsort(corner, kind="stable")
        valence = np.bincount(corner, minlength=vertices)
        first = np.repeat(np.cumsum(valence) - valence, valence)
        ring = np.full((max(int(valence.max()), 1), vertices), count, np.int64)
        ring[np.arange(len(order)) - first, corner[order]] = order // 3
        self.cells = torch.from_numpy(triangles.astype(np.int64)).to(device)
        self.ring = torch.from_numpy(ring).to(device)


def project(points: Tensor, turn: Tensor, distance: float, frame: Tensor) -> tuple[Tensor, ...]:
    """Points (B, 3, N) under ``turn`` (B, 3, 3) and ``frame`` (B, 3): scale, cx, cy in samples.

    Returns position (B, 3, N), screen int32 (B, 2, N) and inverse depth (B, N).
    """
    a, b, c = points.unbind(1)
    t = turn[..., None]
    x, y, z = (t[:, i, 0] * a + t[:, i, 1] * b + t[:, i, 2] * c for i in range(3))
    z = z - distance
    w = -1.0 / z
    scale, cx, cy = (frame[:, i, None] for i in range(3))
    right = torch.floor((x * w * scale + cx) * SUB + 0.5)
    down = torch.floor((cy - y * w * scale) * SUB + 0.5)
    return torch.stack([x, y, z], 1), torch.stack([right, down], 1).to(torch.int32), w


def vertex_normals(position: Tensor, mesh: Mesh) -> Tensor:
    """Unit normals (B, 3, N) of meshes (B, 3, N): sums over cells in ascending order."""
    corners = [position[:, :, mesh.cells[i]].unbind(1) for i in range(3)]
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    cell = torch.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], 1)
    cell = torch.cat([cell, cell.new_zeros(*cell.shape[:2], 1)], 2)
    total = torch.zeros_like(position)
    for row in mesh.ring:
        total = total + cell[:, :, row]
    return unit(total)


def unit(vectors: Tensor) -> Tensor:
    """Vectors (B, 3, ...) of length one."""
    x, y, z = vectors.unbind(1)
    square = x * x + y * y + z * z + 1e-12
    # In double: torch's square root of float32 is not always the nearest number.
    root = torch.sqrt(square.to(torch.float64)).to(torch.float32)
    return vectors * (1.0 / root)[:, None]


def cover(screen: Tensor, inverse_depth: Tensor, mesh: Mesh, size: int) -> Tensor:
    """Keys of the nearest triangle of each sample, int64 (B, size, size); as ``rasterise.fill``.

    Of two triangles at equal inverse depth the one with the smaller number owns the sample.
    """
    image, triangle = _candidates(screen, mesh, size)
    corner = mesh.cells[:, triangle]
    x0, x1, x2 = screen[image, 0, corner].to(torch.int64)
    y0, y1, y2 = screen[image, 1, corner].to(torch.int64)
    left, right = _span(x0, x1, x2, size)
    top, bottom = _span(y0, y1, y2, size)
    slopes_x = torch.stack([y2 - y1, y0 - y2, y1 - y0])
    slopes_y = torch.stack([x1 - x2, x2 - x0, x0 - x1])
    px, py = left * SUB + HALF, top * SUB + HALF
    edges = slopes_x * (px - torch.stack([x1, x2, x0]))
    edges = edges + slopes_y * (py - torch.stack([y1, y2, y0]))
    bias = (~((slopes_x > 0) | ((slopes_x == 0) & (slopes_y > 0)))).to(torch.int64)
    inverse = 1.0 / edges.sum(0).to(torch.float32)
    slopes_x, slopes_y = slopes_x * SUB, slopes_y * SUB
    weight = inverse_depth[image, corner] * inverse
    start, across, down = (_mix(weight, part) for part in (edges, slopes_x, slopes_y))
    # One entry per sample of each triangle's box.
    width = right - left + 1
    area = width * (bottom - top + 1)
    own = torch.repeat_interleave(area)
    number = torch.arange(len(own), device=own.device) - (torch.cumsum(area, 0) - area)[own]
    row = torch.div(number, width[own], rounding_mode="floor")
    column = number - row * width[own]
    inside = torch.ones_like(own, dtype=torch.bool)
    for edge, sx, sy in zip(edges - bias, slopes_x, slopes_y, strict=True):
        inside &= edge[own] + sx[own] * column + sy[own] * row >= 0
    own, row, column = own[inside], row[inside], column[inside]
    near = start[own] + down[own] * row.to(torch.float32)
    near = near + across[own] * column.to(torch.float32)
    key = (near.view(torch.int32).to(torch.int64) << 32) | (LAST - triangle[own])
    place = (image[own] * size + top[own] + row) * size + left[own] + column
    nearest = torch.zeros(len(screen) * size * size, dtype=torch.int64, device=screen.device)
    nearest.scatter_reduce_(0, place, key, "amax")
    return nearest.view(len(screen), size, size)


def _candidates(screen: Tensor, mesh: Mesh, size: int) -> tuple[Tensor, Tensor]:
    """Image and number of the triangles that face the camera and can cover a sample."""
    x0, x1, x2 = (screen[:, 0, mesh.cells[i]] for i in range(3))
    y0, y1, y2 = (screen[:, 1, mesh.cells[i]] for i in range(3))
    left, right = _span(x0, x1, x2, size)
    top, bottom = _span(y0, y1, y2, size)
    area = (x1 - x0).to(torch.int64) * (y2 - y0) - (x2 - x0).to(torch.int64) * (y1 - y0)
    image, triangle = torch.nonzero((area < 0) & (left <= right) & (top <= bottom), as_tuple=True)
    return image, triangle


def _span(a: Tensor, b: Tensor, c: Tensor, size: int) -> tuple[Tensor, Tensor]:
    low = torch.minimum(a, torch.minimum(b, c))
    high = torch.maximum(a, torch.maximum(b, c))
    return ((low + (HALF - 1)) >> 8).clamp(min=0), ((high - HALF) >> 8).clamp(max=size - 1)


def _mix(weight: Tensor, values: Tensor) -> Tensor:
    """Sum of three products, in the order of the CPU."""
    a, b, c = (weight * values.to(torch.float32)).unbind(0)
    return a + b + c
