"""Maps of renderings of a plane and a ball, whose every value is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness_plugins.generators.bfm.model.regions import NAMES, Regions, face_regions
from harness_plugins.generators.bfm.rendering.camera import DISTANCE_MM, Camera
from harness_plugins.generators.bfm.rendering.maps import KINDS, Mapper, MapView
from harness_plugins.generators.bfm.rendering.shading import KERNEL, Y0
from harness_plugins.generators.bfm.sampling import Pose

PX = 48
CAMERA = Camera(400.0, PX / 2, PX / 2)
LIGHT = np.zeros((9, 3))
LIGHT[0] = (1.0, 0.8, 0.6) / (KERNEL[0] * Y0)


@pytest.fixture(scope="module")
def slope():
    """A plane that leans back, x and y in -40..40, z = y."""
    x, y = np.meshgrid(np.linspace(-40, 40, 9), np.linspace(-40, 40, 9))
    points = np.stack([x.ravel(), y.ravel(), y.ravel()]).astype(np.float32)
    corner = (np.arange(8)[:, None] * 9 + np.arange(8)).ravel()
    cells = np.concatenate(
        [[corner, corner + 1, corner + 10], [corner, corner + 10, corner + 9]], axis=1
    ).astype(np.int32)
    part = SimpleNamespace(mean=points)
    flat = SimpleNamespace(mean=np.zeros_like(points))
    return SimpleNamespace(vertices=81, triangles=cells, shape=part, expression=flat)


def drawn(slope, **options):
    points = slope.shape.mean
    albedo = np.stack([(points[0] + 40) / 80, np.full(81, 0.5), np.full(81, 2.0)])
    view = MapView(points, albedo.astype(np.float32), Pose(0, 0, 0), LIGHT, CAMERA)
    return Mapper(slope, PX).draw(view, **options)


def hit(row: int, column: int):
    """Where the ray of a pixel meets the plane z = y."""
    x = (column + 0.5 - CAMERA.cx) / CAMERA.scale
    y = (CAMERA.cy - row - 0.5) / CAMERA.scale
    distance = DISTANCE_MM / (1 + y)
    return np.array([x * distance, y * distance, DISTANCE_MM - distance])


PLACES = [(20, 20), (30, 12), (12, 35)]


@pytest.mark.parametrize(("row", "column"), PLACES)
def test_every_map_holds_the_value_of_its_point(slope, row, column):
    found = drawn(slope).images
    place = hit(row, column)
    at = (row, column)
    assert place[1] == pytest.approx(place[2])
    assert found["correspondence"][at] == pytest.approx((place + 40) / 80 * 255, abs=0.6)
    assert found["albedo"][at] == pytest.approx([(place[0] + 40) / 80 * 255, 127.5, 255], abs=0.6)
    assert found["illumination"][at] == pytest.approx([127.5, 102, 76.5], abs=0.6)
    lean = np.sqrt(0.5)
    normal = np.array([0, -lean, lean])
    assert found["normals"][at] == pytest.approx((0.5 - normal / 2) * 255, abs=0.6)


@pytest.mark.parametrize(("row", "column"), PLACES)
def test_depth_can_be_read_back_in_millimetres(slope, row, column):
    maps = drawn(slope)
    nearest, farthest = maps.depth_mm
    assert DISTANCE_MM - 40 < nearest < farthest < DISTANCE_MM + 40
    level = maps.images["depth"][row, column, 0] / 255
    distance = 1 / (level * (1 / nearest - 1 / farthest) + 1 / farthest)
    assert distance == pytest.approx(DISTANCE_MM - hit(row, column)[2], abs=0.3)
    assert maps.images["depth"].max() == 255
    # Above is nearer, and nearer is brighter.
    assert maps.images["depth"][12, 24, 0] > maps.images["depth"][35, 24, 0]


def test_outside_is_black_and_kinds_can_be_chosen(slope):
    found = drawn(slope)
    assert tuple(found.images) == KINDS
    assert all((image[0, 0] == 0).all() for image in found.images.values())
    assert tuple(drawn(slope, kinds=["albedo"]).images) == ("albedo",)


def test_regions_are_looked_up_and_never_mixed(slope):
    colours = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)
    labels = (np.arange(128) % 2).astype(np.intp)
    found = drawn(slope, kinds=[], regions={"checks": Regions(labels, colours)}).images["checks"]
    seen = {tuple(colour) for colour in found.reshape(-1, 3).tolist()}
    assert seen == {(255, 0, 0), (0, 0, 255), (0, 0, 0)}


def test_nothing_seen_is_a_black_map(slope):
    points = slope.shape.mean[:, :]
    away = Pose(180.0, 0.0, 0.0)
    view = MapView(points, np.ones_like(points), away, LIGHT, CAMERA)
    maps = Mapper(slope, PX).draw(view)
    assert maps.depth_mm == (0.0, 0.0)
    assert not any(image.any() for image in maps.images.values())


def test_regions_of_a_face_hold_their_landmarks(open_bfm):
    model = open_bfm()._model
    regions = face_regions(model)
    middle = (model.shape.mean + model.expression.mean)[:, model.triangles].mean(axis=1)
    names = {
        "left.eye.pupil.center": "left eye",
        "right.eye.pupil.center": "right eye",
        "center.nose.tip": "nose",
        "left.lips.corner": "lips",
        "left.eyebrow.bend.lower": "left brow",
        "center.chin.tip": "skin",
        "left.ear.helix.outer": "left ear",
        "right.ear.lobule.tip": "right ear",
    }
    for landmark, name in names.items():
        place = (model.shape.mean + model.expression.mean)[:, model.landmarks[landmark]]
        near = np.argmin(((middle - place[:, None]) ** 2).sum(axis=0))
        assert NAMES[regions.labels[near]] == name
    share = np.bincount(regions.labels, minlength=len(NAMES)) / len(regions.labels)
    assert share[0] > 0.6
    assert (share[1:] > 0.002).all()
