from __future__ import annotations

import math

import pytest

from harness.results import numbers


@pytest.mark.parametrize(
    ("count", "expected"), [(None, 2), (6000, 2), (600, 1), (100, 0), (16, 0), (15_000_000, 2)]
)
def test_no_more_decimals_than_the_pairs_support(count, expected):
    assert numbers.decimals(count) == expected
    # One pair more or less never hides below the last digit by more than a factor of ten.
    if count:
        assert (
            100 / count <= 10 * 10 ** -numbers.decimals(count) or expected == numbers.MAX_DECIMALS
        )


def test_a_measured_number_with_unit_and_interval():
    text = numbers.measured(0.98583, 0.98270, 0.98869, count=6000)
    assert text == "98.58 % [98.27, 98.87]"
    assert numbers.measured(None, None, None) == "n/a"
    assert numbers.number(math.nan) == "n/a"
    assert numbers.number(3.14159, unit="score") == "3.142"


def test_differences_carry_a_sign_unless_they_round_to_zero():
    assert numbers.difference(0.0123) == "+1.23"
    assert numbers.difference(-0.0123) == "-1.23"
    assert numbers.difference(-0.000001) == "0.00"


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.21, "4.2 s"), (185, "3 min 05 s"), (8040, "2 h 14 min")]
)
def test_durations(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(("rate", "text"), [(1e-4, "1e-4"), (0.01, "1e-2"), (0.1, "1e-1")])
def test_rates_as_the_field_writes_them(rate, text):
    assert numbers.far(rate) == text


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        ("2026-01-02T00:00:00+00:00", "2 Jan 2026, 00:00 UTC"),
        ("2026-12-31T23:30:59-05:00", "1 Jan 2027, 04:30 UTC"),
        ("2026-06-05T14:05:00.123Z", "5 Jun 2026, 14:05 UTC"),
        ("2026-01-02T00:00:00", "2026-01-02T00:00:00"),  # of no time zone
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_a_time_is_readable_and_what_is_none_stays(stamp, text):
    assert numbers.moment(stamp) == text
