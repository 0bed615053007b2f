"""Schedules at points that can be worked out by hand."""

from __future__ import annotations

import pytest

from harness.training.recipe import constant
from harness.training.schedules import cosine, milestones, polynomial, warm_up


def test_cosine():
    schedule = cosine(100)
    assert [schedule(s) for s in (0, 50, 100, 200)] == pytest.approx([1, 0.5, 0, 0], abs=1e-12)
    assert schedule(25) == pytest.approx(0.5 + 0.5**0.5 / 2)


def test_milestones():
    schedule = milestones([10, 20])
    assert [schedule(s) for s in (0, 9, 10, 19, 20, 99)] == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01, 0.01]
    )


def test_polynomial():
    assert [polynomial(10)(s) for s in (0, 5, 10, 12)] == pytest.approx([1, 0.5, 0, 0])
    assert polynomial(10, 2.0)(5) == pytest.approx(0.25)


def test_warm_up_then_the_schedule_from_its_start():
    schedule = warm_up(cosine(10), 4)
    assert [schedule(s) for s in (0, 1, 3, 4, 9)] == pytest.approx([0.25, 0.5, 1, 1, 0.5])
    assert warm_up(constant, 0) is constant
