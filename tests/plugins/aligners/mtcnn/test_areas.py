from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from harness_plugins.aligners.mtcnn import areas


def expected(image, size):
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].double()
    return ((interpolate(pixels, size, mode="area") - 127.5) / 128)[0].float()


@pytest.mark.parametrize("size", [(41, 53), (17, 11), (83, 107), (12, 1), (100, 120)])
def test_levels_are_area_means(kit, size):
    images = [kit.scene(seed, 107, 83) for seed in (0, 1)]
    level = areas.pyramid_level(areas.tables(images, "cpu"), *size)
    assert level.shape == (2, 3, *size)
    for image, result in zip(images, level, strict=True):
        assert torch.allclose(result, expected(image, size), atol=2e-6)


@pytest.mark.parametrize("size", [24, 48])
def test_crops_are_area_means_of_the_crop(kit, size):
    images = [kit.scene(seed, 90, 70) for seed in (2, 3)]
    spans = np.array([[0, 70, 0, 90], [10, 35, 20, 44], [3, 4, 5, 7], [-20, 60, 40, 130]])
    numbers = np.array([0, 1, 1, 0])
    result = areas.crops(
        areas.tables(images, "cpu"), torch.from_numpy(numbers), torch.from_numpy(spans), size
    )
    for number, (top, bottom, left, right), crop in zip(numbers, spans, result, strict=True):
        framed = np.pad(images[number], ((200, 200), (200, 200), (0, 0)))
        part = framed[top + 200 : bottom + 200, left + 200 : right + 200]
        assert torch.allclose(crop, expected(part, (size, size)), atol=2e-6)


def test_sums_that_wrap_around_are_still_exact():
    """3000 x 3000 white pixels add up to more than 31 bits."""
    image = np.full((3000, 3000, 3), 255, np.uint8)
    table = areas.tables([image], "cpu")
    assert int(table[0, -1, -1, 0]) < 0
    assert (areas.pyramid_level(table, 50, 60) == (255 - 127.5) / 128).all()
    span = torch.tensor([[2900, 3000, 2800, 3000]])
    assert (areas.crops(table, torch.tensor([0]), span, 24) == (255 - 127.5) / 128).all()
