"""Comparisons with public code as it is: clones that a person points to, skipped elsewhere.

``HARNESS_REF_FACENET_PYTORCH=~/facenet-pytorch pytest tests/reference``: one environment variable
per repository, its name in capitals with underscores. None of that code is part of this project.
"""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

REPOSITORIES = {
    "adaface": "https://github.com/mk-minchul/AdaFace",
    "facenet": "https://github.com/davidsandberg/facenet",
    "facenet-pytorch": "https://github.com/timesler/facenet-pytorch",
    "insightface": "https://github.com/deepinsight/insightface",
    "openface": "https://github.com/cmusatyalab/openface",
}
"""Where the clones come from; names not listed here work too."""


def variable(name: str) -> str:
    return "HARNESS_REF_" + name.upper().replace("-", "_")


def pytest_collection_modifyitems(items):
    """The references warn as they please; warnings are errors only in code of this project."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))


def find(name: str, *needs: str) -> Path:
    """Folder of the clone of ``name``; the test is skipped without it or a module it ``needs``."""
    given = os.environ.get(variable(name))
    if not given:
        source = f" of {REPOSITORIES[name]}" if name in REPOSITORIES else ""
        pytest.skip(f"set {variable(name)} to a clone{source}")
    path = Path(given).expanduser().resolve()
    assert path.is_dir(), f"{variable(name)}: {path} is not a folder"
    for module in needs:
        pytest.importorskip(module, reason=f"{name} imports {module}, which is not installed")
    return path


@pytest.fixture(scope="session")
def reference():
    """``reference(name, *needs)``: the folder of a clone, or the test is skipped."""
    return find


@pytest.fixture(scope="session")
def reference_commit():
    """``reference_commit(folder)``: the commit of a clone, or "unknown" outside git."""

    def commit(folder: Path) -> str:
        command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or "unknown"

    return commit


@pytest.fixture
def reference_module(monkeypatch):
    """``reference_module(folder, "a.b")``: a module imported from below a folder, for one test.

    Clones use the same top-level names (``models``, ``utils``), so what was imported from the
    folder leaves ``sys.modules`` with the test.
    """
    before = set(sys.modules)
    folders = []

    def load(folder: Path, name: str):
        monkeypatch.syspath_prepend(str(folder))
        folders.append(folder)
        return importlib.import_module(name)

    yield load
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if any(folder in Path(file).parents for folder in folders):
            del sys.modules[name]


@pytest.fixture(scope="session")
def reference_functions():
    """``reference_functions(file, "a", "B", np=np)``: functions and classes of one file by name.

    Only they are executed, with the given globals: the imports of the file may need libraries that
    are not installed.
    """

    def load(file: Path, *names: str, **given):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.ClassDef)
        body = [node for node in tree.body if isinstance(node, kinds) and node.name in names]
        assert {node.name for node in body} == set(names), f"{file} lacks some of {names}"
        space = dict(given)
        # Code of a clone that a person pointed to: running it is what these tests are for.
        exec(compile(ast.Module(body, []), str(file), "exec"), space)  # noqa: S102
        return SimpleNamespace(**{name: space[name] for name in names})

    return load


@pytest.fixture
def differs(record_property):
    """``differs(name, ours, theirs)``: the largest difference, kept in the report."""

    def largest(name: str, ours, theirs) -> float:
        found = float(np.abs(np.asarray(ours, float) - np.asarray(theirs, float)).max())
        record_property(name, f"{found:.3g}")
        return found

    return largest
