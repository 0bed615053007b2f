from __future__ import annotations

import os

import pytest

from harness.digests import digest
from harness.errors import DataError
from harness.study.keys import Fingerprints


def folder(tmp_path, name="data"):
    root = tmp_path / name
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_text("one")
    (root / "sub" / "b.txt").write_text("two")
    return root


def test_digest_ignores_the_order_of_keys():
    assert digest({"a": 1, "b": [1.5, None]}) == digest({"b": [1.5, None], "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


def test_a_fingerprint_depends_on_content_and_not_on_place(tmp_path):
    prints = Fingerprints(None)
    assert prints.of(folder(tmp_path, "x")) == prints.of(folder(tmp_path, "y"))


def test_a_fingerprint_sees_names_and_bytes(tmp_path):
    prints, root = Fingerprints(None), folder(tmp_path)
    before = prints.of(root)
    (root / "a.txt").rename(root / "c.txt")
    renamed = prints.of(root)
    (root / "c.txt").write_text("One")
    assert len({before, renamed, prints.of(root)}) == 3


def test_hidden_files_do_not_count(tmp_path):
    prints, root = Fingerprints(None), folder(tmp_path)
    before = prints.of(root)
    (root / ".cache").mkdir()
    (root / ".cache" / "x").write_text("x")
    (root / ".DS_Store").write_text("x")
    assert prints.of(root) == before


def test_the_cache_is_used_and_noticed_when_stale(tmp_path):
    prints, root = Fingerprints(tmp_path / "cache.sqlite"), folder(tmp_path)
    before, stat = prints.of(root), (root / "a.txt").stat()
    # Same size and time: the cache answers, which shows that it is used.
    (root / "a.txt").write_text("eno")
    os.utime(root / "a.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert prints.of(root) == before
    os.utime(root / "a.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert prints.of(root) != before


def test_content_behind_links_counts_and_loops_end(tmp_path):
    root, elsewhere = folder(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "big.bin").write_text("one")
    (root / "link").symlink_to(elsewhere)
    (root / "loop").symlink_to(root)
    prints = Fingerprints(None)
    before = prints.of(root)
    (elsewhere / "big.bin").write_text("two")
    assert prints.of(root) != before


def test_what_is_no_file_is_refused(tmp_path):
    root = folder(tmp_path)
    os.mkfifo(root / "pipe")
    with pytest.raises(DataError, match="is no regular file"):
        Fingerprints(None).of(root)
    (root / "pipe").unlink()
    (root / "gone").symlink_to(tmp_path / "nothing")
    with pytest.raises(DataError, match="is a link to nothing"):
        Fingerprints(None).of(root)


def test_a_damaged_cache_is_made_again(tmp_path):
    cache, root = tmp_path / "cache.sqlite", folder(tmp_path)
    before = Fingerprints(cache).of(root)
    cache.write_text("this is no database, and long enough to be taken for one" * 20)
    assert Fingerprints(cache).of(root) == before
