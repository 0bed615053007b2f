"""Recorded leak searches of a study."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from harness.errors import DataError
from harness.fileio.names import inside
from harness.recipe.parameters import explain
from harness.results.leak_record import LeakRecord, read_leak

FOLDER = "leaks"


def leaks_of(study: Path) -> dict[tuple[str, str], list[LeakRecord]]:
    """What was recorded, by (key of the training set, benchmark); empty where nothing was.

    Raises ``DataError`` naming a file that is not a record.
    """
    found: dict[tuple[str, str], list[LeakRecord]] = {}
    for path in sorted((study / FOLDER).glob("*.json")):
        try:
            facts = read_leak(inside(study, f"{FOLDER}/{path.name}"))
        except ValueError as error:
            why = explain(error) if isinstance(error, ValidationError) else error
            raise DataError(f"{path} is not the record of a leak check: {why}") from None
        found.setdefault((facts.training_key, facts.benchmark), []).append(facts)
    return found
