"""What ``harness show bfm`` says, and the presets."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from harness.faces.face import Slot
from harness_plugins.generators.bfm.params import BfmParams


def test_every_parameter_is_described_with_its_unit():
    for name, field in BfmParams.model_fields.items():
        assert field.description, name
        unit = {"_deg": "degrees", "_px": "pixels"}.get(name[name.rfind("_") :])
        assert unit is None or unit in field.description, name


def test_defaults_are_json():
    shown = BfmParams.model_json_schema()["properties"]
    assert json.loads(json.dumps(shown["yaw_deg"]["default"]))["low"] == -90
    assert all("default" in field for field in shown.values())


@pytest.mark.parametrize("name", sorted(BfmParams.presets))
def test_presets_hold(name):
    found = BfmParams.model_validate(BfmParams.presets[name])
    assert (found.images_per_id, found.pitch_deg.high, found.roll_deg.high) == (100, 30, 15)
    assert found.yaw_deg.high == (35 if name == "syn-1m-front" else 90)
    assert found.identities == (20_000 if name == "syn-2m" else 10_000)


def test_faithful_is_as_published(open_bfm):
    values = BfmParams.presets["faithful"]
    found = BfmParams.model_validate(values)
    assert (found.image_px, found.supersample, found.box_scale) == (227, 1, 1.0)
    assert (found.centring, found.bound_std, found.rounding) == ("facebox", None, "down")
    generator = open_bfm(**values)
    (face,) = generator.generate([Slot(0, 0)])
    left, top, right, bottom = face.box
    assert max(right - left, bottom - top) == pytest.approx(227, abs=0.5)


@pytest.mark.parametrize("values", [{"light": "empirical"}, {"bip_folder": "x"}])
def test_the_prior_and_its_folder_go_together(values):
    with pytest.raises(ValidationError, match="go together"):
        BfmParams.model_validate(values)


def test_fewer_components_leave_the_others_as_they_are(open_bfm):
    whole, few, none = (
        open_bfm(shape_components=count).scene(Slot(3, 0)) for count in (None, 10, 0)
    )
    assert few.shape == whole.shape[:10]
    assert none.shape == ()
    assert few.colour == whole.colour == none.colour


def test_the_mean_face_is_the_same_for_everyone(open_bfm):
    still = {"yaw_deg": {"type": "constant"}, "pitch_deg": {"type": "constant"},
             "roll_deg": {"type": "constant"}, "background": "plain",
             "light": "static-frontal", "expressions": False}  # fmt: skip
    generator = open_bfm(shape_components=0, colour_components=0, styles=False, **still)
    one, two = generator.generate([Slot(0, 0), Slot(1, 5)])
    assert one.image == two.image


def test_no_expressions_differs_from_expressions_of_zero(open_bfm):
    off = open_bfm(expressions=False)._points(Slot(0, 0))
    zero = open_bfm(expression={"type": "constant", "value": 0.0})
    mean = zero._model.expression.mean
    assert zero._points(Slot(0, 0)) - off == pytest.approx(mean, abs=1e-4)
