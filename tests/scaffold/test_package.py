"""What `harness new-plugin` writes: complete, short, sound, and never over something else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness._plugins import discovery
from harness.components import API
from harness.errors import UsageError
from harness.scaffold import KINDS, check_name, new_package
from harness.testing import run_checks

ROOT = Path(__file__).parents[2]
SMALL = {"generator": {"identities": 4, "images_per_id": 2}, "model": {"steps": 2}}


def as_if_installed(folder: Path, name: str, monkeypatch) -> None:
    """The metadata that pip leaves behind, and the source on the path, here and in children."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = folder / "src" / f"{name.replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    points = "\n".join(f"{k} = {v}" for k, v in project["entry-points"]["harness"].items())
    (info / "entry_points.txt").write_text(f"[harness]\n{points}\n")
    monkeypatch.syspath_prepend(str(folder / "src"))
    monkeypatch.setenv("PYTHONPATH", str(folder / "src"), prepend=":")


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_is_complete_and_short(tmp_path, kind):
    files = new_package(f"one-{kind}", kind, tmp_path)
    names = {path.relative_to(tmp_path / f"one-{kind}").as_posix() for path in files}
    module = f"one_{kind}"
    assert {"README.md", "LICENSE", "pyproject.toml", ".github/workflows/test.yml",
            f"src/{module}/__init__.py", f"src/{module}/py.typed",
            f"tests/test_{module}.py"} <= names  # fmt: skip
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "{{" not in text.replace("${{", ""), path
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), path
    sources = [path for path in files if path.parent.name == module and path.suffix == ".py"]
    assert all(len(path.read_text().splitlines()) <= 40 for path in sources)
    project = tomllib.loads((tmp_path / f"one-{kind}" / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["harness"] == {f"one-{kind}": module}
    assert f"HARNESS_API = {API}" in (tmp_path / f"one-{kind}/src/{module}/__init__.py").read_text()
    command = [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "100", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "report"])
def test_a_new_component_passes_the_conformance_kit(tmp_path, monkeypatch, kind):
    name = f"kit-{kind}"
    new_package(name, kind, tmp_path)
    as_if_installed(tmp_path / name, name, monkeypatch)
    found = discovery.load()
    assert [row for row in found.plugins if not row.ok] == []
    provided = found.find(kind, name)
    assert provided.provider == f"{name}:{name}"
    report = run_checks(found, provided, SMALL.get(kind, {}))
    assert not report.failed, report.lines()
    assert report.passed >= 10


def test_a_new_report_plugin_adds_its_section(tmp_path, monkeypatch):
    from types import SimpleNamespace

    new_package("kit-report", "report", tmp_path)
    as_if_installed(tmp_path / "kit-report", "kit-report", monkeypatch)
    (section,) = discovery.load().report_sections(SimpleNamespace(results=[]))
    assert section.title == "Kit Report"


@pytest.mark.parametrize(
    "name", ["Acme", "acme_faces", "9lives", "-a", "a--b", "a-", "", "a" * 41, "../up", "a b", "é"]
)
def test_a_name_that_cannot_be_a_package_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="lower-case"):
        new_package(name, "model", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "torch", "harness", "harness-plugins", "json"])
def test_a_name_that_is_taken_is_refused(name):
    with pytest.raises(UsageError, match="already a module"):
        check_name(name)


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("dear")
    with pytest.raises(UsageError, match="exists"):
        new_package("mine", "model", tmp_path)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(UsageError, match="take one of generator, model"):
        new_package("mine", "metric", tmp_path)
