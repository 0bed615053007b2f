from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from harness import metrics
from harness.metrics import NotMeasurable, uncertainty

SOURCE = Path(metrics.__file__).parent


@pytest.mark.parametrize("package", [metrics, uncertainty])
def test_all_is_sorted_complete_and_importable(package):
    names = package.__all__
    assert list(names) == sorted(names)
    assert len(set(names)) == len(names)
    assert all(getattr(package, name) is not None for name in names)


def test_import_loads_nothing_heavier_than_numpy():
    code = (
        "import sys, harness.metrics.uncertainty;"
        "heavy = {'scipy', 'sklearn', 'pandas', 'torch', 'numba', 'pydantic', 'pyarrow'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_imports_of_the_package_go_nowhere_but_down():
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("harness"):
                assert node.module.startswith(("harness.metrics", "harness.errors")), path.name
                assert not node.module.startswith("harness.metrics.uncertainty"), path.name


def test_a_refusal_is_true_so_that_it_can_stand_before_a_number():
    assert NotMeasurable("too few")
    assert NotMeasurable("a") == NotMeasurable("a")
