"""Draws against the distributions they are named after."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from harness_plugins.generators.bfm.distributions import ControlledGrid, Distribution, Random, Range
from harness_plugins.generators.bfm.params import BfmParams
from harness_plugins.generators.bfm.sampling import coefficients, view

MANY = 20_000
MIXTURE = {
    "type": "mixture",
    "components": [
        [3, {"type": "uniform", "low": -90, "high": 90}],
        [1, {"type": "gaussian", "mean": 200, "std": 2}],
        [1, {"type": "constant", "value": 500}],
    ],
}


def distribution(**values):
    return TypeAdapter(Distribution).validate_python(values)


def drawn(values, count: int = MANY) -> np.ndarray:
    rng = np.random.default_rng(3)
    found = TypeAdapter(Random).validate_python(values)
    return coefficients(rng, count, found, None).astype(float)


def yaws(values, count: int = 2000) -> np.ndarray:
    params, rng = BfmParams(yaw_deg=values), np.random.default_rng(4)
    return np.array([view(params, sample, rng).pose.yaw_deg for sample in range(count)])


@pytest.mark.parametrize("draw", [drawn, yaws])
@pytest.mark.parametrize(
    ("values", "cdf"),
    [
        ({"type": "uniform", "low": -3, "high": 5}, stats.uniform(-3, 8).cdf),
        ({"type": "gaussian", "mean": 2, "std": 30}, stats.norm(2, 30).cdf),
        (
            {"type": "mixture", "components": [[1, {"type": "gaussian", "mean": 2, "std": 3}]]},
            stats.norm(2, 3).cdf,
        ),
        (
            {"type": "mixture", "components": [[2, {"type": "uniform", "low": 0, "high": 1}],
                                               [6, {"type": "uniform", "low": 1, "high": 3}]]},
            lambda x: 0.25 * np.clip(x, 0, 1) + 0.375 * np.clip(x - 1, 0, 2),
        ),
    ],
)  # fmt: skip
def test_draws_follow_their_distribution(draw, values, cdf):
    assert stats.kstest(draw(values), cdf).pvalue > 1e-3


@pytest.mark.parametrize("draw", [drawn, yaws])
def test_a_mixture_has_the_shares_of_its_weights(draw):
    found = draw(MIXTURE)
    shares = [
        (np.abs(found) <= 90).mean(),
        (np.abs(found - 200) < 20).mean(),
        (found == 500).mean(),
    ]
    assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.03)


def test_constant_and_cycle():
    assert (drawn({"type": "constant", "value": 1.5}, 4) == 1.5).all()
    assert yaws({"type": "cycle", "values": [1, 2, 3]}, 5).tolist() == [1, 2, 3, 1, 2]


@pytest.mark.parametrize("values", [{"type": "gaussian", "std": 1}, MIXTURE,
                                    {"type": "uniform", "low": 0, "high": 1}])  # fmt: skip
def test_a_longer_vector_begins_like_a_shorter_one(values):
    assert drawn(values, 50)[:7] == pytest.approx(drawn(values, 7))


def test_coefficients_are_held_within_bounds():
    rng, wide = np.random.default_rng(0), distribution(type="gaussian", std=5.0)
    found = coefficients(rng, 500, wide, 2.0)
    assert np.abs(found).max() == 2.0
    assert found.dtype == np.float32


def test_one_quantity_does_not_depend_on_how_another_is_distributed():
    def pitches(**values):
        rng = np.random.default_rng(8)
        params = BfmParams.model_validate(values)
        return [view(params, sample, rng).pose.pitch_deg for sample in range(5)]

    assert pitches() == pitches(yaw_deg=MIXTURE) == pitches(scaling={"type": "uniform", "low": 1,
                                                                     "high": 2})  # fmt: skip


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"start": -45, "end": 45, "step": 45}, [-45, 0, 45]),
        ({"start": -45, "end": 45, "step": 45, "inclusive": False}, [-45, 0]),
        ({"start": 0, "end": 11.25, "step": 5.625}, [0, 5.625, 11.25]),
        ({"start": 0, "end": 0.3, "step": 0.1}, [0, 0.1, 0.2, 0.3]),
        ({"start": 0, "end": 0.3, "step": 0.1, "inclusive": False}, [0, 0.1, 0.2]),
        ({"start": 0, "end": 10, "step": 4}, [0, 4, 8]),
        ({}, [0]),
    ],
)
def test_ranges(values, expected):
    found = Range(**values)
    assert [found.value(i) for i in range(found.count())] == pytest.approx(expected)


def test_the_grid_runs_through_nested_loops():
    axis = {"start": 0, "end": 1}
    grid = ControlledGrid(
        background=axis, yaw_deg={"start": 5, "end": 7}, roll_deg=axis, light_deg=axis
    )
    expected = [
        (background, yaw, 0, roll, light)
        for background in (0, 1) for yaw in (5, 6, 7) for roll in (0, 1) for light in (0, 1)
    ]  # fmt: skip
    names = ("background", "yaw_deg", "pitch_deg", "roll_deg", "light_deg")
    found = [tuple(grid.at(i)[name] for name in names) for i in range(grid.count())]
    assert found == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"yaw_deg": {"start": 1, "end": 0}}, "is empty"),
        ({"yaw_deg": {"step": 0}}, "greater than 0"),
        ({"background": {"start": 0.5, "end": 1}}, "whole numbers"),
    ],
)
def test_grids_that_make_no_sense(values, message):
    with pytest.raises(ValidationError, match=message):
        ControlledGrid.model_validate(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"type": "mixture", "components": [[0, {"type": "constant"}]]}, "weights"),
        ({"type": "mixture", "components": []}, "at least 1"),
        ({"type": "mixture", "components": [[-1, {"type": "constant"}]]}, "greater than or equal"),
        ({"type": "gaussian", "std": -1}, "greater than or equal"),
        ({"type": "gaussian", "variance": 1}, "std"),
        ({"type": "constant", "value": float("nan")}, "finite"),
    ],
)
def test_distributions_that_make_no_sense(values, message):
    with pytest.raises(ValidationError, match=message):
        BfmParams(pitch_deg=values)
