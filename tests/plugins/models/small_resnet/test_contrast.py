"""Local contrast normalisation against scipy, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from harness_plugins.models.small_resnet.contrast import FLOOR, LIMIT, LocalContrast, blurring

SIDE = 24


def images(count=3):
    return np.random.default_rng(0).normal(size=(count, 3, SIDE, SIDE)).astype(np.float32)


def blurred(plane, sigma):
    return gaussian_filter(plane.astype(np.float64), sigma, mode="mirror", truncate=2.0)


@pytest.mark.parametrize("sigma", [0.5, 2.5, 4.0, 11.5])
def test_it_is_subtraction_and_division_by_what_is_around(sigma):
    found = LocalContrast(SIDE, sigma)(torch.from_numpy(images())).numpy()
    for image, mine in zip(images(), found, strict=True):
        apart = np.stack([plane - blurred(plane, sigma) for plane in image])
        deviation = np.sqrt(blurred((apart**2).mean(0), sigma))
        expected = np.clip(apart / (deviation + FLOOR), -LIMIT, LIMIT)
        np.testing.assert_allclose(mine, expected, atol=2e-5)


def test_a_blur_keeps_the_sum_of_its_weights():
    np.testing.assert_allclose(blurring(64, 16.0).sum(1), 1, rtol=1e-5)


def test_slow_light_leaves_little_and_a_flat_image_nothing():
    layer, plain = LocalContrast(SIDE, 2.0), torch.from_numpy(images())
    ramp = torch.linspace(-4, 4, SIDE)[:, None]
    assert (layer(plain + ramp) - layer(plain)).abs().mean() < 0.1 * layer(plain).abs().mean()
    lit = layer(plain * torch.linspace(1.0, 3.0, SIDE))
    assert (lit - layer(plain)).abs().mean() < 0.1 * layer(plain).abs().mean()
    assert layer(torch.full((1, 3, SIDE, SIDE), 0.7)).abs().max() < 1e-4


def test_half_precision_around_it_changes_nothing():
    layer, plain = LocalContrast(SIDE, 2.0), torch.from_numpy(images())
    with torch.autocast("cpu", torch.bfloat16):
        inside = layer(plain)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, layer(plain), rtol=0, atol=0)


def test_it_has_no_weights():
    assert not LocalContrast(SIDE, 2.0).state_dict()
