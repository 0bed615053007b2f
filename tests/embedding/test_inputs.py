"""Pixels to network input, by hand and in both libraries."""

from __future__ import annotations

import numpy as np
import pytest

from harness.components import InputSpec
from harness.embedding.inputs import to_array, to_tensor
from harness.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 4, 3, 3), np.uint8)


@pytest.mark.parametrize("colour", ["RGB", "BGR"])
def test_every_value_by_hand_and_alike_in_torch(colour):
    spec = InputSpec(3, 4, "arcface", colour, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    ours = to_array(IMAGES, spec)
    assert ours.shape == (2, 3, 4, 3)
    assert ours.dtype == np.float32
    for channel in range(3):
        source = channel if colour == "RGB" else 2 - channel
        expected = (IMAGES[..., source] / 255 - spec.mean[channel]) / spec.std[channel]
        np.testing.assert_allclose(ours[:, channel], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(to_tensor(IMAGES, spec).numpy(), ours, atol=1e-6)


@pytest.mark.parametrize("images", [IMAGES[:, :3], IMAGES.astype(np.float32), IMAGES[..., :1]])
def test_a_mismatch_is_an_error(images):
    with pytest.raises(DataError, match="3x4"):
        to_array(images, InputSpec(3, 4, "arcface"))
