"""Maps as files beside an image."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from harness.errors import UsageError
from harness.faces.face import Slot
from harness_plugins.generators.bfm.model.regions import COLOURS, NAMES
from harness_plugins.generators.bfm.params import BfmParams

SLOT = Slot(1, 2)
PX = 96
STILL = {name: {"type": "constant"} for name in ("pitch_deg", "roll_deg")}


def read(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_no_map_belongs_to_a_set_unless_asked_for(open_bfm):
    assert BfmParams().maps == ()
    with pytest.raises(UsageError, match="made without maps"):
        open_bfm().sidecar(SLOT, "maps")


def test_maps_of_a_set_are_those_of_its_formats_and_change_no_image(open_bfm):
    generator = open_bfm(image_px=PX, maps="normals,depth")
    made = generator.sidecar(SLOT, "maps")
    assert set(made) == {"_normals.png", "_depth.png", "_depth.json"}
    plain = open_bfm(image_px=PX)
    assert plain.sidecar(SLOT, "depth") == {k: made[k] for k in ("_depth.png", "_depth.json")}
    assert plain.sidecar(SLOT, "normals") == {"_normals.png": made["_normals.png"]}
    first, second = (next(iter(g.generate([SLOT]))) for g in (generator, plain))
    assert first.image == second.image


def test_maps_lie_on_the_face_of_the_image(open_bfm):
    # Over a grey background the image shows where the face is.
    values = {**STILL, "yaw_deg": {"type": "constant", "value": 20}}
    generator = open_bfm(image_px=PX, background="plain", supersample=1, **values)
    face = next(iter(generator.generate([SLOT])))
    image = read(face.image).astype(int)
    depth = read(generator.sidecar(SLOT, "depth")["_depth.png"])
    assert depth.shape == (PX, PX, 3)
    shown = np.abs(image - 128).max(axis=2) > 24
    assert (shown & (depth[..., 0] == 0)).mean() < 0.01
    x, y = face.landmarks[2].round().astype(int)
    assert depth[y, x, 0] > np.median(depth[depth > 0])


def test_the_range_of_depth_stands_beside_it(open_bfm):
    span = json.loads(open_bfm().sidecar(SLOT, "depth")["_depth.json"])
    assert 800 < span["nearest_mm"] < 1000 < span["farthest_mm"] < 1300


def test_region_maps_hold_colours_of_regions_alone(open_bfm):
    values = {**STILL, "yaw_deg": {"type": "constant", "value": -60}}
    generator = open_bfm(image_px=PX, styles=False, box_scale=2.0, **values)
    (png,) = generator.sidecar(SLOT, "regions").values()
    seen = {tuple(colour) for colour in read(png).reshape(-1, 3).tolist()}
    names = {tuple(c): n for c, n in zip(COLOURS.tolist(), NAMES, strict=True)}
    assert seen <= {(0, 0, 0), *names}
    # With the nose to the image left, the subject's left side is seen.
    assert "left ear" in {names.get(colour) for colour in seen}
    assert "right ear" not in {names.get(colour) for colour in seen}


def test_maps_of_rps_files_have_the_size_of_their_images(open_bfm, tmp_path):
    scene = json.loads(open_bfm(image_px=PX).sidecar(SLOT, "rps"))
    (tmp_path / "1.rps").write_text(json.dumps(scene))
    again = open_bfm(rps=tmp_path).sidecar(Slot(0, 0), "depth")
    expected = open_bfm(image_px=PX).sidecar(SLOT, "depth")
    apart = read(again["_depth.png"]).astype(int) - read(expected["_depth.png"])
    assert apart.shape == (PX, PX, 3)
    assert (np.abs(apart) > 2).mean() < 0.01
