"""The rasteriser against a pixel-by-pixel oracle in plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from harness_plugins.generators.bfm.rendering import rasterise
from harness_plugins.generators.bfm.rendering.camera import FOCAL, SENSOR, posed, rotation

SIZE = 24


def random_mesh(seed: int, count: int = 40):
    """Loose triangles in front of the camera, in millimetres."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-60, 60, (3, 3 * count)).astype(np.float32)
    return points, np.arange(3 * count, dtype=np.int32).reshape(count, 3).T.copy()


def drawn(points, triangles, scale: float = 160.0):
    buffers = rasterise.Buffers(points.shape[1], triangles.shape[1], SIZE)
    cells = rasterise.unsigned(triangles)
    turn = np.eye(3, dtype=np.float32)
    numbers = (np.float32(v) for v in (1000, scale, SIZE / 2, SIZE / 2))
    rasterise.project(points, turn, *numbers, buffers.position, buffers.screen,
                      buffers.inverse_depth)  # fmt: skip
    count = rasterise.cull(cells, buffers.screen, SIZE, buffers.visible)
    rasterise.fill(cells, buffers.visible, count, buffers.screen, buffers.inverse_depth,
                   buffers.nearest)  # fmt: skip
    return buffers


def owners(points, triangles, scale: float = 160.0):
    return rasterise.owners(drawn(points, triangles, scale).nearest)


def oracle(buffers, triangles):
    """Owner and inverse depth of each pixel: of all triangles over its centre, the nearest."""
    owner = np.full((SIZE, SIZE), -1)
    nearest = np.zeros((SIZE, SIZE))
    x, y = (buffers.screen.T / 256).astype(float)
    for k, (a, b, c) in enumerate(triangles.T):
        area = (x[b] - x[a]) * (y[c] - y[a]) - (x[c] - x[a]) * (y[b] - y[a])
        if area >= 0:
            continue  # a back face: y points down
        for row in range(SIZE):
            for column in range(SIZE):
                px, py = column + 0.5, row + 0.5
                wa = ((x[b] - px) * (y[c] - py) - (x[c] - px) * (y[b] - py)) / area
                wb = ((x[c] - px) * (y[a] - py) - (x[a] - px) * (y[c] - py)) / area
                wc = 1 - wa - wb
                if min(wa, wb, wc) < 0:
                    continue
                w = buffers.inverse_depth
                near = wa * w[a] + wb * w[b] + wc * w[c]
                if near > nearest[row, column]:
                    nearest[row, column], owner[row, column] = near, k
    return owner, nearest


@pytest.mark.parametrize("seed", range(5))
def test_coverage_and_depth_equal_the_oracle(seed):
    points, triangles = random_mesh(seed)
    buffers = drawn(points, triangles)
    found = rasterise.owners(buffers.nearest)
    owner, nearest = oracle(buffers, triangles)
    assert (found == owner).mean() > 0.995
    assert (found >= 0).any()
    same = found == owner
    depth = rasterise.inverse_depths(buffers.nearest)
    assert depth[same] == pytest.approx(nearest[same], rel=1e-5)


def test_of_triangles_at_the_same_depth_the_smaller_number_owns_the_sample():
    points = np.array([[-40, 40, 0], [-40, -40, 50], [0, 0, 0]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 1, 2], [0, 1, 2]], np.int32).T.copy()
    found = owners(points, triangles)
    assert set(np.unique(found)) == {-1, 0}


def test_triangles_that_share_an_edge_neither_overlap_nor_leave_gaps():
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(np.linspace(-50, 50, 9), np.linspace(-50, 50, 9)), -1)
    grid[1:-1, 1:-1] += rng.uniform(-4, 4, (7, 7, 2))
    points = np.concatenate([grid.reshape(-1, 2).T, np.zeros((1, 81))]).astype(np.float32)
    corner = (np.arange(8)[:, None] * 9 + np.arange(8)).ravel()
    cells = np.concatenate(
        [[corner, corner + 1, corner + 10], [corner, corner + 10, corner + 9]], axis=1
    ).astype(np.int32)
    whole = owners(points, cells, scale=200.0)
    covered = np.zeros((SIZE, SIZE), int)
    for k in range(cells.shape[1]):
        covered += owners(points, cells[:, k : k + 1].copy(), scale=200.0) >= 0
    inside = whole >= 0
    assert (covered[inside] == 1).all()
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    assert inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_normals_of_a_sphere_point_outwards():
    angles = np.linspace(0, np.pi, 20), np.linspace(0, 2 * np.pi, 40, endpoint=False)
    theta, phi = np.meshgrid(*angles, indexing="ij")
    ball = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta), np.sin(theta) * np.sin(phi)])
    index = np.arange(800).reshape(20, 40)
    a, b = index[:-1].ravel(), np.roll(index, -1, axis=1)[:-1].ravel()
    c, d = index[1:].ravel(), np.roll(index, -1, axis=1)[1:].ravel()
    cells = np.concatenate([[a, b, c], [b, d, c]], axis=1).astype(np.int32)
    points = ball.reshape(3, -1).astype(np.float32)
    attributes = np.zeros((800, 8), np.float32)
    rasterise.vertex_normals(rasterise.unsigned(cells), points, attributes)
    normal = attributes[:, :3]
    assert np.linalg.norm(normal[40:-40], axis=1) == pytest.approx(1, abs=1e-5)
    middle = index[2:-2].ravel()
    dot = (normal[middle] * points.T[middle]).sum(1)
    assert np.abs(dot).min() > 0.98
    assert np.sign(dot).sum() in (len(middle), -len(middle))


def test_projection_is_the_published_pinhole():
    # At one metre the default camera shows 227 / 300 pixels a millimetre.
    assert pytest.approx(0.757, abs=1e-3) == 227 * FOCAL / SENSOR / 1000
    points = np.array([[10.0], [-20.0], [30.0]], np.float32)
    turn = rotation(0, 0, 0)
    x, y, z = posed(points, turn)[:, 0]
    assert (x, y, z) == pytest.approx((10, -20, -970))


def test_rotation_signs_and_order():
    nose = np.array([0.0, 0.0, 1.0])
    assert (rotation(30, 0, 0) @ nose)[0] > 0  # to the image right
    assert (rotation(0, 20, 0) @ nose)[1] < 0  # down
    assert (rotation(0, 0, 10) @ np.array([1.0, 0, 0]))[1] > 0  # the left ear rises
    order = rotation(0, 0, 7) @ rotation(30, 0, 0) @ rotation(0, 20, 0)
    assert rotation(30, 20, 7) == pytest.approx(order)
