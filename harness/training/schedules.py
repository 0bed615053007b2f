"""Learning-rate schedules: a step, counted from 0, to a factor of the base rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.training.recipe import Schedule

WarmUp = Literal["linear", "insightface"]
ScheduleName = Literal["constant", "cosine", "steps", "polynomial"]


def cosine(steps: int) -> Schedule:
    """From 1 at step 0 to 0 at ``steps`` along half a cosine."""
    return lambda step: 0.5 * (1.0 + math.cos(math.pi * min(step, steps) / steps))


def milestones(at: Sequence[int], factor: float = 0.1) -> Schedule:
    """Times ``factor`` at every step listed in ``at``."""
    return lambda step: factor ** sum(step >= mark for mark in at)


def polynomial(steps: int, power: float = 1.0) -> Schedule:
    """(1 - step/steps)^power; power 1 is the straight line to 0 of arcface_torch."""
    return lambda step: (1.0 - min(step, steps) / steps) ** power


def warm_up(schedule: Schedule, steps: int, rule: WarmUp = "linear") -> Schedule:
    """Rise in a straight line over the first ``steps``, and ``schedule`` of the rest after that.

    ``linear`` rises from 1/steps. ``insightface`` is what its scheduler does: the first step has
    the whole rate, because it is taken before the scheduler has set one, then the rise follows one
    step late: 1, 1/steps, 2/steps, ...
    """
    if steps == 0:
        return schedule
    late = rule == "insightface"

    def factor(step: int) -> float:
        if step >= steps:
            return schedule(step - steps)
        if late:
            return step / steps if step else 1.0
        return (step + 1) / steps

    return factor
