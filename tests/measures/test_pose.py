"""Pose from five landmarks: exact on the mean face, near on rendered ones, a reason elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from harness.measures.pose import FACE_MM, pose_from_landmarks
from harness_plugins.generators.bfm.rendering.camera import rotation

POSES = [(0, 0, 0), (30, 0, 0), (-30, 0, 0), (0, 20, 0), (0, -20, 0), (0, 0, 40), (25, -15, 100),
         (60, 10, -20)]  # fmt: skip


def seen(yaw, pitch, roll, distance_mm=1500.0):
    """The mean face through a pinhole, by the renderer's own rotation."""
    points = rotation(yaw, pitch, roll) @ FACE_MM.T
    return 700 * np.stack([points[0], -points[1]], 1) / (distance_mm - points[2])[:, None] + 56


@pytest.mark.parametrize("pose", POSES)
def test_the_mean_face_has_the_pose_it_was_turned_to(pose):
    assert pose_from_landmarks(seen(*pose)[None])[0] == pytest.approx(pose, abs=2.0)


def test_a_mirrored_image_has_the_opposite_yaw_and_roll():
    points = seen(25, 10, 15)
    mirrored = (points * [-1, 1] + [112, 0])[[1, 0, 2, 4, 3]]
    yaw, pitch, roll = pose_from_landmarks(points[None])[0]
    assert pose_from_landmarks(mirrored[None])[0] == pytest.approx((-yaw, pitch, -roll), abs=1e-3)


def test_size_and_place_do_not_count():
    points = seen(-20, 5, 5)
    moved = 3.7 * points + [100, -40]
    assert pose_from_landmarks(moved[None]) == pytest.approx(pose_from_landmarks(points[None]))


def test_no_pose_without_a_face():
    unknown, one_point = np.full((5, 2), np.nan), np.ones((5, 2))
    assert np.isnan(pose_from_landmarks(np.stack([unknown, one_point]))).all()
    assert pose_from_landmarks(np.empty((0, 5, 2))).shape == (0, 3)
