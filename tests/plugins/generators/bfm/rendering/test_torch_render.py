"""The torch path against the compiled one: equal owners, colours to one level."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from harness_plugins.generators.bfm.rendering import illumination, rasterise, torch_raster
from harness_plugins.generators.bfm.rendering.camera import DISTANCE_MM, Camera, rotation
from harness_plugins.generators.bfm.rendering.render import (
    ColourLook,
    ColourTransform,
    Renderer,
    cover,
)
from harness_plugins.generators.bfm.rendering.torch_render import TorchRenderer
from harness_plugins.generators.bfm.sampling import Pose

CPU = torch.device("cpu")
PX = 64
POSES = [Pose(0, 0, 0), Pose(60, -20, 10), Pose(-90, 30, -15), Pose(150, 0, 0)]


def loose(seed: int, count: int = 60):
    """Loose triangles that hide and cut one another, as a model."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-60, 60, (3, 3 * count)).astype(np.float32)
    cells = np.arange(3 * count, dtype=np.int32).reshape(count, 3).T.copy()
    # Twice the same triangle, to see ties.
    cells = np.concatenate([cells, cells[:, :5]], axis=1)
    return SimpleNamespace(
        points=points,
        vertices=3 * count,
        triangles=cells,
        vertex=lambda *names: np.arange(len(names)),
    )


def backgrounds(count: int):
    return np.random.default_rng(4).integers(0, 256, (count, PX, PX, 3), np.uint8)


def both(model, points, albedo, poses, cameras, lights, behind, **options):
    """Images (B, PX, PX, 3) by either path."""
    one = Renderer(model, PX, 1.25, **options)
    singles = [
        one.render(*given)
        for given in zip(points, albedo, poses, lights, behind, cameras, strict=True)
    ]
    batch = TorchRenderer(model, PX, CPU, **options)
    together = batch.render(
        torch.from_numpy(np.stack(points)), torch.from_numpy(np.stack(albedo)), poses,
        np.stack(lights), behind, cameras,
    )  # fmt: skip
    return np.stack([single.pixels for single in singles]), together


def test_a_batch_of_loose_triangles_has_the_owners_and_depths_of_the_compiled_path():
    model = loose(0)
    camera = Camera(400.0, PX / 2 + 0.3, PX / 2 - 0.7)
    turns = [rotation(p.yaw_deg, p.pitch_deg, p.roll_deg) for p in POSES]
    step, cells = 2, rasterise.unsigned(model.triangles)
    buffers = rasterise.Buffers(model.vertices, len(cells), step * PX)
    expected = []
    for turn in turns:
        cover(buffers, cells, model.points, turn, camera, step)
        expected.append(buffers.nearest.copy())
    frame = [[step * v for v in (camera.scale, camera.cx, camera.cy)]] * len(POSES)
    mesh = torch_raster.Mesh(model.triangles, model.vertices, CPU)
    _, screen, inverse = torch_raster.project(
        torch.from_numpy(model.points).expand(len(POSES), -1, -1),
        torch.tensor(np.array(turns, np.float32)), DISTANCE_MM, torch.tensor(frame),
    )  # fmt: skip
    found = torch_raster.cover(screen, inverse, mesh, step * PX).numpy()
    assert (found > 0).mean() > 0.1
    assert np.array_equal(found, np.stack(expected))


def test_normals_are_those_of_the_compiled_path_to_the_bit():
    rng = np.random.default_rng(2)
    cells = rng.integers(0, 50, (3, 90)).astype(np.int32)
    position = rng.normal(size=(3, 50)).astype(np.float32)
    attributes = np.zeros((50, 8), np.float32)
    rasterise.vertex_normals(rasterise.unsigned(cells), position, attributes)
    mesh = torch_raster.Mesh(cells, 50, CPU)
    found = torch_raster.vertex_normals(torch.from_numpy(position)[None], mesh)[0].numpy()
    assert np.array_equal(found.T, attributes[:, :3])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"supersample": 1, "look": ColourLook(truncate=True)},
        {"supersample": 3, "look": ColourLook(ColourTransform((0.9, 1.0, 1.1), 0.7, (0.02, 0, 0)))},
    ],
)
def test_colours_of_loose_triangles_agree_to_one_level(options):
    models, rng = loose(1), np.random.default_rng(3)
    albedo = rng.uniform(0.2, 0.9, models.points.shape).astype(np.float32)
    lights = [illumination.lobes(np.random.default_rng(i)) for i in range(len(POSES))]
    cameras = [Camera(400.0, PX / 2, PX / 2)] * len(POSES)
    count = len(POSES)
    single, together = both(models, [models.points] * count, [albedo] * count, POSES, cameras,
                            lights, backgrounds(count), **options)  # fmt: skip
    assert (single != backgrounds(count)).mean() > 0.1
    gap = np.abs(single.astype(int) - together.astype(int))
    assert gap.max() <= 1
    assert (gap > 0).mean() < 0.01


def test_faces_of_the_embedded_model_agree_to_one_level(open_bfm):
    model = open_bfm()._model
    rng = np.random.default_rng(8)
    points, albedo, cameras, lights = [], [], [], []
    renderer = Renderer(model, PX, 1.25)
    for pose in POSES[:3]:
        draws = [rng.standard_normal((m.rank,)).astype(np.float32)
                 for m in (model.shape, model.expression, model.colour)]  # fmt: skip
        points.append(model.shape.instance(draws[0]) + model.expression.instance(draws[1]))
        albedo.append(model.colour.instance(draws[2]))
        lights.append(illumination.lobes(rng))
        plain = np.zeros((PX, PX, 3), np.uint8)
        cameras.append(renderer.render(points[-1], albedo[-1], pose, lights[-1], plain).camera)
    single, together = both(model, points, albedo, POSES[:3], cameras, lights, backgrounds(3))
    gap = np.abs(single.astype(int) - together.astype(int))
    assert gap.max() <= 1
    assert (gap > 0).mean() < 0.01


def test_an_image_does_not_depend_on_its_batch():
    model = loose(5)
    points = torch.from_numpy(model.points).expand(4, -1, -1)
    albedo = torch.full_like(points, 0.5)
    lights = np.stack([illumination.static_frontal()] * 4)
    cameras = [Camera(400.0, PX / 2, PX / 2)] * 4
    renderer = TorchRenderer(model, PX, CPU)
    whole = renderer.render(points, albedo, POSES, lights, backgrounds(4), cameras)
    again = renderer.render(points, albedo, POSES, lights, backgrounds(4), cameras)
    alone = renderer.render(points[2:3], albedo[2:3], POSES[2:3], lights[2:3],
                            backgrounds(4)[2:3], cameras[2:3])  # fmt: skip
    assert np.array_equal(whole, again)
    assert np.array_equal(whole[2], alone[0])
