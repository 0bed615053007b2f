from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from harness.components import InputSpec, PixelMean, PixelStd

MEAN, STD = TypeAdapter(PixelMean), TypeAdapter(PixelStd)


@pytest.mark.parametrize(
    ("mean", "std"),
    [
        ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ((127.5 / 255,) * 3, (128 / 255,) * 3),
        ((0, 0, 0), (1 / 255,) * 3),
        ((0, 0, 0), (256 / 255,) * 3),
        ((0.408, 0.459, 0.482), (1 / 256,) * 3),
    ],
)
def test_units_in_use_are_accepted(mean, std):
    assert MEAN.validate_python(mean) == mean
    assert STD.validate_python(std) == std
    InputSpec(112, 112, "arcface", mean=mean, std=std)


@pytest.mark.parametrize("one", [0.5, [0.5], (0.5,)])
def test_one_number_is_for_all_channels(one):
    assert MEAN.validate_python(one) == (0.5, 0.5, 0.5)
    assert STD.validate_python(one) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("adapter", "value", "said"),
    [
        (MEAN, [127, 127, 127], "127 of 255 is 0.498"),
        (MEAN, 127.5, "127.5 of 255 is 0.5"),
        (MEAN, [123.675, 116.28, 103.53], "123.675 of 255 is 0.485"),
        (MEAN, [0.5, 0.5, 104], "104 of 255 is 0.4078"),
        (MEAN, -1, "not -1"),
        (MEAN, 1000, "not 1000"),
        (MEAN, float("nan"), "not nan"),
        (STD, [128, 128, 128], "128 of 255 is 0.502"),
        (STD, 255, "255 of 255 is 1"),
        (STD, [58.4, 57.1, 57.4], "58.4 of 255 is 0.229"),
        (STD, 0.0078125, "a divisor of 0.502"),
        (STD, 0, "not 0"),
        (STD, -0.5, "not -0.5"),
        (STD, float("inf"), "not inf"),
    ],
)
def test_other_units_are_refused_with_the_value_in_the_right_one(adapter, value, said):
    with pytest.raises(ValidationError, match="pixels in") as caught:
        adapter.validate_python(value)
    assert said in str(caught.value)


@pytest.mark.parametrize("value", [[0.5, 0.5], [], "half", True, [0.5] * 4])
def test_what_is_not_three_numbers_is_refused(value):
    with pytest.raises(ValidationError):
        MEAN.validate_python(value)


def test_an_input_in_another_unit_cannot_be_declared():
    with pytest.raises(ValueError, match=r"mean is for pixels in .* 127 of 255 is 0\.498"):
        InputSpec(112, 112, "arcface", mean=(127, 127, 127))
    with pytest.raises(ValueError, match="std divides"):
        InputSpec(112, 112, "arcface", std=(128, 128, 128))
