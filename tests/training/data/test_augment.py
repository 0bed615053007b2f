"""Augmentations: each does what it says, and only that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from harness.align.templates import template_points
from harness.align.warp import similarity
from harness.training.data.augment import (
    adaface,
    crop_in_place,
    erased,
    every,
    greyed,
    jitter,
    lower_resolution,
    mirror,
    misaligned,
    noisy,
    tinted,
)

IMAGE = np.random.default_rng(0).integers(1, 256, (112, 112, 3), np.uint8)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_crop_stays_in_place_on_black():
    areas = []
    for seed in range(200):
        cropped = crop_in_place(IMAGE, rng(seed))
        kept = (cropped != 0).any(2)
        rows, columns = np.flatnonzero(kept.any(1)), np.flatnonzero(kept.any(0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert kept.sum() == height * width
        np.testing.assert_array_equal(cropped[kept], IMAGE[kept])
        areas.append(kept.mean())
        assert 0.7 < width / height < 1.4
    assert 0.18 < min(areas) < 0.25
    assert max(areas) > 0.8


def test_low_resolution_keeps_size_and_loses_detail():
    smooth = cv2.GaussianBlur(IMAGE, (0, 0), 9)
    for seed in range(30):
        lowered = lower_resolution(IMAGE, rng(seed))
        assert lowered.shape == IMAGE.shape
        assert lowered.dtype == np.uint8
    changes = [
        np.abs(lower_resolution(smooth, rng(s)).astype(int) - smooth).mean() for s in range(30)
    ]
    assert np.median(changes) < 3
    assert len({lower_resolution(IMAGE, rng(s)).tobytes() for s in range(30)}) > 20


def test_jitter_by_the_formulas():
    for seed in range(20):
        generator = rng(seed)
        factors = generator.uniform(0.5, 1.5, 3)
        order = generator.permutation(3)
        pixels = IMAGE.astype(np.float64)
        for kind in order:
            luma = pixels @ [0.299, 0.587, 0.114]
            base = {0: 0.0, 1: luma.mean(), 2: luma[..., None]}[int(kind)]
            pixels = np.clip(base + factors[kind] * (pixels - base), 0, 255)
        assert np.abs(jitter(IMAGE, rng(seed)).astype(float) - pixels).max() <= 0.51


def test_mirror_share():
    flip = mirror(0.3)
    generator = rng()
    flipped = [np.array_equal(flip(IMAGE, generator), IMAGE[:, ::-1]) for _ in range(1000)]
    assert np.mean(flipped) == pytest.approx(0.3, abs=0.05)


def test_adaface_probabilities():
    same = [np.array_equal(adaface()(IMAGE, rng(s)), IMAGE) for s in range(600)]
    assert np.mean(same) == pytest.approx(0.8**3 * 0.5, abs=0.06)
    assert np.array_equal(adaface(0, 0, 0, 0)(IMAGE, rng()), IMAGE)
    assert np.array_equal(adaface(0, 0, 0, 1)(IMAGE, rng()), IMAGE[:, ::-1])


CHAIN = every(misaligned(2), adaface(1, 1, 1, 0.5), tinted(0.1), greyed(0.5), erased(1), noisy(0.1))


@pytest.mark.parametrize("step", [adaface(1, 1, 1, 0.5), CHAIN])
def test_only_the_generator_decides(step):
    before = IMAGE.copy()
    assert np.array_equal(step(IMAGE, rng(5)), step(IMAGE, rng(5)))
    assert not np.array_equal(step(IMAGE, rng(5)), step(IMAGE, rng(6)))
    assert np.array_equal(IMAGE, before)
    assert step(IMAGE, rng(5)).dtype == np.uint8


@pytest.mark.parametrize(("width", "left"), [(112, 0), (96, 8)])
def test_misaligned_moves_as_landmarks_of_that_error_do(width, left):
    # An image whose values are coordinates tells where every pixel came from.
    x, y = np.meshgrid(np.arange(width), np.arange(112))
    image = np.stack([x, y, 0 * x], axis=2).astype(np.uint8)
    points = template_points("arcface", 112, 112).astype(float) - (left, 0)
    moved = misaligned(1.5)(image, rng(4)).astype(float)
    errors = 1.5 * rng(4).standard_normal((5, 2))
    matrix = similarity(points + errors, points)
    inside = np.s_[30:80, 30:70]
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    source = np.stack([x, y, np.ones_like(x)], axis=2) @ back.T
    assert np.abs(moved[inside][..., :2] - source[inside][..., :2]).max() <= 0.6
    assert np.abs(source[inside][..., :2] - np.stack([x, y], axis=2)[inside]).max() > 0.5


def test_misaligned_by_nothing_changes_nothing():
    assert np.array_equal(misaligned(0.0)(IMAGE, rng()), IMAGE)


def test_tint_is_one_factor_a_channel():
    grey = np.full((8, 8, 3), 100, np.uint8)
    factors = []
    for seed in range(400):
        made = tinted(0.06)(grey, rng(seed))
        assert (made == made[0, 0]).all()
        factors.append(made[0, 0] / 100)
    assert np.std(factors, axis=0) == pytest.approx([0.06] * 3, abs=0.01)
    assert np.abs(np.corrcoef(np.transpose(factors))[0, 1]) < 0.2


def test_grey_is_luma_in_a_share_of_the_images():
    made = [greyed(0.3)(IMAGE, rng(seed)) for seed in range(500)]
    changed = [image for image in made if not np.array_equal(image, IMAGE)]
    assert len(changed) / 500 == pytest.approx(0.3, abs=0.06)
    luma = IMAGE @ [0.299, 0.587, 0.114]
    assert np.abs(changed[0] - luma[..., None]).max() <= 0.51


def test_erased_is_a_box_of_one_colour():
    sides = []
    for seed in range(300):
        made = erased(1.0)(IMAGE, rng(seed))
        rows, columns = np.nonzero((made != IMAGE).any(2))
        box = made[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        # A pixel of the box may have had that colour before.
        assert len(np.unique(box.reshape(-1, 3), axis=0)) == 1
        sides += list(box.shape[:2])
    assert 13 <= min(sides) <= 16
    assert 46 <= max(sides) <= 49
    kept = [np.array_equal(erased(0.3)(IMAGE, rng(seed)), IMAGE) for seed in range(500)]
    assert np.mean(kept) == pytest.approx(0.7, abs=0.06)


def test_noise_has_its_deviation():
    grey = np.full((112, 112, 3), 128, np.uint8)
    made = noisy(0.02)(grey, rng()).astype(float)
    assert made.std() == pytest.approx(0.02 * 255, rel=0.03)
    assert made.mean() == pytest.approx(128, abs=0.1)
