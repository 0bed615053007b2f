from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from harness.align.templates import template_points
from harness.align.warp import similarity, spread, unusable, warp
from harness.components import InputSpec
from harness.errors import DataError

SPEC = InputSpec(112, 112, "arcface")
TARGET = template_points("arcface", 112, 112)


def umeyama(source, target):
    """Umeyama 1991 by singular values, with the sign that forbids a reflection."""
    source, target = np.asarray(source, float), np.asarray(target, float)
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a / len(a))
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = u @ np.diag(sign) @ vt
    scale = (s * sign).sum() / np.square(a).sum(1).mean()
    shift = target.mean(0) - scale * rotation @ source.mean(0)
    return np.hstack([scale * rotation, shift[:, None]])


def bilinear(image, matrix, width, height):
    """Inverse mapping in float64 with a black border, one output pixel at a time by formula."""
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    u, v, _ = np.einsum("ij,jhw->ihw", inverse, np.stack([x, y, np.ones_like(x)]).astype(float))
    padded = np.zeros((image.shape[0] + 4, image.shape[1] + 4, 3))
    padded[2:-2, 2:-2] = image
    u, v = np.clip(u + 2, 0, padded.shape[1] - 2), np.clip(v + 2, 0, padded.shape[0] - 2)
    i, j = np.floor(v).astype(int), np.floor(u).astype(int)
    q, p = (v - i)[..., None], (u - j)[..., None]
    top = padded[i, j] * (1 - p) + padded[i, j + 1] * p
    bottom = padded[i + 1, j] * (1 - p) + padded[i + 1, j + 1] * p
    return top * (1 - q) + bottom * q


def random_points(seed, count=None):
    """Landmarks of a turned, scaled, moved and slightly deformed face."""
    rng = np.random.default_rng(seed)
    angle, scale = rng.uniform(-3, 3), rng.uniform(0.3, 4)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = TARGET @ turn.T + rng.uniform(-50, 300, 2) + rng.normal(0, 3 * scale, (5, 2))
    return points if count is None else np.stack([random_points(seed + n) for n in range(count)])


@pytest.mark.parametrize("seed", range(20))
def test_similarity_is_umeyama(seed):
    points = random_points(seed)
    assert np.allclose(similarity(points, TARGET), umeyama(points, TARGET), rtol=1e-9, atol=1e-9)


def test_a_mirrored_face_is_never_reflected():
    mirrored = TARGET * [-1, 1] + [112, 0]
    matrix = similarity(mirrored, TARGET)
    assert np.linalg.det(matrix[:, :2]) > 0
    assert np.allclose(matrix, umeyama(mirrored, TARGET))


def test_a_known_similarity_is_recovered():
    angle, scale, shift = 0.4, 1.7, np.array([12.0, -5.0])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (np.asarray(TARGET, float) - shift) @ np.linalg.inv(turn).T
    assert np.allclose(similarity(points, TARGET), np.hstack([turn, shift[:, None]]))


def test_a_batch_is_its_rows():
    points = random_points(3, count=7)
    batch = similarity(points, TARGET)
    assert batch.shape == (7, 2, 3)
    assert batch.dtype == np.float64
    for row, one in zip(batch, points, strict=True):
        assert np.allclose(row, similarity(one, TARGET), rtol=1e-12)


def test_spread_is_the_root_mean_square_distance():
    points = np.array([[0, 0], [2, 0], [0, 2], [2, 2], [1, 1]], float)
    assert spread(points) == pytest.approx(np.sqrt(8 / 5))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.full((5, 2), np.nan), "not finite"),
        (np.full((5, 2), 30.0), "coincide"),
        (np.where(np.arange(10).reshape(5, 2) == 4, np.inf, 1.0), "not finite"),
    ],
)
def test_points_without_a_face_are_refused(points, message):
    with pytest.raises(DataError, match=message):
        similarity(points, TARGET)
    with pytest.raises(DataError, match=message):
        similarity(np.stack([TARGET, points]), TARGET)
    assert message in unusable(points)
    assert unusable(TARGET) == ""


def test_points_that_fit_in_no_orientation_are_refused():
    square = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [0, 0]], float) * 10
    with pytest.raises(DataError, match="no orientation"):
        similarity(square * [1, -1], square)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("spec", [SPEC, InputSpec(96, 112, "sphereface")], ids=lambda s: s.template)
def test_warp_is_bilinear_with_black_outside(kit, seed, spec):
    image = kit.smooth(seed, 160, 140)
    points = np.random.default_rng(seed).normal(0, 4, (5, 2)) + TARGET * 0.9 + [20, 15]
    matrix = similarity(points, template_points(spec.template, spec.width, spec.height))
    expected = bilinear(image, matrix, spec.width, spec.height)
    result = warp(image, points, spec)
    assert result.shape == (spec.height, spec.width, 3)
    assert result.dtype == np.uint8
    difference = np.abs(result - expected)
    # OpenCV may count coordinates in 1/32 pixel; only the border has steep edges.
    assert difference.mean() < 0.6
    assert np.percentile(difference, 95) <= 2


def test_what_lies_outside_the_image_is_black():
    image = np.full((80, 80, 3), 255, np.uint8)
    result = warp(image, TARGET + np.array([-60, 0]), SPEC)
    assert (result[:, :55] == 0).all()
    assert (result[:75, 65:] == 255).all()


def test_an_aligned_image_comes_back_bit_for_bit(kit):
    image = kit.smooth(1, 112, 112)
    result = warp(image, TARGET, SPEC)
    assert np.array_equal(result, image)
    result[:] = 0
    assert image.any()


def test_from_arcface_to_sphereface_is_a_crop(kit):
    image = kit.smooth(2, 112, 112)
    result = warp(image, TARGET, InputSpec(96, 112, "sphereface"))
    assert np.abs(result.astype(int) - image[:, 8:104]).max() <= 1


def test_landmarks_land_on_the_template():
    image = np.zeros((300, 300, 3), np.uint8)
    points = TARGET * 2 + [30, 20]
    for x, y in points:
        cv2.circle(image, (round(float(x)), round(float(y))), 4, (255, 255, 255), -1)
    result = warp(image, points, SPEC)
    for x, y in TARGET:
        assert result[round(float(y)), round(float(x))].min() > 200


def test_channels_stay_apart(kit):
    image = kit.smooth(3, 150, 150)
    points = TARGET + np.array([10, 12])
    whole = warp(image, points, SPEC)
    swapped = warp(image[..., ::-1], points, SPEC)
    assert np.array_equal(whole[..., ::-1], swapped)


def test_colour_and_range_of_the_spec_do_not_touch_pixels(kit):
    image = kit.smooth(4, 150, 150)
    other = replace(SPEC, colour="BGR", mean=(0.1, 0.2, 0.3))
    assert np.array_equal(warp(image, TARGET + 9, SPEC), warp(image, TARGET + 9, other))
