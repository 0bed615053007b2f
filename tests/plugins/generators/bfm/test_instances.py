"""Instances of a morphable model: the formula, and bits that do not depend on how many are made."""

from __future__ import annotations

import numpy as np
import pytest

from harness_plugins.generators.bfm.model.morphable import Modes


@pytest.fixture(scope="module")
def modes():
    rng = np.random.default_rng(0)
    # More than one block of the sum, and ranks that four does not divide.
    mean = rng.normal(size=(3, 1500)).astype(np.float32)
    return Modes.of(mean, rng.normal(size=(7, 3, 1500)).astype(np.float32))


@pytest.mark.parametrize("given", [0, 1, 4, 7])
def test_an_instance_is_the_mean_plus_its_weighted_modes(modes, given):
    weights = np.random.default_rng(given).normal(size=given).astype(np.float32)
    expected = modes.mean + np.tensordot(weights.astype(float), modes.basis[:given], axes=1)
    assert modes.instance(weights) == pytest.approx(expected, abs=1e-5)


def test_modes_are_kept_to_a_part_in_sixty_thousand():
    rng = np.random.default_rng(5)
    basis, lengths = rng.normal(size=(3, 3, 40)), np.array([2.0, 0.0, 1e-3])
    kept = Modes.of(np.zeros((3, 40)), basis, lengths)
    whole = basis * lengths[:, None, None]
    error = np.abs(kept.basis - whole).max(axis=(1, 2))
    assert (error <= np.abs(whole).max(axis=(1, 2)) * (0.5 / 32767 + 1e-6)).all()
    assert not kept.basis[1].any()
    again = Modes.of(kept.mean, kept.basis)
    assert np.array_equal(again.steps, kept.steps)
    assert kept.steps.dtype == np.int16


def test_instances_together_have_the_bits_of_each_alone(modes):
    weights = np.random.default_rng(3).normal(size=(9, 7)).astype(np.float32)
    together = modes.instances(weights)
    for one, alone in zip(together, weights, strict=True):
        assert np.array_equal(one, modes.instance(alone))
    assert np.array_equal(modes.instances(weights[:2]), together[:2])


def test_more_coefficients_than_modes_are_refused(modes):
    with pytest.raises(ValueError, match="8 coefficients for 7 modes"):
        modes.instance(np.zeros(8, np.float32))
