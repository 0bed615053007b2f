from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from harness.align.aligned import AlignedImages
from harness.align.place import Rule, place
from harness.align.templates import template_points
from harness.align.warp import warp
from harness.components import InputSpec
from harness.errors import DataError

SPEC = InputSpec(96, 96, "arcface")
POINTS = template_points("arcface", 112, 112)


@pytest.fixture
def aligned(kit):
    pixels = [kit.smooth(seed, 130, 120) for seed in range(6)]
    landmarks = np.stack([POINTS + seed for seed in range(6)])
    landmarks[2] = np.nan
    images = kit.Images([kit.encode(p) for p in pixels], landmarks=landmarks)
    images.files[4] = images.files[4][:100]
    return AlignedImages(images, place(images, Rule()), SPEC), pixels, landmarks


def test_images_are_the_warp_of_the_decoded_file(aligned):
    faces, pixels, landmarks = aligned
    assert len(faces) == 6
    for index in (0, 1, 3, 5):
        assert faces.failed(index) is None
        assert np.array_equal(faces.image(index), warp(pixels[index], landmarks[index], SPEC))


def test_failures_are_named(aligned):
    faces, _, _ = aligned
    assert faces.failed(2) == "no landmarks are given"
    with pytest.raises(DataError, match=r"^face-2\.png: cannot be aligned, no landmarks are given"):
        faces.image(2)
    with pytest.raises(DataError, match=r"^face-4\.png: .*cut short"):
        faces.image(4)


def test_threads_see_the_same_images(aligned):
    faces, _, _ = aligned
    order = [0, 1, 3, 5] * 25
    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(faces.image, order))
    assert all(np.array_equal(p, faces.image(i)) for p, i in zip(parallel, order, strict=True))


def test_placements_of_another_set_are_refused(kit, aligned):
    faces, _, _ = aligned
    with pytest.raises(DataError, match="6 placements cannot belong to 1 images"):
        AlignedImages(kit.Images([b""]), faces.placements, SPEC)
