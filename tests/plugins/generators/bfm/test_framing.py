"""The three ways of centring against the published formulas."""

from __future__ import annotations

import numpy as np
import pytest

from harness.faces.face import Slot
from harness_plugins.generators.bfm.rendering.camera import BOX_LANDMARKS

SLOTS = [Slot(0, sample) for sample in range(4)]


def constant(value):
    return {"type": "constant", "value": value}


def places(generator, slot, names):
    """Landmarks in pixels from the image's corner, by the published projection."""
    scene = generator.scene(slot)
    points = generator._points(slot)[:, generator._model.vertex(*names)]
    return scene.pixels(points.astype(float)) + 0.5


@pytest.mark.parametrize("px", [112, 200])
def test_none_keeps_the_published_camera(open_bfm, px):
    generator = open_bfm(centring="none", image_px=px)
    for slot in SLOTS:
        (face,) = generator.generate([slot])
        assert face.meta["camera_scale_px"] == pytest.approx(50 / 15 * px)
        assert face.meta["camera_x_px"] == face.meta["camera_y_px"] == px / 2


def test_landmark_puts_the_mean_of_pupils_and_nose_in_the_middle(open_bfm):
    generator = open_bfm(centring="landmark")
    for slot in SLOTS:
        names = ("left.eye.pupil.center", "right.eye.pupil.center", "center.nose.tip")
        assert places(generator, slot, names).mean(axis=1) == pytest.approx([56, 56])


@pytest.mark.parametrize("box_scale", [1.0, 1.25])
def test_the_face_box_has_the_side_of_the_image(open_bfm, box_scale):
    generator = open_bfm(centring="facebox", box_scale=box_scale)
    for slot in SLOTS:
        side = np.ptp(places(generator, slot, BOX_LANDMARKS), axis=1).max()
        assert side == pytest.approx(112 / box_scale)
        # The 3D midpoint of the wings of the nose is projected to the middle, by its projections'
        # mean but for perspective.
        wings = places(generator, slot, ("left.nose.wing.tip", "right.nose.wing.tip"))
        assert wings.mean(axis=1) == pytest.approx([56, 56], abs=0.5)


@pytest.mark.parametrize("centring", ["none", "landmark", "facebox"])
def test_shifts_are_pixels_right_and_up(open_bfm, centring):
    plain = open_bfm(centring=centring)
    moved = open_bfm(centring=centring, shift_x_px=constant(7.0), shift_y_px=constant(3.0))
    for slot in SLOTS:
        (one,), (two,) = plain.generate([slot]), moved.generate([slot])
        apart = two.landmarks - one.landmarks
        assert apart == pytest.approx(np.tile([7, -3], (5, 1)), abs=1e-3)


def test_scaling_is_a_factor_of_the_focal_length(open_bfm):
    plain, larger = (open_bfm(centring="none", scaling=constant(s)) for s in (1.0, 1.5))
    (one,), (two,) = (g.generate([Slot(0, 0)]) for g in (plain, larger))
    # From the middle of the image, whose centre is between pixels.
    assert two.landmarks - 55.5 == pytest.approx(1.5 * (one.landmarks - 55.5), abs=1e-3)


def test_scaling_has_no_effect_in_the_face_box_and_says_so(open_bfm):
    plain, larger = (open_bfm(scaling=constant(s)) for s in (1.0, 1.5))
    (one,), (two,) = (g.generate([Slot(0, 0)]) for g in (plain, larger))
    assert one.image == two.image
    assert any("no effect" in note for note in larger.ctx.notes)
