"""``SECURITY.md`` says what is true of this tree."""

from __future__ import annotations

import tomllib
from pathlib import Path

from harness_plugins.models.onnx.params import OnnxParams

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_it_names_an_address_exactly_where_the_package_does():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert ("The project has no address of its own" in TEXT) != bool(project.get("urls"))


def test_it_has_no_placeholder():
    for word in ("TODO", "TBD", "example.com", "example.org", "@example", "<", "your-"):
        assert word not in TEXT


def test_parameters_that_it_names_exist():
    assert "limit_s" in TEXT
    assert "limit_s" in OnnxParams.model_fields
    for name in ("HARNESS_MAX_CELLS", "HARNESS_HOME", "PYTHONSAFEPATH"):
        assert f"{name}" in TEXT
