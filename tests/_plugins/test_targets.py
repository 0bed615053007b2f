"""Targets of declarations: what is imported, and which files stand for it in a record."""

from __future__ import annotations

import sys

import pytest

from harness._plugins import targets
from harness.digests import digest, file_sha256


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules and a lone module, importable in this test only."""
    folder = tmp_path / "targets_pkg"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "net.py").write_text("class Net:\n    size = 3\n")
    (folder / "helper.py").write_text("ONE = 1\n")
    (tmp_path / "targets_lone.py").write_text("class Lone: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in ("targets_pkg.net", "targets_pkg", "targets_lone"):
        sys.modules.pop(name, None)


def test_a_target_is_module_and_name(package):
    assert targets.import_object("targets_pkg.net:Net").size == 3
    with pytest.raises(AttributeError):
        targets.import_object("targets_pkg.net:Nothing")


def test_the_digest_of_a_module_in_a_package_covers_its_neighbours(package):
    files = ["__init__.py", "helper.py", "net.py"]
    expected = digest([[name, file_sha256(package / name)] for name in files])
    assert targets.source_sha256("targets_pkg.net") == expected
    (package / "helper.py").write_text("ONE = 2\n")
    assert targets.source_sha256("targets_pkg.net") != expected


def test_the_digest_of_a_lone_module_is_its_own(package):
    lone = package.parent / "targets_lone.py"
    before = targets.source_sha256("targets_lone")
    assert before == digest([["targets_lone.py", file_sha256(lone)]])
    (package.parent / "other.py").write_text("")
    assert targets.source_sha256("targets_lone") == before


def test_a_module_that_is_not_there_has_no_file_and_no_digest():
    assert targets.source_file("no_such_package.module") is None
    assert targets.source_sha256("no_such_package.module") == ""


def test_a_module_without_a_file_has_no_digest():
    assert targets.source_file("sys") is None or not targets.source_file("sys").exists()
