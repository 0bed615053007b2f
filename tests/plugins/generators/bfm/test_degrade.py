"""Covering and coarsening an image."""

from __future__ import annotations

import numpy as np
import pytest

from harness.seeds import stream
from harness_plugins.generators.bfm.degrade import coarsen, cover

BOX = np.array([20.0, 30.0, 79.0, 89.0], np.float32)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.6])
@pytest.mark.parametrize("seed", range(6))
def test_the_covered_share_of_the_box_is_the_one_asked_for(share: float, seed: int) -> None:
    pixels = np.full((112, 112, 3), 7, np.uint8)
    out = cover(pixels, BOX, share, stream(seed, "cover"))
    inside = out[30:90, 20:80]
    changed = (inside != 7).any(axis=2).mean()
    # The texture may itself hold the grey 7 somewhere.
    assert share - 0.02 <= changed <= share + 1e-3
    assert (pixels == 7).all()


def test_the_same_seed_covers_alike_and_another_one_elsewhere() -> None:
    pixels = stream(0, "pixels").integers(0, 256, (112, 112, 3), dtype=np.uint8)
    first, again, other = (cover(pixels, BOX, 0.3, stream(seed, "c")) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_coarse_image_holds_the_means_of_its_blocks() -> None:
    pixels = stream(0, "pixels").integers(0, 256, (112, 112, 3), dtype=np.uint8)
    assert coarsen(pixels, 200.0) is pixels
    out = coarsen(pixels, 28.0)
    assert out.shape == pixels.shape
    blocks = pixels.reshape(28, 4, 28, 4, 3).mean(axis=(1, 3))
    # At the centre of a block bilinear enlarging gives (almost) the block itself.
    centre = out[1::4, 1::4].astype(float) * 0.25 + out[2::4, 2::4] * 0.25
    centre += out[1::4, 2::4] * 0.25 + out[2::4, 1::4] * 0.25
    assert abs(centre - blocks).mean() < 8
    assert out.std() < pixels.std() / 2
