from __future__ import annotations

import numpy as np
import pytest

from harness.align.templates import TEMPLATES, template_points
from harness.errors import UsageError

# Printed in the source code of the ArcFace evaluation and of SphereFace.
ARCFACE = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
]


def insightface_rule(size):
    """The published rule, written out: which ratio, and how far to the right."""
    if size % 112 == 0:
        ratio, shift = size / 112.0, 0.0
    else:
        ratio = size / 128.0
        shift = 8.0 * ratio
    return np.array(ARCFACE) * ratio + [shift, 0.0]


def test_the_112_template_is_the_published_one():
    assert np.allclose(template_points("arcface", 112, 112), ARCFACE, atol=1e-4)


def test_sphereface_is_arcface_less_eight_pixels():
    difference = template_points("arcface", 112, 112) - template_points("sphereface", 96, 112)
    assert np.allclose(difference, [[8.0, 0.0]] * 5, atol=1e-5)


@pytest.mark.parametrize("size", [112, 224])
def test_multiples_of_112_follow_insightface(size):
    assert np.allclose(template_points("arcface", size, size), insightface_rule(size), atol=1e-4)


@pytest.mark.parametrize("size", [128, 256, 512])
def test_multiples_of_128_follow_insightface(size):
    points = template_points("arcface-128", size, size)
    assert np.allclose(points, insightface_rule(size), atol=1e-3)


def test_other_sizes_scale():
    points = template_points("arcface", 96, 96)
    assert points.dtype == np.float32
    assert np.allclose(points, np.array(ARCFACE) * 96 / 112, atol=1e-4)


def test_points_are_a_fresh_array():
    template_points("arcface", 112, 112)[:] = 0
    assert np.allclose(template_points("arcface", 112, 112), ARCFACE, atol=1e-4)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_template_keeps_the_order_and_the_frame(name):
    template = TEMPLATES[name]
    left_eye, right_eye, nose, left_mouth, right_mouth = template.points
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    assert all(0 < x < template.width and 0 < y < template.height for x, y in template.points)
    assert template.source


def test_unknown_name_gives_the_nearest():
    with pytest.raises(UsageError, match=r"'arcfase'.*did you mean 'arcface'"):
        template_points("arcfase", 112, 112)
    with pytest.raises(UsageError, match=r"known are arcface, arcface-128, .*, sphereface"):
        template_points("zzz", 112, 112)


@pytest.mark.parametrize(("name", "size"), [("sphereface", (112, 112)), ("arcface", (96, 112))])
def test_another_shape_is_refused(name, size):
    with pytest.raises(UsageError, match=f"{name}.*cannot fill {size[0]}x{size[1]}"):
        template_points(name, *size)
