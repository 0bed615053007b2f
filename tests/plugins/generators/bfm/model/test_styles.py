"""Styles: drawing looks and applying them."""

from __future__ import annotations

import numpy as np
import pytest

from harness.seeds import stream
from harness_plugins.generators.bfm.model.styles import Styles


@pytest.fixture
def styles() -> Styles:
    rng = stream(0, "styles")
    return Styles(
        names=("cut", "beard", "glasses"),
        shape=rng.standard_normal((3, 3, 5)).astype(np.float32),
        colour=rng.standard_normal((3, 3, 5)).astype(np.float32),
        chance=np.array([1.0, 0.3, 0.1], np.float32),
    )


def test_rare_styles_come_as_often_as_stated(styles: Styles) -> None:
    rng = stream(1, "looks")
    looks = np.array([styles.draw(rng) for _ in range(4000)])
    assert (looks[:, 0] != 0).all()
    assert abs(looks[:, 0].mean()) < 0.05
    assert abs(looks[:, 0].std() - 0.98) < 0.05
    for k, chance in ((1, 0.3), (2, 0.1)):
        worn = looks[:, k] != 0
        assert abs(worn.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / 4000)
        assert looks[worn, k].min() >= 0.55
        assert looks[worn, k].max() <= 1.0


def test_a_look_adds_its_styles_and_leaves_the_identity_alone(styles: Styles) -> None:
    shape, colour = np.ones((3, 5), np.float32), np.full((3, 5), 0.5, np.float32)
    strengths = np.array([1.5, 0.0, 0.7], np.float32)
    points, albedo = styles.apply(strengths, shape, colour)
    np.testing.assert_allclose(points, 1 + np.tensordot(strengths, styles.shape, 1), rtol=1e-5)
    np.testing.assert_allclose(albedo, 0.5 + np.tensordot(strengths, styles.colour, 1), rtol=1e-5)
    assert (shape == 1).all()
    assert (colour == 0.5).all()
