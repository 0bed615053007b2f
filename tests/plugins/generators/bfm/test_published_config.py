"""Configuration files of the published generator become parameters."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from harness.errors import UsageError
from harness.faces.face import Slot
from harness_plugins.generators.bfm.params import BfmParams

NORMAL = {"type": "gaussian", "mean": 0.0, "variance": 1.0}
STILL = {"type": "constant", "value": 0.0}
COMMON = {
    "__comment": "without effect",
    "general": {"random-seed": 1988},
    "output-location": {"output-directory": "data/output"},
    "backgrounds": {
        "__comment": "",
        "insert-background-image": True,
        "background-images-directory": "bg",
        "background-image-extension": ".jpg",
    },
    "rendering-methods": {"render": True, "render-depth": True, "render-normals": False},
    "morphable-model-parameters": {
        "number-of-ids-to-create": 5,
        "number-of-samples-per-id": 10,
        "model-filename": "model.h5",
        "dimension-of-shape-space": 199,
        "dimension-of-color-space": 0,
        "dimension-of-expression-space": 100,
        "shape-distribution": NORMAL,
        "color-distribution": {"type": "uniform", "lower": -1.0, "higher": 2.0},
        "expression-distribution": {"type": "gaussian", "mean": 0.5, "variance": 4.0},
        "add-expressions": True,
    },
    "image-dimensions": {"image-width": 100, "image-height": 100},
    "default-parameters": {
        "color-transform": {"gain": [1.0, 0.5, 1.0], "colorContrast": 1.0,
                            "offset": [0.0, 0.0, 0.0]},
        "camera": {"focalLength": 50.0, "sensorSize": [15.0, 15.0]},
        "pose-transform": {"scaling": 1.0, "yaw": 0.3, "translation": [0.0, 0.0, -1000.0]},
    },
    "landmark-tags": ["center.nose.tip"],
    "format-version": "V1.0",
}  # fmt: skip
RANDOM = {
    **COMMON,
    "illumination-parameters": {
        "illumination-type": "empirical",
        "illumination-prior-directory": "bip",
        "illumination-prior-fix-energy": True,
        "illumination-prior-no-color": True,
    },
    "pose-variation": {
        "yaw-distribution": {
            "type": "mixture",
            "components": [
                [0.6, {"type": "uniform", "lower": -90.0, "higher": 90.0}],
                [0.2, {"type": "gaussian", "mean": 0.0, "variance": 2.0}],
                [0.2, STILL],
            ],
        },
        "roll-distribution": STILL,
        "pitch-distribution": {"type": "gaussian", "mean": 0.0, "variance": 30.0},
        "x-translation-distribution": STILL,
        "y-translation-distribution": {"type": "constant", "value": 4.0},
        "scaling-distribution": {"type": "uniform", "lower": 1.0, "higher": 1.2},
        "center-faces": "landmark",
    },
}


def axis(start, end, step, kind="inclusive"):
    return {"start": start, "end": end, "step": step, "type": kind}


CONTROLLED = {
    **COMMON,
    "background-variation": {"back-range": axis(0, 1, 1)},
    "illumination-angle": {"illu-range": axis(-90, 90, 90)},
    "pose-range": {
        "yaw-range": axis(-45, 45, 22.5, "not-inclusive"),
        "roll-range": axis(0, 0, 5.625),
        "pitch-range": axis(0, 0, 1),
        "center-faces": "none",
    },
}


@pytest.fixture
def read(tmp_path):
    def params(content, **given):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(content))
        return BfmParams(config=path, **given)

    return params


def test_random_files(read):
    found = read(RANDOM)
    assert (found.identities, found.images_per_id, found.image_px) == (5, 10, 100)
    assert found.config is None
    assert str(found.model_file) == "model.h5"
    # ``variance`` was multiplied with the random number: a standard deviation.
    assert (found.shape.std, found.expression.mean, found.expression.std) == (1, 0.5, 4)
    assert found.pitch_deg.std == 30
    assert (found.colour.low, found.colour.high) == (-1, 2)
    assert (found.shape_components, found.colour_components) == (199, 0)
    kinds = [(weight, part.type) for weight, part in found.yaw_deg.components]
    assert kinds == [(pytest.approx(0.6), "uniform"), (pytest.approx(0.2), "gaussian"),
                     (pytest.approx(0.2), "constant")]  # fmt: skip
    assert (found.shift_x_px.value, found.shift_y_px.value, found.scaling.high) == (0, 4, 1.2)
    assert (found.light, found.light_energy, found.light_colour) == ("empirical", 6.33, False)
    assert (str(found.bip_folder), str(found.background_folder)) == ("bip", "bg")
    assert (found.centring, found.box_scale, found.supersample) == ("landmark", 1.0, 1)
    assert (found.gain, found.bound_std, found.rounding) == ((1.0, 0.5, 1.0), None, "down")


def test_it_says_what_differs(read):
    said = "\n".join(read({**RANDOM, "occlusionMode": "random"}).config_differs)
    # The software compared a new random number with each cumulative weight.
    assert "act as 0.6, 0.32, 0.08" in said
    assert "random-seed 1988 is not used" in said
    assert "render" not in said
    assert "occlusionMode" in said
    assert "comment" not in said


def test_its_maps_are_those_of_the_set(read):
    assert read(RANDOM).maps == ("depth",)
    names = ("depth", "color-correspondence-image", "normals", "albedo", "illumination")
    every = {f"render-{name}": True for name in (*names, "region-maps", "wireframe")}
    found = read({**RANDOM, "rendering-methods": {"render": True, **every}})
    assert found.maps == (
        "depth", "correspondence", "normals", "albedo", "illumination", "regions",
    )  # fmt: skip
    said = "\n".join(found.config_differs)
    assert "render-wireframe: not rendered here" in said
    assert "region maps" in said


def test_mixtures_of_mixtures_become_one(read):
    inner = {"type": "mixture", "components": [[1, STILL], [3, NORMAL]]}
    outer = {"type": "mixture", "components": [[2, inner], [2, STILL]]}
    pose = {**RANDOM["pose-variation"], "yaw-distribution": outer}
    found = read({**RANDOM, "pose-variation": pose}).yaw_deg
    assert [weight for weight, _ in found.components] == [0.125, 0.375, 0.5]


def test_controlled_files(read):
    found = read(CONTROLLED)
    assert found.grid.count() == found.images_per_id == 2 * 4 * 3
    yaws = {found.grid.at(i)["yaw_deg"] for i in range(24)}
    assert yaws == {-45, -22.5, 0, 22.5}
    assert found.centring == "none"
    said = "\n".join(found.config_differs)
    assert "yaw_deg is used as written (-45, 45, 22.5)" in said
    assert "whole numbers (-45, 45, 22)" in said


def test_what_is_given_beside_the_file_wins(read):
    found = read(RANDOM, identities=7, light="lobes", background="plain", model_file="embedded")
    assert (found.identities, found.images_per_id) == (7, 10)
    assert (found.light, found.bip_folder) == ("lobes", None)
    assert (found.background, found.background_folder, found.model_file) == ("plain", None, None)
    grid = {"yaw_deg": {"start": 0, "end": 9}}
    assert read(CONTROLLED, grid=grid).images_per_id == 10


def test_parameters_travel_to_a_worker(read):
    for content in (RANDOM, CONTROLLED):
        found = read(content)
        assert BfmParams.model_validate(found.model_dump()) == found
        assert BfmParams.model_validate(found.model_dump(mode="json")) == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format-version": "V2.0"}, "format-version"),
        ({"image-dimensions": {"image-width": 100, "image-height": 50}}, "100x50"),
        ({"pose-variation": {"yaw-distribution": {"type": "beta"}}}, "beta"),
        ({"illumination-parameters": {"illumination-type": "sun"}}, "sun"),
        ({"default-parameters": {"camera": {"focalLength": 60.0}}}, r"camera\.focalLength 60"),
        ({"default-parameters": {"view-transform": {"yaw": 0.5}}}, r"view-transform\.yaw"),
        ({"morphable-model-parameters": {}}, "number-of-ids"),
        ({"pose-variation": []}, "does not fit"),
    ],
)
def test_files_that_cannot_be_rendered_as_they_say(read, change, message):
    with pytest.raises(UsageError, match=message) as error:
        read({**RANDOM, **change})
    assert "config.json" in str(error.value)


def test_the_face_box_makes_the_lens_free(read):
    pose = {**RANDOM["pose-variation"], "center-faces": "facebox"}
    lens = {"camera": {"focalLength": 60.0, "sensorSize": [20.0, 20.0]}}
    content = {**RANDOM, "pose-variation": pose, "default-parameters": lens}
    assert read(content).centring == "facebox"


def test_no_file_and_no_json(tmp_path):
    with pytest.raises(UsageError, match=r"config cannot read .*none\.json"):
        BfmParams(config=tmp_path / "none.json")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UsageError, match=r"config .*config\.json is not JSON"):
        BfmParams(config=tmp_path / "config.json")


def test_controlled_images(open_bfm, read, tmp_path):
    """Poses, lights and backgrounds of the loops, one face and one expression for all."""
    for number, level in enumerate((50, 200)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((9, 9, 3), level, np.uint8))
    params = read(CONTROLLED, model_file="embedded", background_folder=tmp_path,
                  colour_components=None)  # fmt: skip
    generator = open_bfm(**params.model_dump())
    faces = list(generator.generate([Slot(0, sample) for sample in (0, 2, 3, 12)]))
    assert [face.meta["yaw_deg"] for face in faces] == [-45, -45, -22.5, -45]
    assert [face.meta["light"] for face in faces] == ["-90 deg", "90 deg", "-90 deg", "-90 deg"]
    assert [face.meta["background"] for face in faces] == ["0.png", "0.png", "0.png", "1.png"]
    scenes = [generator.scene(Slot(0, sample)) for sample in (0, 12)]
    assert scenes[0].expression == scenes[1].expression
    assert any(scenes[0].expression)
    assert any("unlike the published generator" in note for note in generator.ctx.notes)


def test_images_and_grid_must_agree():
    with pytest.raises(ValidationError, match="leave images_per_id out"):
        BfmParams(grid={"yaw_deg": {"end": 3}}, images_per_id=7)
