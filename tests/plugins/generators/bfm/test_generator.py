from __future__ import annotations

import random

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from harness.faces.face import Slot
from harness_plugins.generators.bfm.params import BfmParams

SLOTS = [Slot(i, s) for i in range(3) for s in range(3)]


def fixed(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> dict:
    named = {"yaw_deg": yaw, "pitch_deg": pitch, "roll_deg": roll}
    return {k: {"type": "constant", "value": v} for k, v in named.items()}


def face(generator, identity: int = 0, sample: int = 0):
    return next(iter(generator.generate([Slot(identity, sample)])))


def pixels(found) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(found.image, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_a_slot_is_the_same_in_any_order_and_alone(open_bfm):
    whole = {f.slot: f for f in open_bfm().generate(SLOTS)}
    shuffled = SLOTS[:]
    random.Random(0).shuffle(shuffled)
    for found in open_bfm(identities=10, images_per_id=3).generate(shuffled):
        assert found.image == whole[found.slot].image
        assert (found.landmarks == whole[found.slot].landmarks).all()
    assert face(open_bfm(), 2, 1).image == whole[Slot(2, 1)].image


def test_seed_identity_and_sample_each_change_the_image(open_bfm):
    images = {face(open_bfm()).image, face(open_bfm(), 1).image, face(open_bfm(), 0, 1).image,
              face(open_bfm(seed=6)).image}  # fmt: skip
    assert len(images) == 4


def test_no_global_generator_is_touched(open_bfm):
    np.random.seed(1)
    state = np.random.get_state()[1].copy()
    face(open_bfm())
    assert (np.random.get_state()[1] == state).all()


@pytest.mark.parametrize("px", [64, 112, 224])
def test_declared_size_and_colour(open_bfm, px):
    plain = {"background": "plain", "light": "static-frontal", "styles": False}
    found = face(open_bfm(image_px=px, **plain, **fixed()))
    image = pixels(found)
    assert image.shape == (px, px, 3)
    # Plain background is neutral grey, and skin is redder than blue in every skin tone.
    assert np.ptp(image[:4, :4].reshape(-1, 3).mean(axis=0)) < 3
    x, y = found.landmarks[2].round().astype(int)
    nose = image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(axis=0)
    assert nose[0] > nose[2]


def test_landmarks_stand_in_the_declared_order(open_bfm):
    points = face(open_bfm(expressions=False, **fixed())).landmarks
    left_eye, right_eye, nose, left_mouth, right_mouth = points
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


def test_eyes_are_where_the_landmarks_say(open_bfm):
    # White of the eye beside a dark pupil: around an eye the contrast is higher than on the cheek.
    generator = open_bfm(image_px=224, expressions=False, light="static-frontal", **fixed())
    for identity in range(5):
        found = face(generator, identity)
        grey = pixels(found).mean(axis=2)
        eye, mouth = found.landmarks[0], found.landmarks[3]
        cheek = (eye + mouth) / 2 + [-6, 4]
        spread = [np.ptp(grey[int(y) - 6 : int(y) + 7, int(x) - 12 : int(x) + 13])
                  for x, y in (eye, cheek)]  # fmt: skip
        assert spread[0] > 1.5 * spread[1]


def test_the_face_fills_its_box(open_bfm):
    found = face(open_bfm(box_scale=1.0, **fixed()))
    assert np.ptp(found.box[[0, 2]]) == pytest.approx(112, abs=0.5)


def test_turning_moves_the_nose(open_bfm):
    def nose(**angles):
        points = face(open_bfm(expressions=False, **fixed(**angles))).landmarks
        return points[2] - points[[0, 1, 3, 4]].mean(axis=0)

    assert nose(yaw=30)[0] > nose()[0] + 5 > nose(yaw=-30)[0] + 10
    assert nose(pitch=20)[1] > nose()[1]
    eyes = face(open_bfm(expressions=False, **fixed(roll=20))).landmarks[:2]
    assert eyes[1, 1] < eyes[0, 1]  # the subject's left ear is raised


def test_metadata_tell_the_pose(open_bfm):
    meta = face(open_bfm(**fixed(yaw=15))).meta
    assert meta["yaw_deg"] == 15
    assert {"pitch_deg", "roll_deg", "light", "background"} <= set(meta)


def test_cycle_is_a_grid_with_the_same_light_and_identity(open_bfm):
    generator = open_bfm(yaw_deg={"type": "cycle", "values": [-45, 0, 45]})
    yaws = [face(generator, 0, sample).meta["yaw_deg"] for sample in range(4)]
    assert yaws == [-45, 0, 45, -45]


def test_faces_are_whole_and_finite_at_three_sigma(open_bfm):
    generator = open_bfm(expression={"type": "gaussian", "std": 3.0})
    for found in generator.generate([Slot(i, 0) for i in range(12)]):
        assert np.isfinite(found.landmarks).all()
        assert pixels(found).std() > 10


def test_backgrounds_from_a_folder(open_bfm, tmp_path):
    (tmp_path / "class").mkdir()
    cv2.imwrite(str(tmp_path / "class" / "red.png"), np.full((10, 20, 3), (0, 0, 255), np.uint8))
    found = face(open_bfm(background="folder", background_folder=tmp_path, **fixed()))
    corner = pixels(found)[:3, :3].reshape(-1, 3).mean(axis=0)
    assert corner[0] > 200 > 60 > corner[1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"yaw_deg": {"type": "uniform", "low": 5, "high": 1}}, "exchange them"),
        ({"yaw_deg": {"type": "triangle"}}, "triangle"),
        ({"background": "folder"}, "give both"),
        ({"identities": 0}, "greater than or equal to 1"),
    ],
)
def test_parameters_that_make_no_sense(values, message):
    with pytest.raises(ValidationError, match=message):
        BfmParams.model_validate(values)


