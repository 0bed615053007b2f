from __future__ import annotations

import cv2
import numpy as np
import pytest

from harness.align.place import box_points
from harness_plugins.generators.digi2real.crop import encode, face_box
from harness_plugins.generators.digi2real.diffusion import tiny

FFHQ = np.array([[193.0, 240.0], [318.9, 240.2], [256.6, 314.0], [201.3, 371.4], [313.1, 371.2]])
"""Mean landmarks of the aligned images of FFHQ at 512 pixels."""


def test_the_box_meets_the_landmarks_of_ffhq():
    found = box_points(face_box(512, "centre"))
    assert np.abs(found - FFHQ).max() < 12
    assert np.abs(found[[0, 1]] - FFHQ[[0, 1]]).max() < 2
    assert face_box(64, "centre") * 8 == pytest.approx(face_box(512, "centre"), abs=4)
    assert face_box(512, "none") is None


def test_the_watermark_is_in_the_corner_and_nowhere_else():
    for side in (64, 512):
        plain = np.full((side, side, 3), 90, np.uint8)
        marked = tiny.watermark(plain)
        assert (plain == 90).all()
        changed = np.argwhere((marked != 90).any(axis=2))
        assert changed[:, 0].min() > 0.7 * side
        assert changed[:, 1].max() < 0.75 * side
        assert {tuple(c) for c in marked.reshape(-1, 3).tolist()} >= {(0, 0, 0), (255, 255, 0)}


def test_encoding_keeps_the_order_of_colours():
    image = np.zeros((32, 32, 3), np.uint8)
    image[..., 0] = 200
    read = cv2.imdecode(np.frombuffer(encode(image, 95), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(read[..., 2].astype(int) - 200).max() < 4
    assert read[..., 0].max() < 10
    assert len(encode(image, 30)) <= len(encode(image, 100))
