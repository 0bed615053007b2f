"""Whole renderings against closed forms: a lit sphere, painted landmarks, blended edges."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness_plugins.generators.bfm.rendering import rasterise
from harness_plugins.generators.bfm.rendering.camera import DISTANCE_MM, Camera
from harness_plugins.generators.bfm.rendering.render import (
    FIVE_LANDMARKS,
    ColourLook,
    ColourTransform,
    Renderer,
)
from harness_plugins.generators.bfm.rendering.shading import KERNEL, Y0, radiance
from harness_plugins.generators.bfm.sampling import Pose

PX, RADIUS, ALBEDO = 64, 80.0, (0.8, 0.6, 0.4)
STILL = Pose(0.0, 0.0, 0.0)
CAMERA = Camera(350.0, PX / 2, PX / 2)
AMBIENT = np.zeros((9, 3))
AMBIENT[0] = 1 / (KERNEL[0] * Y0)


def ball(rows: int = 160, columns: int = 320):
    """A sphere as model: points (3, N), cells (3, T) counter-clockwise seen from outside."""
    theta, phi = np.meshgrid(
        np.linspace(0.01, np.pi - 0.01, rows),
        np.linspace(0, 2 * np.pi, columns, endpoint=False),
        indexing="ij",
    )
    unit = np.stack([np.sin(theta) * np.sin(phi), np.cos(theta), np.sin(theta) * np.cos(phi)])
    index = np.arange(rows * columns).reshape(rows, columns)
    a, c = index[:-1].ravel(), index[1:].ravel()
    b, d = (np.roll(index, -1, axis=1)[part].ravel() for part in (slice(-1), slice(1, None)))
    cells = np.concatenate([[a, c, b], [b, c, d]], axis=1).astype(np.int32)
    return (RADIUS * unit).reshape(3, -1).astype(np.float32), cells


def stand_in(points, cells):
    """As much of a morphable model as the renderer looks at."""
    return SimpleNamespace(
        vertices=points.shape[1],
        triangles=cells,
        vertex=lambda *names: np.arange(len(names)) * (points.shape[1] // 8),
    )


def shot(points, cells, light, background=None, **options):
    renderer = Renderer(stand_in(points, cells), PX, 1.0, **options)
    albedo = np.repeat(np.array(ALBEDO, np.float32)[:, None], points.shape[1], axis=1)
    behind = np.zeros((PX, PX, 3), np.uint8) if background is None else background
    return renderer.render(points, albedo, STILL, light, behind, camera=CAMERA).pixels


def analytic(light):
    """Bytes of a sphere seen by CAMERA, and where the sphere is well inside its outline."""
    at = np.arange(PX) + 0.5
    x, y = np.meshgrid((at - CAMERA.cx) / CAMERA.scale, (CAMERA.cy - at) / CAMERA.scale)
    ray = np.stack([x, y, -np.ones_like(x)], -1)
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    centre = np.array([0, 0, -DISTANCE_MM])
    along = ray @ centre
    gap = along**2 - DISTANCE_MM**2 + RADIUS**2
    hit = ray * (along - np.sqrt(np.maximum(gap, 0)))[..., None]
    normal = (hit - centre) / RADIUS
    value = np.array(ALBEDO) * radiance(normal, light)
    # The outline's last pixels see the facets of the mesh edge on.
    return np.clip(value * 255, 0, 255), (gap > 0) & (normal[..., 2] > 0.45)


@pytest.fixture(scope="module")
def sphere():
    return ball()


@pytest.mark.parametrize("supersample", [1, 2])
@pytest.mark.parametrize("index", range(9))
def test_a_sphere_under_each_basis_function_is_shaded_as_the_formula(sphere, index, supersample):
    light = np.zeros((9, 3))
    light[index] = (0.5, -0.4, 0.3)
    light[0] += 0.5  # so that negative lobes are seen too
    drawn = shot(*sphere, light, supersample=supersample)
    expected, inside = analytic(light)
    assert inside.sum() > 1000
    assert np.abs(drawn - expected)[inside].max() <= 1


def test_landmarks_are_where_the_picture_shows_them(open_bfm):
    model = open_bfm()._model
    renderer = Renderer(model, 224, 1.25)
    points = model.shape.mean + model.expression.mean
    for pose in (STILL, Pose(25.0, -10.0, 8.0)):
        for name in FIVE_LANDMARKS:
            gap = np.linalg.norm(points.T - points.T[model.landmarks[name]], axis=1)
            cone = np.clip(1 - gap / 3, 0, 1).astype(np.float32)
            albedo = np.repeat(cone[None], 3, axis=0)
            seen = renderer.render(points, albedo, pose, AMBIENT, np.zeros((224, 224, 3), np.uint8))
            shown = seen.pixels[..., 0].astype(float)
            rows, columns = np.indices(shown.shape)
            middle = np.array([(columns * shown).sum(), (rows * shown).sum()]) / shown.sum()
            told = seen.landmarks[FIVE_LANDMARKS.index(name)]
            assert np.abs(middle - told).max() < 0.5


def test_edges_are_blended_by_their_share_of_samples(sphere):
    white = np.full((PX, PX, 3), 255, np.uint8)
    hard = shot(*sphere, AMBIENT, white, supersample=1)[..., 0]
    soft = shot(*sphere, AMBIENT, white, supersample=2)[..., 0]
    face = round(255 * ALBEDO[0])
    assert set(np.unique(hard)) == {face, 255}
    levels = {round(share * face + (1 - share) * 255) for share in (0, 0.25, 0.5, 0.75, 1)}
    assert len(set(np.unique(soft)) - levels) == 0
    assert len(np.unique(soft)) == 5


def test_pixels_without_the_face_keep_their_background(sphere):
    background = np.random.default_rng(0).integers(0, 256, (PX, PX, 3), np.uint8)
    before = background.copy()
    drawn = shot(*sphere, AMBIENT, background)
    assert (background == before).all()  # not drawn on
    _, inside = analytic(AMBIENT)
    assert (drawn[:3] == background[:3]).all()
    assert (drawn[inside] != background[inside]).any(axis=1).mean() > 0.98
    floats = shot(*sphere, AMBIENT, background.astype(np.float32) / 255)
    assert (floats == drawn).all()


def test_the_colour_transform_follows_its_formula(sphere):
    transform = ColourTransform(gain=(0.9, 0.8, 0.7), contrast=0.5, offset=(0.1, 0.0, 0.05))
    drawn = shot(*sphere, AMBIENT, look=ColourLook(transform))[PX // 2, PX // 2]
    luminance = 0.3 * ALBEDO[0] + 0.59 * ALBEDO[1] + 0.11 * ALBEDO[2]
    mixed = 0.5 * np.array(ALBEDO) + 0.5 * luminance
    assert drawn == pytest.approx(255 * (np.array([0.9, 0.8, 0.7]) * mixed + (0.1, 0, 0.05)), abs=1)


def test_truncation_is_the_level_below(sphere):
    exact = 255 * 0.7 * np.array(ALBEDO)  # 142.8, 107.1, 71.4
    nearest = shot(*sphere, 0.7 * AMBIENT)[PX // 2, PX // 2]
    below = shot(*sphere, 0.7 * AMBIENT, look=ColourLook(truncate=True))[PX // 2, PX // 2]
    assert nearest.tolist() == np.rint(exact).tolist()
    assert below.tolist() == np.floor(exact).tolist()


def test_one_shading_a_pixel_looks_like_four(sphere):
    # Four samples shaded each, then averaged: an image of twice the size, halved.
    light = np.random.default_rng(1).normal(0, 0.2, (9, 3)) + AMBIENT
    points, cells = sphere
    once = shot(points, cells, light, supersample=2).astype(float)
    large = Renderer(stand_in(points, cells), 2 * PX, 1.0, supersample=1)
    albedo = np.repeat(np.array(ALBEDO, np.float32)[:, None], points.shape[1], axis=1)
    camera = Camera(2 * CAMERA.scale, 2 * CAMERA.cx, 2 * CAMERA.cy)
    black = np.zeros((2 * PX, 2 * PX, 3), np.uint8)
    four = large.render(points, albedo, STILL, light, black, camera=camera).pixels
    mean = four.reshape(PX, 2, PX, 2, 3).astype(float).mean(axis=(1, 3))
    assert np.abs(once - mean).max() <= 2


def test_keys_hold_triangle_and_inverse_depth():
    near = np.array([1 / 900, 1 / 1100], np.float32)
    keys = (near.view(np.int32).astype(np.int64) << 32) | (rasterise.LAST - np.array([7, 0]))
    keys = np.concatenate([keys, [0]])
    assert rasterise.owners(keys).tolist() == [7, 0, -1]
    assert rasterise.inverse_depths(keys).tolist() == [*near.tolist(), 0]
