"""Covering and coarsening an image."""

from __future__ import annotations

import numpy as np
import pytest

from harness.seeds import stream
from harness_plugins.generators.bfm.degrade import coarsen, cover, noisy

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


def test_noise_has_the_deviation_asked_for_on_every_value() -> None:
    pixels = np.full((200, 200, 3), 128, np.uint8)
    change = noisy(pixels, 0.04, stream(0, "n")).astype(float) - 128
    # Of 120,000 draws the deviation is known to 0.2 %; rounding adds 1/12 to the variance.
    assert change.std() == pytest.approx(np.sqrt((0.04 * 255) ** 2 + 1 / 12), rel=0.01)
    assert abs(change.mean()) < 0.15
    neighbours = np.corrcoef(change[:, :-1].ravel(), change[:, 1:].ravel())[0, 1]
    channels = np.corrcoef(change[..., 0].ravel(), change[..., 1].ravel())[0, 1]
    assert abs(neighbours) < 0.02
    assert abs(channels) < 0.02


def test_noise_is_cut_at_black_and_white_and_follows_the_seed() -> None:
    ends = np.zeros((40, 40, 3), np.uint8)
    ends[20:] = 255
    first, again, other = (noisy(ends, 0.1, stream(seed, "n")) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    # Half of the draws leave the range: they stay at its end, none comes back at the other.
    assert (first[:20] == 0).mean() == pytest.approx(0.5, abs=0.05)
    assert (first[20:] == 255).mean() == pytest.approx(0.5, abs=0.05)
    assert (first[:20] < 128).all()
