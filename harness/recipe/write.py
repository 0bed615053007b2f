"""A resolved recipe as TOML that ``-c`` reads again, each value with its origin."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from harness.inputs import shown
from harness.recipe.resolve import Recipe, StudyTable
from harness.recipe.tables import Use


def to_toml(recipe: Recipe) -> str:
    """The whole recipe; ``[executor]`` too, which ``-c`` obeys under ``--allow-code`` only."""
    lines = _table("[study]", recipe.study)
    for kind in ("generator", "model", "benchmark", "measure"):
        for use in getattr(recipe, kind):
            lines += _table(f"[[{kind}]]", use)
    for name, table in (("aligner", recipe.aligner), ("executor", recipe.executor)):
        if table is not None:
            lines += _table(f"[{name}]", table)
    return "\n".join(lines) + "\n"


def _table(header: str, table: StudyTable | Use) -> list[str]:
    """One table, each value with its origin; of a path only the last part."""
    values = table.model_dump(exclude_none=True)  # as JSON, infinity would be none
    lines = [header]
    for key, value in values.items():
        origin = _origin(table, key).replace("\\", "/").rpartition("/")[2]
        origin = " ".join(origin.splitlines())
        lines.append(f"{_key(key)} = {_literal(value)}  # {origin}")
    return [*lines, ""]


def _origin(table: StudyTable | Use, key: str) -> str:
    """Where a value comes from; what equals the default and has no origin was not given."""
    field = type(table).model_fields.get(key)
    same = field is not None and getattr(table, key) == field.get_default(call_default_factory=True)
    return table.origins.get(key, "default" if same else "flags")


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "_").isidentifier()
    return key if bare else json.dumps(key)


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # inf and nan, which JSON spells otherwise
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(shown(str(value)), ensure_ascii=False).replace("\x7f", "\\u007f")
