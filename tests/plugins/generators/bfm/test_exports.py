"""Files beside the images, as the published generator writes them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.faces.face import Slot
from harness_plugins.generators.bfm.exports import surface

SLOT = Slot(2, 1)


def test_rps_is_version_4_with_everything_in_it(open_bfm):
    generator = open_bfm(centring="none", scaling={"type": "constant", "value": 1.5},
                         shift_x_px={"type": "constant", "value": 3}, identities=3)  # fmt: skip
    found = json.loads(generator.sidecar(SLOT, "rps"))
    (face,) = generator.generate([SLOT])
    assert list(found) == ["pose", "view", "camera", "environmentMap", "directionalLight", "momo",
                           "imageSize", "colorTransform", "version"]  # fmt: skip
    angles = np.rad2deg([found["pose"][name] for name in ("yaw", "pitch", "roll")])
    assert angles == pytest.approx([face.meta[f"{n}_deg"] for n in ("yaw", "pitch", "roll")])
    assert found["pose"]["translation"] == [0, 0, -1000]
    camera = found["camera"]
    assert camera["focalLength"] / camera["sensorSize"][0] == pytest.approx(1.5 * 50 / 15)
    # Three pixels of 112, and the half pixel between a pixel's corner and its centre.
    assert camera["principalPoint"] == pytest.approx([2 * (3 - 0.5) / 112, 1 / 112])
    coefficients = np.ravel(found["environmentMap"]["coefficients"])
    assert coefficients == pytest.approx(json.loads(face.meta["light_coefficients"]), abs=1e-6)
    model = generator._model
    ranks = [model.shape.rank, model.colour.rank, model.expression.rank]
    assert [len(found["momo"][n]) for n in ("shape", "color", "expression")] == ranks


def test_csv_is_one_row_in_the_published_order(open_bfm):
    generator = open_bfm(identities=3, shape_components=5)
    model = generator._model
    ranks = [model.shape.rank, model.colour.rank, model.expression.rank]
    row = [float(value) for value in generator.sidecar(SLOT, "csv").rstrip("\n").split(",")]
    # 38 numbers and 199 + 199 + 100 at full rank: 536.
    assert len(row) == 38 + sum(ranks)
    rps = json.loads(generator.sidecar(SLOT, "rps"))
    pose, camera, momo = rps["pose"], rps["camera"], rps["momo"]
    head = [pose["yaw"], pose["pitch"], pose["roll"], *pose["translation"]]
    head += [*camera["principalPoint"], camera["focalLength"], *camera["sensorSize"]]
    assert row[:11] == head
    assert row[11:16] == momo["shape"]
    assert not any(row[16 : 11 + ranks[0]])
    assert row[11 + ranks[0] : 11 + ranks[0] + ranks[1]] == momo["color"]
    assert row[-27:] == np.ravel(rps["environmentMap"]["coefficients"]).tolist()


def lines(generator, slot=SLOT):
    rows = [line.split(" ") for line in generator.sidecar(slot, "tlms").splitlines()]
    return {name: (int(visible), float(x), float(y)) for name, visible, x, y in rows}


@pytest.mark.parametrize("expressions", [True, False])
def test_tlms_are_where_the_landmarks_of_the_image_are(open_bfm, expressions):
    generator = open_bfm(identities=3, expressions=expressions)
    (face,) = generator.generate([SLOT])
    found = lines(generator)
    assert set(found) == set(generator._model.landmarks)
    order = ("right.eye.pupil.center", "left.eye.pupil.center", "center.nose.tip",
             "right.lips.corner", "left.lips.corner")  # fmt: skip
    places = [found[name][1:] for name in order]
    assert np.array(places) == pytest.approx(face.landmarks, abs=0.01)


def test_what_a_turned_head_hides_is_not_visible(open_bfm):
    angles = {"yaw_deg": {"type": "cycle", "values": [0, 80, -80]},
              "pitch_deg": {"type": "constant"}, "roll_deg": {"type": "constant"}}  # fmt: skip
    # The mean face: on others hair or a deep socket may hide an eye, too.
    mean = {"shape_components": 0, "styles": False}
    generator = open_bfm(identities=1, expressions=False, **mean, **angles)
    front, left, right = (lines(generator, Slot(0, sample)) for sample in range(3))
    sides = ("left.eye.pupil.center", "right.eye.pupil.center")
    assert [front[name][0] for name in sides] == [1, 1]
    # Turned to its left, the subject shows its right side.
    assert [left[name][0] for name in sides] == [0, 1]
    assert [right[name][0] for name in sides] == [1, 0]


def test_landmarks_outside_of_the_image_are_not_visible(open_bfm):
    shift = {"type": "constant", "value": 500}
    found = lines(open_bfm(identities=3, shift_x_px=shift))
    assert not any(visible for visible, _, _ in found.values())


def test_the_surface_of_a_pixel_is_the_nearest_triangle():
    """Planes z = a + b x + c y in space, each seen as one large triangle."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        planes = rng.uniform((-1000, -0.2, -0.2), (-900, 0.2, 0.2), (4, 3))
        corners = np.array([[-400, -400], [900, -300], [-300, 900]], float)
        rays = np.column_stack([corners / 1000, np.full(3, -1.0)])
        depths = [a / (-1 - b * x - c * y) for a, b, c in planes for x, y in rays[:, :2]]
        z = -np.array(depths)
        places = np.tile(corners, (4, 1)).T
        triangles = np.arange(12, dtype=np.int32).reshape(4, 3).T
        x, y = 0.02, 0.03
        expected = max(-a / (-1 - b * x - c * y) for a, b, c in planes)
        assert surface(places, z, triangles, 20, 30) == pytest.approx(expected)
    assert surface(places, z, triangles, 899, 899) is None
