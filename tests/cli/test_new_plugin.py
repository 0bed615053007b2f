"""`harness new-plugin`, and what the Tab key offers."""

from __future__ import annotations

import pytest


def test_it_writes_a_package_and_says_what_comes_next(harness_command, tmp_path):
    done = harness_command("new-plugin", "acme-faces", "--kind", "generator", "-o", "there")
    assert (tmp_path / "there/acme-faces/src/acme_faces/generator.py").exists()
    assert done.stdout.splitlines()[-5:] == [
        "next:",
        "  cd there/acme-faces",
        "  pip install -e '.[test]'",
        "  pytest",
        "  harness run -g acme-faces",
    ]
    again = harness_command(
        "new-plugin", "acme-faces", "--kind", "generator", "-o", "there", check=2
    )
    assert "nothing is overwritten" in again.stderr


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("toy-net", "generator", "toy-net is already a model of toys"),
        ("Toy", "model", "cannot be the name of a plugin"),
        ("fine", "metric", "'metric' is not one of"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(harness_command, tmp_path, name, kind, message):
    assert message in harness_command("new-plugin", name, "--kind", kind, check=2).stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("run -g bf", ["bfm"]),
        ("run -g toy-faces,bf", ["toy-faces,bfm"]),
        ("run -m facenet", ["facenet-nn4"]),
        ("plan -b hq", ["hq5"]),
        ("run --aligner mt", ["mtcnn"]),
        ("show synthp", ["synthpie"]),
        ("check facenet", ["facenet-nn4"]),
        ("new-plugin x --kind ali", ["aligner"]),
        ("new-p", ["new-plugin"]),
    ],
)
def test_names_are_completed(harness_command, words, offered):
    done = harness_command(
        toys=False,
        _HARNESS_COMPLETE="bash_complete",
        COMP_WORDS=f"harness {words}",
        COMP_CWORD=str(len(words.split())),
    )
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script(harness_command, shell):
    assert "_HARNESS_COMPLETE" in harness_command("completion", shell, toys=False).stdout
