"""Learning-rate schedules: a step, counted from 0, to a factor of the base rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.training.recipe import Schedule

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


def warm_up(schedule: Schedule, steps: int) -> Schedule:
    """Rise in a straight line over the first ``steps``, and ``schedule`` of the rest after that."""
    if steps == 0:
        return schedule
    return lambda step: (step + 1) / steps if step < steps else schedule(step - steps)
