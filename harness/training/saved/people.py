"""Names of the people that a model was trained on, beside its weights, where its data name them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.fileio.atomic import write_text
from harness.fileio.decoding import json_value
from harness.fileio.verified import checked, unreadable

PEOPLE = "people.json"

People = Mapping[str, Sequence[str]]
"""Names by training set."""


def write_people(folder: Path, people: People) -> None:
    """Write the names; no file where there are none."""
    named = {source: list(names) for source, names in people.items() if names}
    if named:
        write_text(folder / PEOPLE, json.dumps(named, ensure_ascii=False) + "\n")


def read_people(folder: Path) -> People:
    """The names, verified; empty where none are known, as in models of older releases."""
    path = folder / PEOPLE
    if not checked(path).exists():
        return {}
    try:
        found = json_value(path.read_bytes())
        return {str(source): [str(name) for name in names] for source, names in found.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise unreadable(path, error) from None
