"""Imports go down only, plugins do not know each other, and the tree is installed as it is told."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = (
    {"cli", "__main__"},
    {"api"},
    {"testing"},
    {"study", "reporting"},
    {"executors"},
    {"training", "embedding", "protocols"},
    {"faces", "align", "metrics"},
    {"services"},
    {"registry", "progress", "published", "scaffold"},
    {"answers", "guard", "files", "verified", "inputs", "portable"},
    {"environment", "npz_files", "strings", "texts", "toml_files", "file_kinds"},
    {
        "components",
        "extensions",
        "lifecycle",
        "hookspecs",
        "errors",
        "seeds",
        "digests",
        "names",
        "decoding",
        "terminal",
        "signals",
        "lifeline",
        "cpus",
        "machine",
    },
)
FLOOR_OF = {name: level for level, names in enumerate(FLOORS) for name in names}


def imports(path: Path) -> set[str]:
    """Modules imported at run time, absolute; those under TYPE_CHECKING are not."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", modules("harness"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_imports_downwards_only(path):
    own = path.relative_to(ROOT / "harness").parts[0].removesuffix(".py")
    for name in imports(path):
        top, _, rest = name.partition(".")
        assert top not in ("plugins", "harness_plugins"), f"the core names a plugin: {name}"
        if top == "harness" and rest and own != "__init__":
            other = rest.split(".")[0]
            assert FLOOR_OF[other] >= FLOOR_OF[own], f"{own} imports {other}, which is above it"


@pytest.mark.parametrize("path", modules("plugins"), ids=lambda p: str(p.relative_to(ROOT)))
def test_plugins_import_only_the_harness_and_themselves(path):
    for name in imports(path):
        assert name.split(".")[0] not in ("plugins", "harness_plugins"), name
        assert not name.startswith(("harness.cli", "harness.study", "harness.api")), name


LISTING = {"walk", "rglob", "glob", "iglob", "iterdir", "scandir", "listdir"}


READERS = [path for path in modules("plugins") if "executors" not in path.parts]


@pytest.mark.parametrize("path", READERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_plugins_list_files_by_the_walk_of_the_fingerprint(path):
    """What another walk finds (hidden files, not behind links) is not what is in the key."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in LISTING, f"line {node.lineno}: use harness.inputs.walk"


@pytest.mark.parametrize("folder", ["harness", "plugins", "reports"])
def test_every_folder_with_code_is_a_package(folder):
    for path in modules(folder):
        assert (path.parent / "__init__.py").exists(), f"{path.parent} would miss in the wheel"


def test_public_names():
    import harness

    assert sorted(harness.__all__) == harness.__all__
    assert dir(harness) == harness.__all__
    for name in harness.__all__:
        assert getattr(harness, name) is not None
