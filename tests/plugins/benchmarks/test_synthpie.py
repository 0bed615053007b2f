from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from harness_plugins.benchmarks.synthpie.benchmark import draw_pairs
from harness_plugins.benchmarks.synthpie.params import Params


@pytest.fixture(scope="module")
def rows():
    return np.array(draw_pairs(Params()))


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
    assert draw_pairs(Params()) == draw_pairs(Params(image_px=64))
    assert draw_pairs(Params()) != draw_pairs(Params(list_seed=1))


def test_all_angles_are_used(rows):
    assert set(rows[:, :2].ravel() % 13) == set(range(13))


def test_too_few_people_are_refused():
    with pytest.raises(ValidationError, match="raise identities"):
        Params(identities=10)


def test_the_rendered_identities_are_requested_from_the_generator():
    request = Params(identities=20, folds=2, image_px=64).requests()["faces"]
    assert request.generator == "bfm"
    assert request.params["identities"] == 20
    assert request.params["images_per_id"] == 13
