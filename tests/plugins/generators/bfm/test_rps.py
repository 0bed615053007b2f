"""``.rps`` files of every version, and images made from them."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from harness.errors import DataError, PrerequisiteError
from harness.faces.face import Slot
from harness_plugins.generators.bfm.rendering.camera import rotation
from harness_plugins.generators.bfm.rendering.shading import radiance
from harness_plugins.generators.bfm.rps import read_scene, scene_json
from harness_plugins.generators.bfm.scene import Scene, Turned, camera_light

LIGHT = np.arange(27).reshape(9, 3) / 8 + 0.125
POSE = {"scaling": 1.25, "translation": [1.0, 2.0, -1000.0], "roll": 0.125, "yaw": -0.125,
        "pitch": 0.25}  # fmt: skip
TURN = {"translation": [10.0, 20.0, 2000.0], "roll": -0.125, "yaw": 1.5, "pitch": 0.75}
LENS = {"focalLength": 50.0, "near": 2.0, "far": 1e5, "orthographic": False}
GAIN = {"gain": [1.0, 0.5, 0.25], "offset": [0.25, 0.125, 0.75]}
MODEL = {"shape": [-1.0, 0.5], "color": [1.0, 0.5], "modelURI": "model"}


def files() -> dict[str, dict]:
    """The same image in the layout of each version."""
    in_pixels = [2.0, -4.0]
    half_images = [4 / 720, -8 / 480]
    size, colour = {"height": 480, "width": 720}, {**GAIN, "colorContrast": 0.5}
    camera = {**LENS, "sensorSize": [36.0, 24.0], "principalPoint": half_images}
    new = {"pose": POSE, "view": TURN, "camera": camera, "imageSize": size,
           "colorTransform": colour}  # fmt: skip
    coefficients = {"coefficients": LIGHT.tolist()}
    old_light = [LIGHT.tolist()[i] for i in (0, 3, 1, 2, 6, 5, 7, 4, 8)]
    old_camera = {**LENS, **TURN, "skewFactor": 1.0}
    return {
        "V4.0": {**new, "environmentMap": coefficients, "momo": {**MODEL, "expression": [2.0]},
                 "version": "V4.0"},
        "V3.0": {**new, "illumination": coefficients, "version": "V3.0",
                 "renderObject": {**MODEL, "expression": [2.0]}},
        "V2.0": {
            "pose": POSE, "illumination": coefficients, "image": size, "color": colour,
            "camera": {**old_camera, "principalPoint": in_pixels, "sensorSize": [36.0, 24.0]},
            "renderObject": {**MODEL, "expression": [2.0]}, "version": "V2.0",
        },
        "V1": {
            "pose": POSE, "sphericalHarmonicsLight": old_light, "image": [480, 720],
            # Sensors of that version are as large as at the near plane.
            "camera": {**old_camera, "principlePoint": in_pixels, "sensorSize": [72.0, 48.0]},
            "color": {**GAIN, "gamma": 0.5},
            "morphableModel": {"shapeCoefficients": MODEL["shape"], "shininess": 20.0,
                               "colorCoefficients": MODEL["color"], "modelURI": "model"},
        },
    }  # fmt: skip


def written(path, content):
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("version", ["V4.0", "V3.0", "V2.0", "V1"])
def test_every_version_says_the_same(tmp_path, version):
    found = scene_json(read_scene(written(tmp_path / "a.rps", files()[version])))
    expected = scene_json(read_scene(written(tmp_path / "b.rps", files()["V4.0"])))
    if version == "V1":  # it knew no expressions
        expected["momo"]["expression"] = []
    assert found.pop("camera")["principalPoint"] == pytest.approx([4 / 720, -8 / 480])
    expected.pop("camera")
    assert found == expected


def test_what_is_read_is_written_again(tmp_path):
    content = files()["V4.0"]
    found = scene_json(read_scene(written(tmp_path / "a.rps", content)))
    assert found.pop("directionalLight")["shininess"] == 10
    assert found == content


def test_without_expressions_in_old_files(tmp_path):
    content = files()["V2.0"]
    del content["renderObject"]["expression"]
    assert read_scene(written(tmp_path / "a.rps", content)).expression == ()


@pytest.mark.parametrize(
    ("part", "value"),
    [("pose", None), ("camera", {}), ("imageSize", {"height": 1}), ("momo", {"shape": ["x"]}),
     ("colorTransform", {"gain": [1]}), ("view", [])],
)  # fmt: skip
def test_entries_that_lack_or_do_not_fit(tmp_path, part, value):
    content = {**files()["V4.0"], part: value}
    if value is None:
        del content[part]
    with pytest.raises(DataError, match=r"a\.rps lacks an entry"):
        read_scene(written(tmp_path / "a.rps", content))


def test_projection_is_that_of_the_published_formula():
    """p = M T R s, view inverse, ndc and window transform as printed, by hand."""
    turned = Turned((3.0, -4.0, -900.0), 0.1, 0.2, -0.3)
    view = Turned((20.0, 5.0, 30.0), -0.05, 0.1, 0.02)
    scene = Scene(LIGHT, turned, 1.5, view, focal=60.0, sensor=(18.0, 12.0), width=300, height=200,
                  principal=(0.1, -0.2))  # fmt: skip
    for point in np.random.default_rng(0).uniform(-90, 90, (5, 3)):
        model, camera = np.eye(4), np.eye(4)
        model[:3, :3], model[:3, 3] = 1.5 * rotation(*np.rad2deg([0.2, -0.3, 0.1])), [3, -4, -900]
        camera[:3, :3], camera[:3, 3] = rotation(*np.rad2deg([0.1, 0.02, -0.05])), [20, 5, 30]
        x, y, z, _ = np.linalg.inv(camera) @ model @ [*point, 1]
        ndc = 2 * 60 / 18 * x / -z + 0.1, 2 * 60 / 12 * y / -z - 0.2
        expected = 150 * (ndc[0] + 1), 100 * (1 - ndc[1])
        assert scene.pixels(point[:, None])[:, 0] == pytest.approx(expected)


def test_light_stays_in_the_world_when_the_camera_turns():
    scene = Scene(LIGHT, view=Turned((0.0, 0.0, 0.0), 0.3, -0.7, 0.4))
    normals = np.random.default_rng(1).normal(size=(40, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    world = normals @ scene.view.matrix().T
    assert radiance(normals, camera_light(scene)) == pytest.approx(radiance(world, LIGHT))


def images(generator, count: int = 3):
    found = generator.generate([Slot(1, sample) for sample in range(count)])
    return [cv2.imdecode(np.frombuffer(face.image, np.uint8), 1) for face in found]


@pytest.mark.parametrize(
    "values", [{}, {"restyle": 0.5}, {"styles": False}, {"expressions": False},
               {"centring": "none", "gain": (1, 0.8, 0.6)},
               {"expression_components": 0, "shape_components": 3}]
)  # fmt: skip
def test_an_image_comes_back_from_its_rps(open_bfm, tmp_path, values):
    plain = {"background": "plain", "jpeg_quality": 100, "identities": 3}
    first = open_bfm(**plain, **values)
    for sample in range(3):
        text = first.sidecar(Slot(1, sample), "rps")
        (tmp_path / f"1_{sample}.rps").write_text(text)
    again = open_bfm(**plain, rps=tmp_path)
    assert again.samples_per_identity().tolist() == [3]
    (one, *_), places = again.generate([Slot(0, 0)]), first.generate([Slot(1, 0)])
    assert one.landmarks == pytest.approx(next(iter(places)).landmarks, abs=0.01)
    for before, after in zip(images(first), _all(again), strict=True):
        apart = np.abs(before.astype(int) - after)
        assert apart.mean() < 0.2
        assert (apart > 8).mean() < 0.005  # edges may fall on another side


def _all(generator):
    found = generator.generate([Slot(0, sample) for sample in range(3)])
    return [cv2.imdecode(np.frombuffer(face.image, np.uint8), 1) for face in found]


def test_the_camera_moves_against_the_head(open_bfm, tmp_path):
    """A camera turned and moved by M shows what a head moved by its inverse shows."""
    content = json.loads(open_bfm(centring="none").sidecar(Slot(0, 0), "rps"))
    light = {"environmentMap": {"coefficients": [[1.0] * 3, *([[0.0] * 3] * 8)]}}
    turned = {"translation": [30.0, -10.0, -1100.0], "roll": 0.0, "yaw": 0.0, "pitch": 0.0}
    moved = {"translation": [-30.0, 10.0, 100.0], "roll": 0.0, "yaw": 0.0, "pitch": 0.0}
    still = {"translation": [0.0, 0.0, -1000.0], "roll": 0.0, "yaw": 0.0, "pitch": 0.0}
    none = {**moved, "translation": [0.0, 0.0, 0.0]}
    pairs = {"a": ({**turned, "scaling": 1.0}, none), "b": ({**still, "scaling": 1.0}, moved)}
    for name, (pose, view) in pairs.items():
        written(tmp_path / f"{name}.rps", {**content, **light, "pose": pose, "view": view})
    generator = open_bfm(rps=tmp_path, background="plain")
    one, two = generator.generate([Slot(0, 0), Slot(0, 1)])
    assert one.image == two.image


def test_images_that_are_not_square(open_bfm, tmp_path):
    content = json.loads(open_bfm(centring="none", image_px=96).sidecar(Slot(0, 0), "rps"))
    content["imageSize"] = {"width": 96, "height": 64}
    content["camera"]["sensorSize"] = [15.0, 10.0]
    written(tmp_path / "a.rps", content)
    (face,) = open_bfm(rps=tmp_path / "a.rps").generate([Slot(0, 0)])
    assert cv2.imdecode(np.frombuffer(face.image, np.uint8), 1).shape == (64, 96, 3)
    # The camera looks at the nose's height: the head is in the middle of the lower image too.
    assert face.landmarks[:, 1].min() > 0
    assert face.landmarks[:, 1].max() < 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"momo": {"shape": [0] * 999, "color": [], "expression": [], "modelURI": ""}},
         "999 shape coefficients"),
        ({"imageSize": {"width": 96, "height": 64}}, "square"),
    ],
)  # fmt: skip
def test_scenes_that_cannot_be_rendered_name_their_file(open_bfm, tmp_path, change, message):
    content = json.loads(open_bfm().sidecar(Slot(0, 0), "rps"))
    generator = open_bfm(rps=written(tmp_path / "a.rps", {**content, **change}))
    with pytest.raises(DataError, match=message) as error:
        next(generator.generate([Slot(0, 0)]))
    assert "a.rps" in str(error.value)


def test_folders_are_identities_in_natural_order(open_bfm, tmp_path):
    text = open_bfm().sidecar(Slot(0, 0), "rps")
    for name in ("10/a.rps", "9/b2.rps", "9/b10.rps"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    generator = open_bfm(rps=tmp_path)
    assert generator.samples_per_identity().tolist() == [2, 1]
    slots = [Slot(0, 0), Slot(0, 1), Slot(1, 0)]
    found = [face.meta["rps"] for face in generator.generate(slots)]
    assert found == ["b2.rps", "b10.rps", "a.rps"]


def test_a_folder_without_files(open_bfm, tmp_path):
    with pytest.raises(PrerequisiteError, match=r"no \.rps file"):
        open_bfm(rps=tmp_path)
