"""Files of a study that cannot be read: named with the reason, never fatal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError


@dataclass(frozen=True)
class Damaged:
    """A file of the study that could not be read, and why."""

    path: Path
    reason: str


def reason(error: Exception) -> str:
    """One line that says what is wrong with a file."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]).replace("schema_", "schema")
        return f"{where}: {first['msg']}"
    return " ".join(str(error).split())


def read_json(path: Path, damaged: list[Damaged]) -> Any:
    """The decoded JSON of a file, or None after adding it to ``damaged``."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        damaged.append(Damaged(path, reason(error)))
        return None
