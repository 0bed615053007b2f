"""Lights against the shading they are meant to give, and the reader of the illumination prior."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.errors import DataError, PrerequisiteError
from harness_plugins.generators.bfm.bip import Prior, read_lights
from harness_plugins.generators.bfm.params import BfmParams
from harness_plugins.generators.bfm.rendering import illumination
from harness_plugins.generators.bfm.rendering.shading import radiance

ORDER_OF_VERSION_1 = (0, 3, 1, 2, 6, 5, 7, 4, 8)
"""Our coefficient that is at each place of an old file."""


def normals(count: int = 50) -> np.ndarray:
    found = np.random.default_rng(0).normal(size=(count, 3))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def shading(light) -> np.ndarray:
    return radiance(normals(), light)


def test_static_frontal_has_its_published_numbers():
    light = illumination.static_frontal()
    assert light[0] == pytest.approx(0.9027033337)
    assert light[2] == pytest.approx(0.1954410048)
    assert np.count_nonzero(light) == 6


@pytest.mark.parametrize("angle", [0.0, 30.0, -90.0, 11.25])
def test_the_controlled_light_turns_around_the_view_axis(angle):
    i = np.deg2rad(angle)
    direction = np.array([-np.sqrt(0.75) * np.sin(i), np.sqrt(0.75) * np.cos(i), 0.5])
    expected = 0.5 + 0.5 * normals() @ direction
    found = shading(illumination.around(angle))
    assert found == pytest.approx(np.repeat(expected[:, None], 3, axis=1))


def test_energy_and_grey_come_in_this_order():
    light = np.random.default_rng(1).normal(size=(9, 3))
    scaled = illumination.adjusted(light, 6.33, colour=True)
    assert (scaled**2).sum() == pytest.approx(6.33)
    assert scaled / light == pytest.approx(np.full((9, 3), scaled[0, 0] / light[0, 0]))
    grey = illumination.adjusted(light, 6.33, colour=False)
    assert grey == pytest.approx(np.repeat(scaled.mean(axis=1)[:, None], 3, axis=1))


def lights(count: int = 12, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 9, 3)).round(6)


def as_json(light: np.ndarray, version: str) -> dict:
    rows = light.tolist()
    if version == "V4.0":
        return {"version": version, "environmentMap": {"coefficients": rows}}
    if version in ("V2.0", "V3.0"):
        return {"version": version, "illumination": {"coefficients": rows}}
    old = {"sphericalHarmonicsLight": [rows[i] for i in ORDER_OF_VERSION_1]}
    return old if version == "none" else {"version": version, **old}


VERSIONS = ("V4.0", "V3.0", "V2.0", "1.0", "", "legacy", "none")


@pytest.fixture
def prior(tmp_path):
    (tmp_path / "parameters").mkdir()
    for number, light in enumerate(lights()):
        # Names whose order as numbers is not their order as text.
        path = tmp_path / "parameters" / f"{number + 5}.rps"
        path.write_text(json.dumps(as_json(light, VERSIONS[number % len(VERSIONS)])))
    return tmp_path


def test_every_version_is_read_in_natural_order(prior):
    assert read_lights(prior) == pytest.approx(lights())
    assert read_lights(prior / "parameters") == pytest.approx(lights())


def test_few_coefficients_are_padded_and_more_than_nine_cut(tmp_path):
    for name, rows in (("1", 4), ("2", 16)):
        light = np.arange(3 * rows, dtype=float).reshape(rows, 3) + 1
        (tmp_path / f"{name}.rps").write_text(json.dumps(as_json(light, "V4.0")))
    few, many = read_lights(tmp_path)
    assert few.ravel().tolist() == [*range(1, 13), *([0] * 15)]
    assert many.ravel().tolist() == list(range(1, 28))


def drawn(prior, count: int = 400, **values):
    params = BfmParams(bip_folder=prior, **values)
    source = illumination.Lights(params)
    return np.stack([source.draw(0, np.random.default_rng(i)) for i in range(count)])


def test_empirical_draws_the_files_evenly(prior):
    found = drawn(prior, light="empirical")
    which = np.abs(found[:, None] - lights()).max(axis=(2, 3)).argmin(axis=1)
    assert (found == lights()[which]).all()
    assert np.bincount(which, minlength=12).min() > 400 / 12 / 3


def test_multivariate_normal_has_mean_and_covariance_of_the_files(tmp_path):
    mixing = np.random.default_rng(5).normal(size=(27, 27))
    many = (np.random.default_rng(6).normal(size=(60, 27)) @ mixing + 3).reshape(-1, 9, 3)
    for number, light in enumerate(many):
        (tmp_path / f"{number}.rps").write_text(json.dumps(as_json(light, "V4.0")))
    source, rng = Prior(tmp_path), np.random.default_rng(7)
    found = np.stack([source.normal(rng).ravel() for _ in range(20_000)])
    flat = many.reshape(-1, 27)
    spread = np.sqrt(np.diag(np.cov(flat.T)))
    assert (np.abs(found.mean(axis=0) - flat.mean(axis=0)) < 0.05 * spread).all()
    apart = np.abs(np.cov(found.T) - np.cov(flat.T)) / np.outer(spread, spread)
    assert apart.max() < 0.06


def test_energy_and_colour_apply_to_the_prior(prior):
    found = drawn(prior, 5, light="empirical", light_energy=2.0)
    assert (found**2).sum(axis=(1, 2)) == pytest.approx(np.full(5, 2.0))
    grey = drawn(prior, 5, light="multivariate-normal", light_colour=False)
    assert np.ptp(grey, axis=2) == pytest.approx(np.zeros((5, 9)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "no JSON object"),
        ('{"version": "V9.0"}', "V9.0"),
        ('{"version": "V4.0"}', "no spherical-harmonics light"),
        ('{"version": "V4.0", "environmentMap": {"coefficients": []}}', "no light of rows"),
        ('{"version": "V4.0", "environmentMap": {"coefficients": [[1, 2]]}}', "no light of rows"),
        ('{"version": "V4.0", "environmentMap": {"coefficients": [[1, 2, NaN]]}}', "no light of"),
        ('{"version": "V4.0", "environmentMap": {"coefficients": [[1, "a", 2]]}}', "no spherical"),
        ('{"version": "V3.0", "illumination": {"coefficients": [[0, 0, 0]]}}', "zeros"),
    ],
)
def test_files_without_a_light_are_named(prior, content, message):
    (prior / "parameters" / "77.rps").write_text(content)
    with pytest.raises(DataError, match=message) as error:
        read_lights(prior)
    assert "77.rps" in str(error.value)


def test_an_empty_folder(tmp_path):
    with pytest.raises(PrerequisiteError, match=r"holds no \.rps file"):
        read_lights(tmp_path)
