"""Files of a study that cannot be read: named with the reason, never fatal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.fileio.decoding import json_value, reason
from harness.fileio.names import inside
from harness.results.stored_facts import check_environment


@dataclass(frozen=True)
class Damaged:
    """A file of the study that could not be read, and why."""

    path: Path
    reason: str


def own(folder: Path, path: Path, damaged: list[Damaged]) -> bool:
    """Whether a file belongs to a study, whose report shows it, and is not a link out of it."""
    try:
        inside(folder, str(path.relative_to(folder)))
    except DataError as error:
        damaged.append(Damaged(path, reason(error)))
        return False
    return True


def read_environment(path: Path, damaged: list[Damaged]) -> Any:
    """The facts of an environment, or None after adding the file to ``damaged``."""
    try:
        facts = json_value(path.read_bytes())
        check_environment(facts)
    except (OSError, ValueError) as error:
        damaged.append(Damaged(path, reason(error)))
        return None
    return facts
