from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate
from scipy.spatial.transform import Rotation, Slerp

from harness.errors import DataError
from harness_plugins.generators.digi2real.prototypes import (
    angle,
    directions,
    draw_t,
    prototype,
    slerp,
    unit,
)


def test_the_prototype_is_the_normalised_mean(random_units):
    rows = random_units(5, 512)
    expected = rows.astype(np.float64).mean(axis=0)
    expected /= np.sqrt((expected**2).sum())
    assert prototype(rows) == pytest.approx(expected, abs=1e-6)
    assert prototype(rows * 7) == pytest.approx(expected, abs=1e-6)
    assert prototype(rows).dtype == np.float32


def test_a_prototype_of_nothing_is_refused(random_units):
    one = random_units(1, 8)
    for rows, reason in [
        (np.empty((0, 8)), "no image"),
        (np.stack([one[0], -one[0]]), "cancel"),
        (np.zeros((2, 8)), "zero or not finite"),
        (np.full((2, 8), np.nan), "zero or not finite"),
    ]:
        with pytest.raises(DataError, match=reason):
            prototype(rows)


def test_slerp_is_that_of_rotations():
    """Shoemake's formula on quaternions, which scipy interpolates as rotations."""
    rng = np.random.default_rng(3)
    for t in (0.0, 0.2, 0.5, 0.9, 1.0):
        first = unit(rng.standard_normal((1, 4)))[0]
        second = unit(rng.standard_normal((1, 4)))[0]
        second = second if first @ second > 0 else -second
        expected = Slerp([0, 1], Rotation.from_quat([first, second]))(t).as_quat()
        found = slerp(first, second, t)
        assert found * np.sign(found @ expected) == pytest.approx(expected, abs=1e-6)


def test_slerp_moves_along_the_arc_at_even_speed(random_units):
    first, second = random_units(2, 512)
    omega = angle(first, second)
    for t in (0.0, 0.25, 0.7, 1.0):
        point = slerp(first, second, t)
        assert np.linalg.norm(point) == pytest.approx(1, abs=1e-6)
        assert angle(first, point) == pytest.approx(t * omega, abs=1e-3)
        assert angle(point, second) == pytest.approx((1 - t) * omega, abs=1e-3)


def test_slerp_at_tiny_angles_and_at_opposite_ones(random_units):
    first, other = random_units(2, 512).astype(np.float64)
    sideways = other - (other @ first) * first
    sideways /= np.linalg.norm(sideways)
    for small in (0.0, 1e-12, 0.99e-4, 1.01e-4):
        near = np.cos(small) * first + np.sin(small) * sideways
        exact = np.cos(0.3 * small) * first + np.sin(0.3 * small) * sideways
        assert slerp(first, near, 0.3) == pytest.approx(exact, abs=1e-7)
    with pytest.raises(DataError, match="opposite"):
        slerp(first, -first, 0.5)
    nearly = np.cos(np.pi - 2e-3) * first + np.sin(np.pi - 2e-3) * sideways
    assert np.isfinite(slerp(first, nearly, 0.5)).all()


def test_the_angle_is_clamped():
    long = np.array([1.0000001, 0, 0], np.float32)
    assert angle(long, long) == 0
    assert angle(long, -long) == pytest.approx(np.pi)


def test_opposite_samples_are_no_directions(random_units):
    mean, side = random_units(2, 16)
    assert directions(mean, np.stack([side, -mean, mean])) == [0, 2]


def test_one_image_gives_itself_for_every_t(random_units):
    (only,) = random_units(1, 64)
    mean = prototype(only[None])
    for t in (0.0, 0.4, 1.0):
        assert slerp(mean, only, t) == pytest.approx(only, abs=1e-6)


@pytest.mark.parametrize(("alpha", "std"), [(1.0, 0.28868), (2.0, 0.22361)])
def test_t_follows_a_beta_distribution(alpha, std):
    density = lambda t: (t * (1 - t)) ** (alpha - 1)  # noqa: E731
    total = integrate.quad(density, 0, 1)[0]
    spread = integrate.quad(lambda t: (t - 0.5) ** 2 * density(t), 0, 1)[0] / total
    assert np.sqrt(spread) == pytest.approx(std, abs=1e-5)
    rng = np.random.default_rng(5)
    drawn = np.array([draw_t(rng, alpha, alpha) for _ in range(4000)])
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    assert drawn.std() == pytest.approx(std, abs=0.01)
