from __future__ import annotations

import numpy as np
import pytest

from harness_plugins.aligners.mtcnn.bilinear import BilinearPixels


@pytest.mark.parametrize("scale", [0.6, 0.31, 1.0, 0.5, 1.7])
def test_levels_against_the_formula(kit, scale):
    images = [kit.scene(seed, 107, 83) for seed in (0, 1)]
    level = BilinearPixels(images, "cpu").level(scale)
    size = int(np.ceil(83 * scale)), int(np.ceil(107 * scale))
    assert level.shape == (2, 3, *size)
    for image, result in zip(images, level, strict=True):
        assert (result == kit.plain.resized(image, *size, "bilinear")[0]).all()


@pytest.mark.parametrize("size", [24, 48])
def test_crops_are_black_outside_the_image(kit, size):
    images = [kit.scene(seed, 90, 70) for seed in (2, 3)]
    spans = np.array([[0, 70, 0, 90], [10, 35, 20, 44], [3, 4, 5, 7], [-20, 60, 40, 130]])
    numbers = np.array([0, 1, 1, 0])
    result = BilinearPixels(images, "cpu").crops(numbers, spans, size)
    for number, (top, bottom, left, right), crop in zip(numbers, spans, result, strict=True):
        framed = np.pad(images[number], ((200, 200), (200, 200), (0, 0)))
        part = framed[top + 200 : bottom + 200, left + 200 : right + 200]
        assert (crop == kit.plain.resized(part, size, size, "bilinear")[0]).all()
