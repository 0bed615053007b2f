"""Augmentations: each does what it says, and only that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from harness.training.augment import adaface, crop_in_place, jitter, lower_resolution, mirror

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


def test_only_the_generator_decides():
    every = adaface(1, 1, 1, 0.5)
    assert np.array_equal(every(IMAGE, rng(5)), every(IMAGE, rng(5)))
    assert not np.array_equal(every(IMAGE, rng(5)), every(IMAGE, rng(6)))
