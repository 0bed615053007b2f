"""Where the store is, and which values of ``HARNESS_HOME`` are refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from harness.cli.main import run
from harness.errors import PrerequisiteError, UsageError
from harness.store.home import default_home

TOYS = str(Path(__file__).parents[1] / "data" / "toys.py")
USERS = (
    ["run", "-g", "toy-faces", "-m", "toy-pixels", "-b", "toy-pairs", "-o", "out"],
    ["plan", "-g", "toy-faces", "-m", "toy-pixels", "-b", "toy-pairs"],
    ["store", "list"],
    ["store", "verify"],
    ["store", "gc", "study"],
    ["faces", "list"],
    ["faces", "stats", "abcd"],
    ["faces", "sheet", "abcd", "-o", "out.png"],
    ["faces", "show", "abcd", "--identity", "0", "-o", "out.png"],
    ["faces", "verify", "abcd"],
    ["faces", "import", "people"],
    ["faces", "export", "abcd", "--format", "imagefolder", "-o", "out"],
    ["embed", "people", "-m", "toy-pixels", "-o", "out.npy"],
    ["export-onnx", "toy-net", "net.onnx"],
    ["rescore", "STUDY"],
    ["rescore", "STUDY", "--variants"],
    ["leak", "--train", "people", "-b", "toy-pairs", "-m", "toy-pixels"],
    ["assets", "list"],
    ["assets", "link", "lfw", "people"],
    ["assets", "check"],
    ["doctor"],
    ["trace", "STUDY"],
)
"""A command line of every verb that opens the store."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with one result."""
    folder = tmp_path_factory.mktemp("made")
    out = str(folder / "study")
    argv = ["run", "-m", "toy-pixels", "-b", "toy-pairs", "-j", "1", "-q", "-o", out]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_HOME", str(folder / "home"))
        assert run(["--plugins-dir", TOYS, *argv]) == 0
    return out


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a file, a link to nothing, a link to a file, and images of people."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    (tmp_path / "to-file").symlink_to(tmp_path / "file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "people" / "ann").mkdir(parents=True)
    (tmp_path / "study").mkdir()
    return tmp_path


NOT_FOLDERS = ("/dev/null", "/dev/null/x", "file", "file/below", "to-file", "lost", "lost/below",
               "loop", "n" * 300)  # fmt: skip
WRONG = {"empty": "", "blank": " ", "tab": "a\tb",
         "line": "/no/a\nb", "bell": "/no/a\x07b", "mark": "/no/a\u2028b"}  # fmt: skip


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_values_that_name_no_place_are_refused(value, monkeypatch):
    monkeypatch.setenv("HARNESS_HOME", value)
    with pytest.raises(UsageError, match="HARNESS_HOME"):
        default_home()


@pytest.mark.parametrize("name", NOT_FOLDERS, ids=lambda name: name[:12])
def test_what_is_not_a_folder_is_named(place, name, monkeypatch):
    monkeypatch.setenv("HARNESS_HOME", str(place / name))
    with pytest.raises(PrerequisiteError, match="set HARNESS_HOME to a folder you can write to"):
        default_home()
    assert not (place / "nowhere").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may open every folder")
def test_a_folder_that_cannot_be_entered_is_named(place, monkeypatch):
    closed = place / "closed"
    closed.mkdir()
    closed.chmod(0)
    monkeypatch.setenv("HARNESS_HOME", str(closed / "home"))
    try:
        with pytest.raises(PrerequisiteError, match="Permission denied"):
            default_home()
    finally:
        closed.chmod(stat.S_IRWXU)


def test_a_folder_that_is_there_or_can_be_made_is_taken(place, monkeypatch):
    (place / "link").symlink_to(place / "people")
    for name in ("people", "new", "new/deep", "link", "\udcff", "a b", "é\u202e"):
        monkeypatch.setenv("HARNESS_HOME", str(place / name))
        assert default_home() == place / name
        assert not (place / "new").exists()  # reading makes nothing


@pytest.mark.parametrize("value", ["store", "../store", "people"])
def test_a_relative_path_is_that_of_the_current_folder(place, monkeypatch, value):
    monkeypatch.setenv("HARNESS_HOME", value)
    found = default_home()
    assert found.is_absolute()
    assert found == Path(os.path.abspath(".")) / value  # noqa: PTH100 (as the shell sees it)


def test_the_data_folder_of_the_user_is_checked_alike(place, monkeypatch):
    monkeypatch.delenv("HARNESS_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(place / "file"))
    with pytest.raises(PrerequisiteError, match="XDG_DATA_HOME or HOME"):
        default_home()


@pytest.mark.parametrize("argv", USERS, ids=lambda argv: "-".join(argv[:2]))
@pytest.mark.parametrize("value", ["/dev/null", "FILE", "LOST", "", "/nowhere/a\nb"])
def test_every_verb_says_that_the_store_is_nowhere(place, study, argv, value, monkeypatch, capsys):
    known = {"FILE": str(place / "file"), "LOST": str(place / "lost")}
    monkeypatch.setenv("HARNESS_HOME", known.get(value, value))
    before = sorted(path.name for path in place.iterdir())
    argv = [study if word == "STUDY" else word for word in argv]
    code = run(["--plugins-dir", TOYS, *argv])
    said = capsys.readouterr()
    assert code in (2, 3), said
    assert "HARNESS_HOME" in said.err, said
    lines = [line for line in said.err.splitlines() if "still running" not in line]
    assert len(lines) == 1, said  # but for a machine so busy that loading plugins is reported
    assert sorted(path.name for path in place.iterdir()) == before
