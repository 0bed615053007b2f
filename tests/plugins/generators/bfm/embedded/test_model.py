"""The embedded model: sizes, symmetry, and that it stays a face at three standard deviations."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.seeds import stream
from harness_plugins.generators.bfm import embedded
from harness_plugins.generators.bfm.embedded.fields import Reference
from harness_plugins.generators.bfm.embedded.head import head
from harness_plugins.generators.bfm.embedded.paint import masks
from harness_plugins.generators.bfm.model.morphable import MorphableModel

MIRROR = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return embedded.build()


def test_it_has_the_sizes_of_the_basel_face_model(model: MorphableModel) -> None:
    assert 27_000 <= model.vertices <= 29_000
    assert (model.shape.rank, model.colour.rank, model.expression.rank) == (199, 199, 100)
    assert model.triangles.min() == 0
    assert model.triangles.max() == model.vertices - 1
    for modes in (model.shape, model.colour, model.expression):
        assert np.isfinite(modes.basis).all()
        assert (np.abs(modes.basis).max(axis=(1, 2)) > 0).all()


def test_it_is_the_same_every_time(model: MorphableModel) -> None:
    again = embedded.build()
    assert (again.shape.basis == model.shape.basis).all()
    assert (again.colour.mean == model.colour.mean).all()
    assert model.styles is not None
    assert again.styles is not None
    assert (again.styles.shape == model.styles.shape).all()


def test_the_mean_is_a_head_of_human_size(model: MorphableModel) -> None:
    mean, at = model.shape.mean, model.landmarks
    place = {name: mean[:, vertex] for name, vertex in at.items()}
    pupils = place["left.eye.pupil.center"] - place["right.eye.pupil.center"]
    assert 58 < pupils[0] < 68  # interpupillary distance, mm
    face = place["center.front.trichion"][1] - place["center.chin.tip"][1]
    assert 150 < face < 200
    assert place["center.nose.tip"][2] > mean[2].max() - 1  # nothing stands out further
    skull = np.ptp(mean[0, : 148 * 141][np.abs(mean[1, : 148 * 141] - 50) < 10])
    assert 140 < skull < 165  # head breadth, mm
    for side, sign in (("left", 1), ("right", -1)):
        assert sign * place[f"{side}.ear.helix.outer"][0] > 74


def test_left_and_right_of_the_mean_mirror_each_other(model: MorphableModel) -> None:
    for name, vertex in model.landmarks.items():
        if not name.startswith("left."):
            continue
        other = model.landmarks["right." + name.removeprefix("left.")]
        np.testing.assert_allclose(
            model.shape.mean[:, vertex], model.shape.mean[:, other] * MIRROR, atol=1e-3
        )


def edges(points: NDArray[np.float32], triangles: NDArray[np.int32]) -> NDArray[np.float32]:
    corners = points[:, triangles]
    return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=0)


@pytest.mark.parametrize("part", ["shape", "expression"])
def test_no_mode_at_three_standard_deviations_tears_or_spikes(
    model: MorphableModel, part: str
) -> None:
    modes = getattr(model, part)
    whole = edges(model.shape.mean, model.triangles)
    for mode in modes.basis:
        for sign in (-3, 3):
            longer = edges(model.shape.mean + sign * mode, model.triangles) - whole
            assert longer.max() < 12  # millimetres; an opening mouth stretches most


def test_random_people_keep_whole_skins(model: MorphableModel) -> None:
    whole = edges(model.shape.mean, model.triangles)
    for person in range(20):
        rng = stream(person, "person")
        points = model.shape.instance(np.clip(rng.standard_normal(199), -3, 3).astype(np.float32))
        longer = edges(points, model.triangles) - whole
        assert longer.max() < 14
        assert np.isfinite(points).all()


def test_skin_tones_span_the_human_range(model: MorphableModel) -> None:
    cheek = model.vertex("left.nasolabial_fold.center")[0]
    tones = []
    for person in range(400):
        rng = stream(person, "tone")
        weights = np.clip(rng.standard_normal(199), -3, 3).astype(np.float32)
        modes = model.colour.basis[:, :, cheek]
        tones.append(model.colour.mean[:, cheek] + weights @ modes)
    red = np.array(tones)[:, 0]
    assert np.percentile(red, 3) < 0.42
    assert np.percentile(red, 97) > 0.85
    shown = np.clip(np.array(tones), 0, 1)
    assert (shown[:, 0] >= shown[:, 2] - 0.02).mean() > 0.97  # no blue or green people


def test_eyes_close_when_the_lids_move_and_not_before() -> None:
    points, _, place = head()
    painted = masks(place)
    assert painted["eye"].max() > 0.99
    on_eye = painted["eye"] > 0.5
    assert (points[on_eye, 2] > 70).all()
    assert (place.turn[on_eye] < 0.8).all()


def test_features_of_the_face_stay_off_hair_ears_and_the_back(model: MorphableModel) -> None:
    one = np.ones(3)
    behind = Reference.of_part("head", 0 * one, np.array([-42.0, 30, -9]), np.pi * one)
    hair = Reference.of_part("hair", 31 * one, 30 * one, 0.4 * one)
    for place in (behind, hair):
        painted = masks(place)
        for name in ("eye", "lip", "brow", "nostril", "inner", "beard"):
            assert painted[name].max() == 0


def test_glasses_lie_inside_the_head_until_worn(model: MorphableModel) -> None:
    styles = model.styles
    assert styles is not None
    shown = styles.shape[styles.names.index("glasses")]
    moved = np.abs(shown).max(axis=0) > 0
    assert moved.sum() > 200
    hidden = model.shape.mean[:, moved]
    assert np.linalg.norm(hidden, axis=0).max() < 40
    worn = hidden + shown[:, moved]
    assert worn[2].max() > 100
