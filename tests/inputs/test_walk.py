"""One walk of a folder: links, loops, hidden entries, and what cannot be read."""

from __future__ import annotations

import os

import pytest

from harness.errors import DataError
from harness.inputs import is_hidden_path, walk, walk_files


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def test_folders_come_before_what_is_inside_in_the_order_of_names(tmp_path):
    make(tmp_path, "b/2", "b/1", "a/x/3", "c")
    assert [(here.inside, here.files) for here in walk(tmp_path)] == [
        ("", ["c"]), ("a", []), ("a/x", ["3"]), ("b", ["1", "2"])]  # fmt: skip
    assert [here.inside for here in walk(tmp_path / "a", deep=False)] == [""]


def test_links_to_files_and_folders_are_followed_every_time(tmp_path):
    elsewhere = make(tmp_path / "elsewhere", "one", "sub/two")
    root = make(tmp_path / "data", "own")
    for name in ("ann", "bob"):
        (root / name).symlink_to(elsewhere)
    (root / "file").symlink_to(elsewhere / "one")
    (root / "chain").symlink_to(root / "ann" / "sub")
    assert list(walk_files(root)) == [
        "file", "own", "ann/one", "ann/sub/two", "bob/one", "bob/sub/two", "chain/two"]  # fmt: skip


def test_hidden_entries_are_listed_and_not_entered(tmp_path):
    make(tmp_path, "a", "._a", ".cache/b", "__MACOSX/c", ".git", "__init__")
    (here,) = walk(tmp_path)
    assert here.files == ["__init__", "a"]
    assert here.hidden == ["._a", ".cache", ".git", "__MACOSX"]


@pytest.mark.parametrize("target", [".", "..", "../data/sub", "itself"])
def test_loops_are_named(tmp_path, target):
    root = make(tmp_path / "data", "sub/a")
    (root / "sub" / "itself").symlink_to(target)
    with pytest.raises(DataError, match=r"itself.* (inside of|broken)|itself"):
        list(walk(root))


def test_a_net_of_links_ends(tmp_path):
    for level in range(12):
        (tmp_path / str(level)).mkdir()
        for name in "abc":
            (tmp_path / str(level) / name).symlink_to(tmp_path / str(level + 1))
    (tmp_path / "12").mkdir()
    with pytest.raises(DataError, match="over more than 1000 links"):
        list(walk(tmp_path / "0"))


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DataError, match=r"cannot read folder .*gone"):
        list(walk(tmp_path / "gone"))
    make(tmp_path, "file")
    with pytest.raises(DataError, match=r"cannot read folder .*file: Not a directory"):
        list(walk(tmp_path / "file"))
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(DataError, match="link is a broken symbolic link; fix or remove it"):
        list(walk(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission_is_not_left_out(tmp_path):
    make(tmp_path, "locked/a", "b")
    (tmp_path / "locked").chmod(0)
    try:
        with pytest.raises(DataError, match=r"cannot read folder .*locked: Permission denied"):
            list(walk(tmp_path))
    finally:
        (tmp_path / "locked").chmod(0o700)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [("a/b", False), ("./a", False), ("../a", False), ("a/.b/c", True), (".b", True),
     ("a/__MACOSX/b", True), ("__MACOSX_2/b", False), ("a/..b", True)],
)  # fmt: skip
def test_paths_with_a_hidden_part(path, hidden):
    assert is_hidden_path(path) is hidden
