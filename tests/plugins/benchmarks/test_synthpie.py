from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from harness.faces.face import Slot
from harness_plugins.benchmarks.synthpie.benchmark import (
    SynthPie,
    draw_factor_pairs,
    draw_pairs,
    larger_yaw,
)
from harness_plugins.benchmarks.synthpie.params import FACTORS, SEED, SynthpieParams
from harness_plugins.generators.bfm.params import BfmParams


@pytest.fixture(scope="module")
def rows():
    return np.array(draw_pairs(SynthpieParams()))


def test_ten_folds_of_300_and_300(rows):
    for fold in range(10):
        own = rows[rows[:, 3] == fold]
        assert (own[:, 2] == 1).sum() == (own[:, 2] == 0).sum() == 300


def test_folds_share_no_person(rows):
    people = [set((rows[rows[:, 3] == k][:, :2] // 13).ravel()) for k in range(10)]
    assert all(not people[i] & people[j] for i in range(10) for j in range(i))


def test_genuine_pairs_are_one_person_at_two_angles_and_impostors_two_people(rows):
    genuine = rows[:, 2] == 1
    assert ((rows[:, 0] // 13 == rows[:, 1] // 13) == genuine).all()
    assert (rows[:, 0] != rows[:, 1]).all()


def test_no_pair_stands_twice(rows):
    ordered = np.sort(rows[:, :2], axis=1)
    assert len(np.unique(ordered, axis=0)) == len(rows)


def test_the_list_is_a_function_of_its_seed():
    assert draw_pairs(SynthpieParams()) == draw_pairs(SynthpieParams(image_px=64))
    assert draw_pairs(SynthpieParams()) != draw_pairs(SynthpieParams(list_seed=1))


def test_all_angles_are_used(rows):
    assert set(rows[:, :2].ravel() % 13) == set(range(13))


def test_too_few_people_are_refused():
    with pytest.raises(ValidationError, match="raise identities"):
        SynthpieParams(identities=10)


def test_the_rendered_identities_are_requested_from_the_generator():
    request = SynthpieParams(identities=20, folds=2, image_px=64).requests()["faces"]
    assert request.generator == "bfm"
    assert request.params["identities"] == 20
    assert request.params["images_per_id"] == 13


def test_the_factors_cost_no_more_images_than_the_angles():
    requests = SynthpieParams().requests()
    count = {k: r.params["identities"] * r.params["images_per_id"] for k, r in requests.items()}
    assert count["varied"] <= count["faces"] == 1300
    assert {r.seed for r in requests.values()} == {SEED}


def test_an_image_of_the_factors_differs_from_the_reference_in_one_parameter():
    params = SynthpieParams(factors={"yaw_deg": [30, 60], "occlusion": [0.2]})
    asked = BfmParams.model_validate(params.requests()["varied"].params)
    states = [{name: getattr(asked, name).values[i] for name in FACTORS} for i in range(4)]
    assert states[0] == {**dict.fromkeys(FACTORS, 0.0), "resolution_px": 112.0}
    changed = [{k: v for k, v in state.items() if v != states[0][k]} for state in states[1:]]
    assert changed == [{"yaw_deg": 30.0}, {"yaw_deg": 60.0}, {"occlusion": 0.2}]
    assert asked.images_per_id == 4


def test_factor_pairs_hold_a_reference_and_a_varied_image_within_a_fold():
    params = SynthpieParams()
    rows, strata = draw_factor_pairs(params)
    first, second, genuine, fold = np.array(rows).T
    states = 1 + len(params.levels())
    assert (first % states == 0).all()
    assert (second % states > 0).all()
    assert ((first // states == second // states) == genuine.astype(bool)).all()
    assert (first // states // 4 == fold).all()
    assert (second // states // 4 == fold).all()
    values = np.array([strata[name] for name in FACTORS])
    assert (np.isfinite(values).sum(axis=0) == 1).all()
    for number, (name, value) in enumerate(params.levels(), start=1):
        of_level = strata[name] == value
        assert np.array_equal(of_level, second % states == number)
        assert genuine[of_level].sum() == (of_level & (genuine == 0)).sum() == 40


def test_without_factors_there_is_one_comparison_and_one_set():
    params = SynthpieParams(factors={})
    assert params.comparison_names() == ("verification",)
    assert set(params.requests()) == {"faces"}
    assert SynthpieParams().comparison_names() == ("verification", "factors")


def test_too_few_people_for_the_factors_are_refused():
    with pytest.raises(ValidationError, match="raise factor_identities"):
        SynthpieParams(factor_identities=10)


class Bench:
    """Two face sets with nothing on them, of which only names and people matter."""

    limit = None

    def __init__(self, requests):
        self._requests = requests

    def faces(self, name):
        asked = self._requests[name].params
        slots = [Slot(i, k) for i in range(asked["identities"])
                 for k in range(asked["images_per_id"])]  # fmt: skip
        return FakeSet(slots)


class FakeSet:
    template = None

    def __init__(self, slots):
        self.names = [f"{s.identity}/{s.sample}" for s in slots]
        self.landmarks = np.zeros((len(slots), 5, 2), np.float32)
        self.boxes = np.zeros((len(slots), 4), np.float32)
        self.subjects = np.array([s.identity for s in slots])

    def __len__(self):
        return len(self.names)


def test_the_factors_are_a_cell_of_their_own_and_leave_the_pairs_of_the_angles_alone():
    params = SynthpieParams(
        identities=20, folds=2, pairs_per_fold=50, factor_identities=6, rule="exact"
    )
    benchmark = SynthPie(params)
    benchmark.prepare(Bench(params.requests()))
    alone = params.model_copy(update={"factors": {}})
    bare = SynthPie(alone)
    bare.prepare(Bench(alone.requests()))
    poses, factors = (benchmark.comparison(name) for name in params.comparison_names())
    assert poses.protocol() == bare.comparison("verification").protocol()
    assert poses.strata["yaw_deg"].tolist() == larger_yaw(params, draw_pairs(params)).tolist()
    assert poses.protocol()["id"] == "synthpie/exact@1"
    assert factors.protocol()["id"] == "synthpie/factors/exact@1"
    assert factors.first.min() == 260
    assert {benchmark.images().names[i].split("/")[0] for i in factors.second} == {"varied"}
    assert (factors.subjects[:, 0] == factors.subjects[:, 1]).tolist() == factors.genuine.tolist()


@pytest.mark.parametrize("limit", [1, 3, 40, 1000])
def test_a_trial_keeps_the_images_of_its_pairs_and_the_same_scores(limit):
    """The same pairs of the same names as of the whole list, from fewer images."""
    params = SynthpieParams(identities=20, folds=2, pairs_per_fold=50, factor_identities=6)
    whole, trial = SynthPie(params), SynthPie(params)
    whole.prepare(Bench(params.requests()))
    asked = Bench(params.requests())
    asked.limit = limit
    trial.prepare(asked)
    used = set()
    for name in params.comparison_names():
        every, few = whole.comparison(name), trial.comparison(name)
        kept = np.zeros(len(every.genuine), bool)
        for fold in range(2):
            for same in (True, False):
                kept[np.flatnonzero((every.fold == fold) & (every.genuine == same))[:limit]] = True
        for side in ("first", "second"):
            names = [whole.images().names[i] for i in getattr(every, side)[kept]]
            assert [trial.images().names[i] for i in getattr(few, side)] == names
            used |= set(names)
        assert few.genuine.tolist() == every.genuine[kept].tolist()
        for key, values in every.strata.items():
            assert np.array_equal(few.strata[key], values[kept], equal_nan=True)
    assert set(trial.images().names) == used
    assert len(trial.images()) == len(used)
    if limit == 1:
        assert len(used) <= 16 < len(whole.images())


def test_the_small_preset_is_a_tenth_of_the_images():
    small = SynthpieParams.model_validate(SynthpieParams.presets["small"])
    assert small.requests()["faces"].params["identities"] * 13 == 260
    assert small.comparison_names() == ("verification",)
    assert len(draw_pairs(small)) == 2 * 10 * 100
    assert "facenet" in SynthpieParams.presets
