"""The command in the process of the tests, for verbs that are called often."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cli.main import run

TOYS = Path(__file__).parents[1] / "data" / "toys.py"


@pytest.fixture
def here(capsys, monkeypatch, tmp_path):
    """Run the command with the toys in ``tmp_path``; its imports are paid once for all tests."""
    monkeypatch.chdir(tmp_path)

    def command(*args, check=0, toys=True):
        capsys.readouterr()
        code = run([*(("--plugins-dir", str(TOYS)) if toys else ()), *args])
        said = capsys.readouterr()
        assert code == check, said
        return SimpleNamespace(stdout=said.out, stderr=said.err)

    return command
