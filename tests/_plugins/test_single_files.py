"""Single-file plugins: which files they are, and that each is imported once, or not at all."""

from __future__ import annotations

import sys

import pytest

from harness._plugins import single_files
from harness.errors import UsageError


def test_a_folder_gives_its_python_files_sorted_and_a_file_itself(tmp_path):
    for name in ("b.py", "a.py", "notes.txt"):
        (tmp_path / name).write_text("")
    lone = tmp_path / "notes.txt"
    found = single_files.plugin_files([tmp_path, lone])
    assert [path.name for path in found] == ["a.py", "b.py", "notes.txt"]
    assert all(path.is_absolute() for path in found)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="absent does not exist; check --plugins-dir"):
        single_files.plugin_files([tmp_path / "absent"])


def test_a_file_is_run_once_and_its_targets_resolve(tmp_path):
    log = tmp_path / "log"
    file = tmp_path / "once_only.py"
    file.write_text(f"with open({str(log)!r}, 'a') as f: f.write('x')\nNAME = __name__\n")
    try:
        single_files.import_files([file, file])
        assert sys.modules["harness_file_once_only"].NAME == "harness_file_once_only"
        assert log.read_text() == "x"
    finally:
        sys.modules.pop("harness_file_once_only", None)


@pytest.fixture
def twice():
    yield "harness_file_twice"
    sys.modules.pop("harness_file_twice", None)


def test_a_file_that_was_edited_is_run_again(tmp_path, twice):
    file = tmp_path / "twice.py"
    for value in (1, 2):  # of one size, within one second
        file.write_text(f"VALUE = {value}\n")
        single_files.import_files([file])
        assert value == sys.modules[twice].VALUE


def test_another_file_of_the_same_name_takes_its_place(tmp_path, twice):
    for name in ("a", "b", "a"):
        (tmp_path / name).mkdir(exist_ok=True)
        file = tmp_path / name / "twice.py"
        file.write_text(f"FOLDER = {name!r}\n")
        single_files.import_files([file])
        assert name == sys.modules[twice].FOLDER
        assert sys.modules[twice].__file__ == str(file)


def test_two_files_of_one_name_at_once_are_refused(tmp_path):
    files = [tmp_path / name / "same.py" for name in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        file.touch()
    with pytest.raises(
        UsageError, match=r"a/same\.py and .*b/same\.py are two plugins of one name"
    ):
        single_files.plugin_files([path.parent for path in files])
    assert len(single_files.plugin_files([files[0].parent, files[0]])) == 2


def test_a_file_that_fails_leaves_no_half_module(tmp_path):
    file = tmp_path / "half_made.py"
    file.write_text("A = 1\nraise RuntimeError('stop')\n")
    with pytest.raises(RuntimeError, match="stop"):
        single_files.import_files([file])
    assert "harness_file_half_made" not in sys.modules


def test_a_file_that_is_not_python_is_refused(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    with pytest.raises(ImportError, match=r"notes\.txt is not a Python file"):
        single_files.import_files([file])