def test_the_presets_are_those_of_the_paper():
    assert BfmParams.presets["syn-1m"]["identities"] == 10_000
    front = BfmParams.model_validate(BfmParams.presets["syn-1m-front"])
    assert (front.yaw_deg.low, front.yaw_deg.high, front.images_per_id) == (-35, 35, 100)


STILL = {
    "yaw_deg": {"type": "constant"},
    "pitch_deg": {"type": "constant"},
    "roll_deg": {"type": "constant"},
    "background": "plain",
    "light": "static-frontal",
    "expressions": False,
}


def test_styles_belong_to_an_identity_until_it_restyles(open_bfm):
    slots = [Slot(identity, sample) for identity in range(6) for sample in range(3)]
    own = list(open_bfm(identities=6, **STILL).generate(slots))
    assert all(own[3 * i].image == own[3 * i + 1].image for i in range(6))
    assert len({face.image for face in own}) == 6
    always = list(open_bfm(identities=6, restyle=1.0, **STILL).generate(slots))
    assert len({face.image for face in always}) == 18
    assert len({face.meta["styles"] for face in always}) > 3
    plain = list(open_bfm(identities=6, styles=False, restyle=1.0, **STILL).generate(slots))
    assert all(plain[3 * i].image == plain[3 * i + 1].image for i in range(6))
    assert "styles" not in plain[0].meta


def test_restyling_some_images_leaves_the_others_as_they_were(open_bfm):
    slots = [Slot(2, sample) for sample in range(40)]
    own = list(open_bfm(**STILL).generate(slots))
    some = list(open_bfm(restyle=0.4, **STILL).generate(slots))
    changed = [a.image != b.image for a, b in zip(own, some, strict=True)]
    assert 6 <= sum(changed) <= 27  # binomial(40, 0.4), four standard deviations


def test_occlusion_and_resolution_change_pixels_and_nothing_else(open_bfm):
    slots = [Slot(0, sample) for sample in range(4)]
    clear = list(open_bfm(**STILL).generate(slots))
    values = {
        "occlusion": {"type": "cycle", "values": [0.0, 0.3]},
        "resolution_px": {"type": "constant", "value": 28.0},
    }
    worse = list(open_bfm(**STILL, **values).generate(slots))
    for sample, (before, after) in enumerate(zip(clear, worse, strict=True)):
        assert after.landmarks == pytest.approx(before.landmarks)
        assert after.meta["occlusion"] == (0.3 if sample % 2 else 0.0)
        assert after.meta["resolution_px"] == 28.0
        assert before.image != after.image


def test_expression_strength_scales_what_is_drawn(open_bfm):
    values = {k: v for k, v in STILL.items() if k != "expressions"}
    cycle = {"type": "cycle", "values": [0.0, 1.0, 2.0]}
    weaker, usual = open_bfm(expression_strength=cycle, **values), open_bfm(**values)
    for sample, factor in enumerate((0, 1, 2)):
        slot = Slot(1, sample)
        expected = factor * usual._draw(slot).expression
        assert weaker._draw(slot).expression == pytest.approx(expected)
    assert face(weaker, 1, 1).image == face(usual, 1, 1).image


def test_directional_light_goes_from_the_camera_to_the_left(open_bfm):
    values = {k: v for k, v in STILL.items() if k != "light"}
    generator = open_bfm(
        light="directional",
        light_off_axis_deg={"type": "cycle", "values": [0.0, 90.0]},
        light_around_deg={"type": "constant", "value": 90.0},
        styles=False,
        **values,
    )
    frontal, left = (pixels(face(generator, 0, sample)).mean(axis=2) for sample in (0, 1))
    sides = [(image[40:80, 30:50].mean(), image[40:80, 62:82].mean()) for image in (frontal, left)]
    assert sides[0][0] == pytest.approx(sides[0][1], rel=0.1)
    assert sides[1][0] > 1.3 * sides[1][1]


def test_lamp_angles_without_a_lamp_are_refused():
    with pytest.raises(ValidationError, match="go with light=directional"):
        BfmParams(light_around_deg={"type": "constant", "value": 90.0})
