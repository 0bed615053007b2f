"""Layers of a configuration: each value records its source, later layers override earlier ones.

From below: defaults, a component's preset, ``[tool.harness]`` of ``pyproject.toml``, the recipe and
its profile, ``HARNESS_*`` of the environment, flags. Defaults and presets belong to the components
and join last, in :mod:`harness.recipe.parameters`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.did_you_mean import did_you_mean
from harness.errors import DataError, UsageError
from harness.fileio.toml_files import read_toml
from harness.recipe.toml_lines import Places

LISTED = ("generator", "model", "benchmark", "measure")
TABLES = ("study", *LISTED, "aligner", "executor", "sweep", "profile")
ENVIRONMENT = "HARNESS_"


@dataclass(frozen=True)
class Sourced:
    """A value and its source: a file and line, a flag, a variable."""

    value: Any
    origin: str


SourcedValues = dict[str, Sourced]
Origin = Callable[[tuple[str | int, ...]], str]


@dataclass
class RawRecipe:
    """A recipe in the making; ``Sourced.value`` of ``phases`` holds the values of its face sets."""

    study: SourcedValues = field(default_factory=dict)
    entries: dict[str, list[SourcedValues]] = field(default_factory=lambda: {k: [] for k in LISTED})
    aligner: SourcedValues | None = None
    executor: SourcedValues | None = None
    sweep: SourcedValues = field(default_factory=dict)


def read_toml_of_user(path: Path, what: str = "") -> tuple[dict[str, Any], str]:
    """Values and text of a file whose faults are faults of the command line."""
    try:
        return read_toml(path)
    except DataError as error:
        said = str(error)
        # "recipe FILE, line 3: ..." reads well, "recipe cannot read FILE" does not.
        raise UsageError(said if said.startswith("cannot") else f"{what}{said}") from None


def environment(environ: Mapping[str, str], keys: Iterable[str]) -> SourcedValues:
    """Values of the ``[study]`` table that variables like ``HARNESS_SEED`` give."""
    from harness.recipe.parameters import Word

    names = {key: f"{ENVIRONMENT}{key.upper()}" for key in keys}
    return {
        key: Sourced(Word(environ[name]), f"environment {name}")
        for key, name in names.items()
        if environ.get(name)
    }


def overlay(below: RawRecipe, above: RawRecipe) -> RawRecipe:
    """``above`` laid over ``below``.

    A list replaces a list, and an entry keeps what the first entry of the same component below says
    and it does not.
    """
    return RawRecipe(
        study=below.study | above.study,
        entries={
            kind: [_beneath(below.entries[kind], entry) | entry for entry in above.entries[kind]]
            or below.entries[kind]
            for kind in LISTED
        },
        aligner=below.aligner if above.aligner is None else above.aligner,
        executor=below.executor if above.executor is None else above.executor,
        sweep=below.sweep | above.sweep,
    )


def _beneath(entries: Iterable[SourcedValues], entry: SourcedValues) -> SourcedValues:
    return next((known for known in entries if known["use"].value == entry["use"].value), {})


def origins_of(file: str, text: str) -> Origin:
    """From the path of a value in a TOML text to ``file:line``."""
    places = Places(text)

    def origin(path: tuple[str | int, ...]) -> str:
        line = places.line(path)
        return file if line is None else f"{file}:{line}"

    return origin


def draft(table: Mapping[str, Any], origin: Origin) -> RawRecipe:
    """What the tables of a recipe say, without its profiles; raises ``UsageError``."""
    for key in table:
        if key not in TABLES:
            raise UsageError(f"{origin((key,))}: unknown table {key!r}{did_you_mean(key, TABLES)}")
    aligner, executor = table.get("aligner"), table.get("executor")
    return RawRecipe(
        study=sourced(table_of(table, ("study",), origin), ("study",), origin),
        entries={kind: entries(table.get(kind, []), (kind,), origin) for kind in LISTED},
        aligner=None if aligner is None else entry(aligner, ("aligner",), origin),
        executor=None if executor is None else entry(executor, ("executor",), origin),
        sweep=sourced(table_of(table, ("sweep",), origin), ("sweep",), origin),
    )


def table_of(
    table: Mapping[str, Any], path: tuple[str | int, ...], origin: Origin
) -> dict[str, Any]:
    """The inner table under the last part of ``path``, empty if absent."""
    found = table.get(str(path[-1]), {})
    if not isinstance(found, dict):
        raise UsageError(f"{origin(path)}: {path[-1]} must be a table, [{path[-1]}]")
    return found


def sourced(table: Mapping[str, Any], path: tuple[str | int, ...], origin: Origin) -> SourcedValues:
    """Values of a table with their origins; the face sets of ``phases`` are values of their own."""
    made = {key: Sourced(value, origin((*path, key))) for key, value in table.items()}
    phases = table.get("phases")
    if isinstance(phases, list) and all(isinstance(phase, dict) for phase in phases):
        inner = [
            {
                **phase,
                "faces": entries(phase.get("faces", []), (*path, "phases", n, "faces"), origin),
            }
            for n, phase in enumerate(phases)
        ]
        made["phases"] = Sourced(inner, made["phases"].origin)
    return made


def entries(items: Any, path: tuple[str | int, ...], origin: Origin) -> list[SourcedValues]:
    """An array of tables, each with ``use``."""
    if not isinstance(items, list):
        raise UsageError(f"{origin(path)}: {path[-1]} must be an array of tables, [[{path[-1]}]]")
    return [entry(item, (*path, number), origin) for number, item in enumerate(items)]


def entry(table: Any, path: tuple[str | int, ...], origin: Origin) -> SourcedValues:
    """One table that names a component with ``use``."""
    if not isinstance(table, dict) or not isinstance(table.get("use"), str):
        raise UsageError(f'{origin(path)}: a table of {path[0]} needs use = "NAME"')
    return sourced(table, path, origin)
