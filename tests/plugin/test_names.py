"""The core knows no plugin by name: what it knows of one is in that plugin's declaration."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness._plugins.lookup import offers

HARNESS = Path(__file__).parents[2] / "harness"
WORDS = {"folder", "local", "onnx", "pairs", "parquet"}
"""Names of built-in components that are also words: a place, a file format, a list of comparisons.
``local`` is the executor of a run that names none, which is part of the core."""
FORMATS = {"imagelist", "lmdb", "recordio", "webdataset"}
"""Layouts that the core itself writes; the generators that read them are called the same."""
WRITERS = HARNESS / "faces" / "export"
PACKAGES = {"dask", "mlflow"}
"""Names of packages on PyPI; the plugins that need them are called the same."""
INSTALLERS = (HARNESS / "packages.py", HARNESS / "tools" / "bug_report.py")


@pytest.fixture(scope="module")
def names() -> set[str]:
    """Everything a user can select that a built-in plugin provides, but for measures.

    Those are called what they measure, which the core computes: duplicates, leakage, ...
    """
    registry = load(autoload=False)
    extensions = [o.extension for kind in ("executor", "tracker") for o in offers(registry, kind)]
    found = [registered.component for registered in registry.components]
    components = [component for component in found if component.kind != "measure"]
    aliases = {alias for component in components for alias in component.aliases}
    return {*registry.groups(), *aliases, *(one.name for one in (*components, *extensions))}


def literals(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string but docstrings, which may show examples."""
    tree = ast.parse(source)
    shown = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in shown:
            yield node.lineno, node.value


def named(source: str, names: set[str]) -> list[tuple[int, str]]:
    """Line and name, for every name that is in a string as a whole word."""
    word = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
    return [
        (line, name)
        for line, text in literals(source)
        for name in word.findall(text)
        if name in names
    ]


def test_no_module_of_the_core_names_a_plugin(names):
    assert {"bfm", "lfw-view2", "dask", "mlflow", "mtcnn", "ijb", "facenet-nn4"} <= names
    wrong = [
        f"{path.relative_to(HARNESS)}:{line} names {name}"
        for path in sorted(HARNESS.rglob("*.py"))
        for line, name in named(path.read_text(encoding="utf-8"), names - WORDS - allowed(path))
    ]
    assert not wrong


def allowed(path: Path) -> set[str]:
    """Names that mean something else in this module."""
    formats = FORMATS if path.is_relative_to(WRITERS) else set()
    return formats | (PACKAGES if path in INSTALLERS else set())


def test_a_name_in_a_string_would_be_found(names):
    source = '"""Shows bfm."""\nX = {"lfw": 6000}\nY = f"take {X} with --aligner mtcnn"\n'
    assert named(source, names) == [(2, "lfw"), (3, "mtcnn")]
    assert not named("from harness.tools import import_faces\nx = 'selfwilled'", names)
