"""The notebook of the documentation reads and runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "first.ipynb"


def cells() -> list[dict]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def test_it_is_kept_without_outputs_and_its_code_compiles():
    code = [cell for cell in cells() if cell["cell_type"] == "code"]
    assert len(code) >= 4
    for cell in code:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        compile("".join(cell["source"]), cell["id"], "exec")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_it_runs_and_shows_a_table(tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat (extra 'docs')")
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient (extra 'docs')")
    pytest.importorskip("ipykernel", reason="needs ipykernel (extra 'docs')")
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    book = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(
        book, timeout=600, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    first = next(cell for cell in book.cells if cell["cell_type"] == "code")
    (table,) = [
        out.data["text/html"] for out in first.outputs if "text/html" in out.get("data", {})
    ]
    assert "<table>" in table
    assert "synthpie" in table
