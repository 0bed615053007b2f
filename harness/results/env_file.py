"""The environment of a result: written once per content, under a name that is its digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.digests import digest
from harness.fileio import verified
from harness.fileio.atomic import write_text

FOLDER, DIGITS = "env", 16
SIZE_ONLY = "stored files were compared by size alone (HARNESS_VERIFY=size), not by content"


def write(study: Path, facts: Mapping[str, Any]) -> str:
    """Write facts about machine and packages; the file's name inside the study.

    Names the way of verifying stored files where it is not the default.
    """
    name, whole = _named(facts)
    if not (study / name).exists() or not fits(study / name):
        write_text(study / name, json.dumps(whole, indent=1) + "\n")
    return name


def name_of(facts: Mapping[str, Any]) -> str:
    """The name under which :func:`write` would write these facts."""
    return _named(facts)[0]


def _named(facts: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    how = {"verify": verified.mode()} if verified.mode() != "full" else {}
    whole = {**facts, **how}
    return f"{FOLDER}/{digest(whole)[:DIGITS]}.json", whole


def fits(path: Path) -> bool:
    """Whether the content of an environment file fits the digest that is its name."""
    if len(path.stem) != DIGITS:
        return True  # not named by us
    try:
        return digest(json.loads(path.read_bytes()))[:DIGITS] == path.stem
    except (ValueError, RecursionError):
        return False
