from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from harness.align import doubt
from harness.align.place import Rule, place
from harness.align.templates import template_points
from harness.align.warp import similarity
from harness.components import Aligner, Placement
from harness.errors import DataError

TEMPLATE = template_points("arcface", 112, 112).astype(np.float64)
HEAD = np.array(
    [(-32, 33, -8), (32, 33, -8), (0, 0, 32), (-26, -32, 2), (26, -32, 2)], np.float64
)  # millimetres: eyes, nose tip, mouth corners


def heads(yaws, pitches=(0,), scale=0.5, centre=(56, 56), noise=2.0):
    """Points (N, 5, 2) of heads turned by degrees, seen from the front."""
    rng = np.random.default_rng(0)
    made = []
    for yaw, pitch in np.radians([(y, p) for y in yaws for p in pitches]):
        aside = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        up = np.array(
            [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
        )
        head = HEAD + rng.normal(0, noise, HEAD.shape)
        made.append((head @ aside.T @ up.T)[:, :2] * (scale, -scale) + centre)
    return np.array(made)


FRONTAL = heads(range(-30, 31, 3))


def images(kit, points, width=112, height=112):
    file = kit.encode(np.zeros((height, width, 3), np.uint8))
    return kit.Images([file] * len(points), landmarks=points.astype(np.float32))


def test_the_residual_is_that_of_the_similarity():
    points = heads([-60, 20, 45], [10])
    for face, left in zip(points, doubt.residual(points), strict=True):
        matrix = similarity(face, TEMPLATE)
        carried = face @ matrix[:, :2].T + matrix[:, 2]
        error = np.linalg.norm(carried - TEMPLATE)
        assert left == pytest.approx(error / np.linalg.norm(TEMPLATE - TEMPLATE.mean(axis=0)))
    assert doubt.residual(TEMPLATE) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("degrees", [0, 30, 90, 170])
def test_roll_is_the_angle_by_which_a_face_is_turned(degrees):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert doubt.roll(TEMPLATE @ turn.T) == pytest.approx(degrees, abs=1e-4)


def test_hard_but_right_faces_are_not_doubted(kit):
    points = heads(range(-95, 96, 5), range(-45, 46, 15))
    assert not any(doubt.misfits(points))
    assert set(place(images(kit, points), Rule()).methods) == {"given"}


ARRANGED = {
    "left and the right eye": FRONTAL[:, [1, 0, 2, 3, 4]],
    "left and the right mouth corner": FRONTAL[:, [0, 1, 2, 4, 3]],
    "that left and right are exchanged": FRONTAL[:, [1, 0, 2, 4, 3]],
    "the mouth comes before the eyes": FRONTAL[:, [3, 4, 2, 0, 1]],
    "x and y are exchanged": FRONTAL[..., ::-1],
    "all x come before all y": np.concatenate([FRONTAL[..., 0], FRONTAL[..., 1]], 1).reshape(
        -1, 5, 2
    ),
    "y is counted from the bottom": FRONTAL * (1, -1) + (0, 112),
    "order is right mouth corner, left mouth corner, nose, right eye, left eye": FRONTAL[:, ::-1],
    "order is nose, left eye, right eye, left mouth corner, right mouth corner": FRONTAL[
        :, [2, 0, 1, 3, 4]
    ],
    "times 2.2": FRONTAL * 0.45,
    "times 0.5": FRONTAL * 1.9,
    "times 0.1": FRONTAL * 10,
}


@pytest.mark.parametrize("cause", ARRANGED)
def test_a_wrong_arrangement_stops_and_is_named(kit, cause):
    with pytest.raises(DataError, match="cannot be right") as caught:
        place(images(kit, ARRANGED[cause]), Rule())
    assert cause in str(caught.value)
    assert "max_doubtful" in str(caught.value)
    place(images(kit, ARRANGED[cause]), Rule(max_doubtful=1))


def test_every_other_order_of_the_points_stops(kit):
    for order in permutations(range(5)):
        wrong = images(kit, FRONTAL[:, order])
        if order == tuple(range(5)):
            assert not place(wrong, Rule()).failed.any()
            continue
        with pytest.raises(DataError, match="cannot be right"):
            place(wrong, Rule())


def test_a_few_are_failures_like_faces_that_are_not_found(kit):
    points = np.concatenate([FRONTAL] * 5)
    points[3] += 300
    points[7] = points[7, ::-1]
    points[9] = points[9, [1, 0, 2, 4, 3]]
    placed = place(images(kit, points), Rule())
    assert placed.failed.nonzero()[0].tolist() == [3, 7, 9]
    assert placed.failures() == {
        "landmarks are outside the image": 1,
        "landmarks are those of a face upside down": 1,
        "landmarks do not have the shape of a face": 1,
    }
    with pytest.raises(DataError, match=r"face-3\.png: landmarks are outside"):
        place(images(kit, points), Rule(fallback="error"))
    with pytest.raises(DataError, match="3 of 105 images cannot be right"):
        place(images(kit, points), Rule(max_doubtful=0.02))


def test_a_face_cut_by_the_border_is_kept(kit):
    points = FRONTAL + np.array([-45, 0])
    assert points.min() < -5
    assert not place(images(kit, points[:5]), Rule()).failed.any()


def test_boxes_are_judged_too(kit):
    boxes = np.tile(np.array([70, 60, 20, 10], np.float32), (12, 1))  # as if it were x, y, w, h
    file = kit.encode(np.zeros((112, 112, 3), np.uint8))
    with pytest.raises(DataError, match="12 of 12 images cannot be right"):
        place(kit.Images([file] * 12, boxes=boxes), Rule())


class Swapped(Aligner):
    """A detector that names the eyes the other way round."""

    def __init__(self):
        super().__init__(None)

    def locate(self, images, boxes):
        return [Placement(TEMPLATE[[1, 0, 2, 3, 4]].astype(np.float32)) for _ in images]


def test_a_detector_with_another_order_stops(kit):
    file = kit.encode(np.zeros((112, 112, 3), np.uint8))
    with pytest.raises(DataError, match="left and the right eye are exchanged"):
        place(kit.Images([file] * 4), Rule(), aligner=Swapped())


def test_the_fallback_to_given_landmarks_is_judged(kit):
    class Blind(Swapped):
        def locate(self, images, boxes):
            return ["no face found"] * len(images)

    points = np.stack([FRONTAL[0], FRONTAL[1] + 500])
    placed = place(images(kit, points), Rule("detector", "given"), aligner=Blind())
    assert placed.methods == ["given", "none"]
    assert placed.reasons[1] == "landmarks are outside the image"


def test_a_large_set_is_looked_at_in_chunks(monkeypatch):
    whole = doubt.misfits(FRONTAL[:, ::-1])
    monkeypatch.setattr(doubt, "CHUNK", 4)
    assert doubt.misfits(FRONTAL[:, ::-1]) == whole
