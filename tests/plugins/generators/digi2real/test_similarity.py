from __future__ import annotations

import cv2
import numpy as np
import pytest

from harness.align.place import box_points
from harness.faces.face import Face, Slot
from harness.faces.store import FaceSet, shard_path, write_shard
from harness_plugins.generators.digi2real import similarity
from harness_plugins.generators.digi2real.figures import Made

POINTS = np.float32([[20, 20], [40, 20], [30, 30], [22, 45], [38, 45]])


class Copied:
    """An embedder that gives the mean colour of a crop."""

    name = identity = "mean colour"

    def __init__(self):
        from harness_plugins.generators.digi2real.embedding import RandomProjection

        self.spec, self.seen = RandomProjection.spec, []

    def embed(self, crops):
        self.seen.extend(crops)
        return crops.reshape(len(crops), -1, 3).mean(axis=1).astype(np.float32) - 128


def face(identity, sample, **place):
    colour = np.random.default_rng(identity).integers(0, 255, 3)
    noise = np.random.default_rng([identity, sample]).integers(0, 30, (64, 64, 3))
    image = cv2.imencode(".png", (colour + noise).clip(0, 255).astype(np.uint8))[1].tobytes()
    return Face(Slot(identity, sample), image, meta={"source_identity": identity}, **place)


@pytest.fixture
def stored(tmp_path):
    """Three identities of three faces; one face has landmarks, the others a box."""
    box = np.float32([10, 8, 50, 56])
    faces = [
        face(i, s, landmarks=POINTS) if (i, s) == (0, 0) else face(i, s, box=box)
        for i in range(3)
        for s in range(3)
    ]
    write_shard(shard_path(tmp_path, 0), faces)
    return FaceSet(tmp_path)


def test_cosines_of_all_pairs_stand_on_one_side(random_units):
    rows, subjects = random_units(9, 5), np.array([4, 4, 7, 7, 7, 1, 1, 1, 1])
    within, between = similarity.within_and_between(rows, subjects)
    pairs = [(i, j) for i in range(9) for j in range(i)]
    for found, same in ((within, True), (between, False)):
        expected = [rows[i] @ rows[j] for i, j in pairs if (subjects[i] == subjects[j]) == same]
        assert sorted(found) == pytest.approx(sorted(expected), abs=1e-6)


def test_boxes_become_landmarks_and_landmarks_stay(stored):
    rows = np.array([0, 1, 5])
    placed = similarity.Placed(stored, rows)
    assert (placed.landmarks[0] == POINTS).all()
    for row in (1, 5):
        assert placed.landmarks[row] == pytest.approx(box_points(stored.boxes[row]))
    assert np.isnan(placed.landmarks[2]).all()  # nobody asked for it
    assert len(placed) == len(stored)


def test_made_faces_are_embedded_as_the_source_is(stored, context, tmp_path):
    embedder = Copied()
    ctx = context(root=tmp_path)
    within, between = similarity.of_made(ctx, Made(stored, 9), embedder)
    assert (len(within), len(between)) == (9, 27)
    assert within.mean() > between.mean()
    assert len(embedder.seen) == 9
    similarity.of_made(ctx, Made(stored, 9), embedder)
    assert len(embedder.seen) == 9  # kept in the store


def test_a_panel_shows_where_the_pairs_are(tmp_path):
    within, between = np.full(50, 0.8, np.float32), np.full(70, -0.3, np.float32)
    picture = similarity.histograms({"enhanced": (within, between)}, tmp_path)
    assert "within 50 pairs, mean 0.80" in picture.text
    assert "between 70 pairs, mean -0.30" in picture.text
    image = cv2.imread(str(tmp_path / picture.file)).astype(int)
    inside = image[60 : similarity.PANEL_PX - similarity.FOOT_PX - 5]
    for value, rgb in ((0.8, similarity.WITHIN), (-0.3, similarity.BETWEEN)):
        near = np.abs(inside - np.array(rgb[::-1])).max(axis=2) < 40
        columns = np.flatnonzero(near.any(axis=0))
        middle = similarity.LEFT_PX + (value + 1) / 2 * (
            similarity.WIDTH_PX - 2 * similarity.LEFT_PX
        )
        assert np.abs(columns - middle).max() < 12


def test_sides_without_a_pair_are_said(tmp_path):
    none = np.zeros(0, np.float32)
    picture = similarity.histograms({"source": (none, np.ones(1, np.float32))}, tmp_path)
    assert "within no pair, between 1 pairs, mean 1.00" in picture.text
