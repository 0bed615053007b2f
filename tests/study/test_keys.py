from __future__ import annotations

import os

from harness.digests import digest
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
