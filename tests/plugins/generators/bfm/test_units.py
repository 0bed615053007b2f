"""Face models in another unit are refused whatever the form of their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.generators.bfm.embedded import build
from harness_plugins.generators.bfm.model.h5_model import read_h5
from harness_plugins.generators.bfm.model.h5_write import write_h5
from harness_plugins.generators.bfm.model.models import read_model
from harness_plugins.generators.bfm.model.morphable import Modes
from harness_plugins.generators.bfm.units import check_units

PATH = Path("model.h5")


@pytest.fixture(scope="module")
def model():
    return build()


def scaled(modes, factor):
    return Modes(modes.mean * np.float32(factor), modes.steps, modes.size * np.float32(factor))


def test_millimetres_and_colours_of_0_to_1_pass(model):
    check_units(model, PATH)
    still = replace(model.colour, steps=model.colour.steps[:0], size=model.colour.size[:0])
    check_units(replace(model, colour=still), PATH)


@pytest.mark.parametrize(
    ("part", "factor", "said"),
    [
        ("colour", 255, "not those of 0..1 .*divide mean and deviations by 255"),
        ("colour", 100, "not those of 0..1"),
        ("colour", 1 / 255, "which is black"),
        ("shape", 1000, "so it is in micrometres"),
        ("shape", 0.001, "so it is in metres"),
        ("shape", 0.1, "so it is in centimetres"),
        ("shape", 1e6, "mm large; write shape"),
    ],
)
def test_other_units_are_named(model, part, factor, said):
    wrong = replace(model, **{part: scaled(getattr(model, part), factor)})
    with pytest.raises(DataError, match=rf"^model\.h5: .*{said}"):
        check_units(wrong, PATH)


def test_deviations_of_another_unit_than_the_mean_are_found(model):
    colour = replace(model.colour, size=model.colour.size * np.float32(255))
    with pytest.raises(DataError, match="deviation"):
        check_units(replace(model, colour=colour), PATH)


def test_a_file_with_colours_of_0_to_255_is_refused(model, tmp_path):
    path = tmp_path / "bright.h5"
    write_h5(replace(model, colour=scaled(model.colour, 255)), path)
    assert read_h5(path).colour.mean.max() > 100
    with pytest.raises(DataError, match=r"bright\.h5: its colours are not those of 0\.\.1"):
        read_model(path, None, lambda: model)
