"""Imports go down only, rooms stay small, plugins do not know each other, the tree is installed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = (
    ("__main__",),
    ("cli",),
    ("api",),
    ("testing",),
    ("plugin",),
    ("reporting",),
    ("reporting.page",),
    ("reporting.sections",),
    ("reporting.papers",),
    ("reporting.compare",),
    ("reporting.figures", "reporting.tables"),
    ("tools",),
    ("engine",),
    ("plan",),
    ("results",),
    ("recipe",),
    ("store",),
    ("protocols", "training", "measures"),
    ("embedding", "executors", "metrics.uncertainty"),
    ("faces", "metrics"),
    ("align",),
    ("_plugins", "scaffold"),
    ("published",),
    ("process",),
    ("fileio",),
    ("inputs",),
    ("progress", "slow_work"),
    ("digests", "extensions", "packages"),
    ("choices", "components", "did_you_mean", "errors", "hookspecs", "lifecycle", "seeds",
     "terminal", "_moved"),
    ("_deprecated",),
)  # fmt: skip
"""Rooms from the roof down; those of one floor do not import each other."""
FLOOR_OF = {name: level for level, names in enumerate(FLOORS) for name in names}
MOST_FILES = 20
"""In one folder, packages and ``__init__.py`` apart; ``cli`` has one module per verb."""
CLOSED = ("cli", "api", "recipe", "plan", "engine", "store", "tools", "results", "reporting")
"""Rooms that plugins do not import."""


@cache
def imports(path: Path) -> frozenset[str]:
    """Modules imported at run time, absolute; those under TYPE_CHECKING are not."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(name if name in known() else node.module for name in inside)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(found)


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def known() -> dict[str, Path]:
    return {dotted(path): path for path in modules("harness")}


def room(module: str) -> str:
    """The floor plan's name of the room of a module below ``harness``."""
    parts = module.split(".")[1:]
    inner = ".".join(parts[:2])
    return inner if inner in FLOOR_OF else parts[0]


def upward() -> Iterator[str]:
    for module, path in known().items():
        if module == "harness":
            continue
        own = room(module)
        for name in imports(path) & {*known()} - {"harness"}:
            other = room(name)
            if own != other and FLOOR_OF[own] >= FLOOR_OF[other]:
                yield f"{module} imports {name}"


def test_the_core_imports_downwards_only():
    assert not sorted(upward())


def test_no_files_import_each_other_in_a_circle():
    graph = {module: imports(path) & {*known()} - {module} for module, path in known().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_the_core_names_no_plugin():
    wrong = [
        f"{module} imports {name}"
        for module, path in known().items()
        for name in imports(path)
        if name.split(".")[0] in ("plugins", "harness_plugins")
    ]
    assert not wrong


def test_plugins_import_only_the_harness_and_themselves():
    closed = tuple(f"harness.{name}" for name in CLOSED)
    wrong = [
        f"{dotted(path)} imports {name}"
        for path in modules("plugins")
        for name in imports(path)
        if name.split(".")[0] in ("plugins", "harness_plugins") or name.startswith(closed)
    ]
    assert not wrong


def test_no_folder_is_too_full_to_look_through():
    full = {}
    for top in ("harness", "plugins"):
        for folder in {path.parent for path in modules(top)}:
            files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
            if len(files) > MOST_FILES and folder != ROOT / "harness/cli":
                full[str(folder.relative_to(ROOT))] = len(files)
    assert not full


@pytest.mark.parametrize("folder", ["harness", "plugins", "reports"])
def test_every_folder_with_code_is_a_package(folder):
    for path in modules(folder):
        assert (path.parent / "__init__.py").exists(), f"{path.parent} would miss in the wheel"


def test_every_room_says_what_lives_there():
    for path in (p for p in modules("harness") if p.name == "__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_public_names():
    import harness

    assert sorted(harness.__all__) == harness.__all__
    assert dir(harness) == harness.__all__
    for name in harness.__all__:
        assert getattr(harness, name) is not None
