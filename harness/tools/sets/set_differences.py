"""Differences of the measures of two sets, paired by identity where both hold the same people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from harness.faces.namesakes import person_names
from harness.measures.differences import ValueDifference, difference
from harness.seeds import stream
from harness.tools.sets.measure_run import SetMeasured


@dataclass(frozen=True)
class SetDifference:
    """One metric of one measure: the set ``of`` minus the set ``minus``."""

    measure: str
    model: str
    of: str
    minus: str
    difference: ValueDifference

    def record(self) -> dict[str, Any]:
        """As JSON."""
        found = asdict(self.difference)
        return {
            "set": self.of,
            "minus": self.minus,
            "measure": self.measure,
            "model": self.model or None,
            "metric": "difference",
            "of": found.pop("metric"),
            **{key: value for key, value in found.items() if key != "why" or value},
        }


def shares_identities(first: SetMeasured, second: SetMeasured) -> bool:
    """Whether both sets hold the same number of images of the same people.

    Numbers, counters (``person_1``) and codes name people only within one generator.
    """
    if first.people != second.people:
        return False
    named = all(person_names(label) for label in first.people)
    return named or (bool(first.faces.maker) and first.faces.maker == second.faces.maker)


def set_differences(first: SetMeasured, second: SetMeasured) -> Iterator[SetDifference]:
    """``second`` minus ``first`` for every metric that both were asked for."""
    paired = shares_identities(first, second)
    for one, other in zip(first.results, second.results, strict=True):
        if one.found is None or other.found is None:
            continue
        known = {value.metric: value for value in one.found.values}
        for value in other.found.values:
            if value.metric not in known:
                continue
            rng = stream(0, "difference", one.title, value.metric)
            found = difference(value, known[value.metric], rng, paired=paired)
            if found.value is not None:
                yield SetDifference(
                    one.title, second.model, second.faces.title, first.faces.title, found
                )
