"""Which labels are names of people."""

from __future__ import annotations

import pytest

from harness.faces.namesakes import names_among, person_names


@pytest.mark.parametrize(
    "label",
    ["Aaron_Eckhart", "Madonna", "José", "O'Brien", "50_Cent", "王伟", "J.J._Abrams", "m.0b4jx"],
)
def test_names(label):
    assert person_names(label) == (label,)


@pytest.mark.parametrize(
    "label",
    ["601", "0007", "person0", "person_0", "id-12", "s1", "n000001", "a3f9", "x", "", "01/02",
     "3fa85f64-5717", "Subject 12", "m.0"],
)  # fmt: skip
def test_numbers_counters_and_codes_are_not_names(label):
    assert person_names(label) == ()


def test_every_folder_of_a_path_may_be_the_name():
    assert names_among(["train/Ann_Lee/01", "Bo_Li", "train/Ann_Lee/02", "7"]) == [
        "Ann_Lee", "Bo_Li", "train",
    ]  # fmt: skip
