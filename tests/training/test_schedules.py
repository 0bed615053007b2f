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


def scheduler_of_arcface_torch(warm: int, total: int) -> list[float]:
    """Its rates, step by step: the rate in use is the one set after the step before."""
    rates, used = [1.0], []
    for done in range(1, total + 1):
        used.append(rates[-1])
        if done <= warm:
            rates.append(done / warm)
        else:
            left, before = total - done, total - done + 1
            rates.append(rates[-1] * left / before)
    return used


@pytest.mark.parametrize(("warm", "total"), [(1, 5), (4, 20), (10, 11), (7, 300), (0, 6)])
def test_the_warm_up_of_insightface(warm, total):
    schedule = warm_up(polynomial(total - warm), warm, "insightface")
    wanted = scheduler_of_arcface_torch(warm, total)
    assert [schedule(step) for step in range(total)] == pytest.approx(wanted, abs=1e-12)


def test_the_two_warm_ups_differ_by_a_step_while_they_rise():
    late, plain = (warm_up(polynomial(50), 10, rule) for rule in ("insightface", "linear"))
    assert [late(step) for step in range(1, 11)] == [plain(step) for step in range(10)]
    assert (late(0), plain(0)) == (1.0, 0.1)
    assert [late(step) for step in range(10, 60)] == [plain(step) for step in range(10, 60)]
