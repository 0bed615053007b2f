"""A ``pyproject.toml`` is read without being asked for, so it may say little."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.recipe.project import project_file, read_project


def project(folder, text):
    file = folder / "pyproject.toml"
    file.write_text(text)
    return file


def test_only_the_current_folder_counts(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    file = project(tmp_path, "[tool.harness.study]\nseed = 1\n")
    assert project_file(tmp_path) == file
    assert project_file(inner) is None
    project(inner, "[tool.ruff]\n")
    assert project_file(inner) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.harness.executor]\nuse = 'dask'\noptions = { preload = 'x' }", "harness.executor"),
        ("[tool.harness.executor]\nuse = 'dask'\nscheduler = 'tcp://a:1'", "harness.executor"),
        ("[tool.harness.profile.a.executor]\nuse = 'dask'", "harness.profile"),
        ("[tool.harness]\nplugins = ['evil.py']", "harness.plugins"),
        ("[tool]\nharness = 3", "must be a table"),
        ("[tool]\nharness = [{ study = 1 }]", "must be a table"),
        ("[[tool.harness.model]]\nuse = 'onnx'\npath = '/etc/net.onnx'", "outside the folder"),
        ("[[tool.harness.model]]\nuse = 'onnx'\npath = '~/net.onnx'", "outside the folder"),
        ("[[tool.harness.benchmark]]\nuse = 'lfw'\nroot = '../lfw'", "outside the folder"),
        ("[[tool.harness.benchmark]]\nuse = 'lfw'\nroot = 'a/../../lfw'", "outside the folder"),
        ("[[tool.harness.generator]]\nuse = 'folder'\nfolders = ['a', '/b']", "outside the folder"),
        ("[tool.harness.sweep]\n'model.path' = ['a', '/b']", "outside the folder"),
        ("[[tool.harness.model]]\nuse = 'onnx'\npath = 'link/net.onnx'", "outside the folder"),
    ],
)
def test_what_could_run_code_or_reach_outside_is_refused(tmp_path, text, said):
    (tmp_path / "link").symlink_to("/usr")
    with pytest.raises(UsageError, match=r"pyproject\.toml:\d+: ") as refused:
        read_project(project(tmp_path, text))
    assert said in str(refused.value)


def test_an_evil_project_ends_a_run_before_anything_starts(harness_command, tmp_path):
    project(tmp_path, "[tool.harness.executor]\nuse = 'dask'\n"
            "options = { preload = \"import os; os.system('id > pwned.txt')\" }\n")  # fmt: skip
    refused = harness_command("run", "-g", "toy-faces", check=2).stderr
    assert refused.count("\n") == 1
    assert "[tool.harness.executor] is not read from a project file" in refused
    assert not (tmp_path / "pwned.txt").exists()
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000 + "]" * 5000, "a." * 90_000 + "b = 1", "\xff"]
)
def test_one_that_cannot_be_read_is_named(harness_command, tmp_path, text):
    (tmp_path / "pyproject.toml").write_bytes(text.encode("latin-1"))
    refused = harness_command("plan", "-g", "toy-faces", check=2).stderr
    assert "pyproject.toml" in refused
    assert len(refused) < 300
