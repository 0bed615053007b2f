"""``[tool.harness]`` of the ``pyproject.toml`` in the current folder: the lowest layer of a recipe.

The file is read without being asked for, in whatever folder a command is given, so it may only say
what cannot run code, reach other machines or name files outside its folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.recipe.layers import LISTED, RawRecipe, draft, origins_of, read_toml_of_user

FILE = "pyproject.toml"
ALLOWED = ("study", *LISTED, "aligner", "sweep")


def project_file(folder: Path) -> Path | None:
    """``pyproject.toml`` of this folder, if it has ``[tool.harness]``; no parent is looked at."""
    file = folder / FILE
    return file if file.is_file() and "harness" in _tools(file)[0] else None


def read_project(path: Path) -> RawRecipe:
    """``[tool.harness]``, written as a recipe is; raises ``UsageError`` for what it may not say."""
    tools, text = _tools(path)
    table, inner = tools["harness"], origins_of(str(path), text)

    def origin(place: tuple[str | int, ...]) -> str:
        return inner(("tool", "harness", *place))

    if not isinstance(table, dict):
        raise UsageError(f"{origin(())}: [tool.harness] must be a table")
    for key in table:
        if key not in ALLOWED:
            raise UsageError(
                f"{origin((key,))}: [tool.harness.{key}] is not read from a project file, only "
                f"{', '.join(ALLOWED)}; write it into a recipe and name that with -c"
            )
    for place, value in _strings(table):
        if _leaves(path.parent, value):
            raise UsageError(
                f"{origin(place)}: {value!r} is a path outside the folder of the project file; "
                "write it into a recipe and name that with -c"
            )
    return draft(table, origin)


def _tools(path: Path) -> tuple[dict[str, Any], str]:
    """The table ``tool`` and the text of the file."""
    table, text = read_toml_of_user(path)
    tools = table.get("tool", {})
    return tools if isinstance(tools, dict) else {}, text


def _strings(
    value: Any, place: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a table and where it is."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, (*place, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _strings(inner, (*place, number))


def _leaves(folder: Path, text: str) -> bool:
    """Whether a text, taken as a path, leads out of the folder, also through a symbolic link."""
    if text.startswith("~") or "\0" in text:
        return True
    try:
        return not (folder / text).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # too long for a path, or links in a circle
        return False
