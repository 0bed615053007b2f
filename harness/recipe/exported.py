"""What a folder that ``harness faces export`` wrote states about itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.components import Params
from harness.errors import DataError
from harness.faces.export import ABOUT
from harness.faces.source import SourceParams
from harness.fileio.decoding import json_value

ROOT = "root"
ALIGNMENT = frozenset({"template", "landmarks"})
"""Parameters of which one is enough: what the user gives replaces what an export states."""


def with_stated(cls: type[Params], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a generator with those that the export at its ``root`` states and nobody gave.

    They enter the key like any other. Raises ``DataError`` for a damaged statement.
    """
    root = values.get(ROOT)
    if not isinstance(root, str | Path) or not issubclass(cls, SourceParams):
        return dict(values)
    found = dict(_stated(Path(root), cls))
    if any(values.get(name) is not None for name in ALIGNMENT):
        found = {name: value for name, value in found.items() if name not in ALIGNMENT}
    return {**found, **values}


def _stated(path: Path, cls: type[SourceParams]) -> Mapping[str, Any]:
    """Parameters that an exported folder states; none for one of other software."""
    if path.is_file():
        path = path.parent
    if not (path / ABOUT).is_file():
        return {}
    try:
        about = json_value((path / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path / ABOUT}: {error}; export the set again") from None
    template = about.get("template") if isinstance(about, dict) else None
    if template is not None and not isinstance(template, str):
        raise DataError(f"{path / ABOUT}: template is not a name; export the set again")
    return cls.of_export(path, template)
