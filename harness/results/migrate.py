"""Results of older harnesses, brought to the schema of this one when they are read.

Files are never rewritten: a study of last year stays as it was, and each step here says what its
version did not have. A change of the schema adds one step and a file in ``tests/data/results``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.errors import PrerequisiteError

NAME = "harness/result@"
VERSION = 3

Fields = dict[str, Any]


class NewerResultError(PrerequisiteError, ValueError):
    """A result of a harness newer than this one: to be left alone, not made again."""


def migrated(fields: Mapping[str, Any]) -> Fields:
    """The decoded JSON of a result in the newest schema.

    Raises ``ValueError`` for what is not a result, ``NewerResultError`` for one of a newer harness.
    """
    schema = fields.get("schema")
    name, at, number = str(schema).partition("@")
    if name + at != NAME or not number.isdecimal() or int(number) < 1:
        raise ValueError(f"schema {schema!r} is none of a result ({NAME}1 to {NAME}{VERSION})")
    if int(number) > VERSION:
        raise NewerResultError(
            f"written by a newer harness ({schema}, this one reads up to {NAME}{VERSION}); upgrade"
        )
    made = dict(fields)
    for version in range(int(number), VERSION):
        made = STEPS[version](made)
    return {**made, "schema": f"{NAME}{VERSION}"}


def _from_1(fields: Fields) -> Fields:
    """Version 1 kept published numbers without their metric: they belonged to the headline."""
    metrics = fields.get("metrics") or [{}]
    headline = next((metric for metric in metrics if metric.get("headline")), metrics[0])
    own = {"metric": headline.get("name", ""), "at": headline.get("at", {})}
    return {**fields, "published": [{**own, **entry} for entry in fields.get("published", ())]}


def _from_2(fields: Fields) -> Fields:
    """Version 2 had no digests: neither of the files of a cell nor of the result itself."""
    return {**fields, "files": {}, "digest": ""}


STEPS: Mapping[int, Callable[[Fields], Fields]] = {1: _from_1, 2: _from_2}
