from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from harness.digests import digest, file_sha256
from harness.errors import DataError
from harness.inputs import content_of, stamps
from harness.store import fingerprints
from harness.store.fingerprints import Fingerprints


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


@pytest.fixture
def sure(monkeypatch):
    """Every file counts as old enough for the cache, on a file system that can be trusted."""
    monkeypatch.setattr(stamps, "RESOLUTION_NS", -(10**15))
    monkeypatch.setattr(stamps, "_unsure_devices", frozenset)


@pytest.fixture
def reads(monkeypatch):
    """Names of the files whose content was read, in a list that fills."""
    found = []

    def read(path, mode):
        found.append(os.path.basename(path))  # noqa: PTH119 (a name that is not UTF-8)
        return content_of(path, mode)

    monkeypatch.setattr(fingerprints, "content_of", read)
    return found


def test_the_first_run_writes_the_cache_and_the_second_uses_it(tmp_path, sure, reads):
    root, cache = folder(tmp_path), tmp_path / "home" / "cache.sqlite"
    first = Fingerprints(cache).of(root)
    assert sorted(reads) == ["a.txt", "b.txt"]
    assert Fingerprints(cache).of(root) == first
    assert Fingerprints(cache).of(root / "a.txt") != first
    assert len(reads) == 2


def test_young_files_are_read_again(tmp_path, reads):
    prints, root = Fingerprints(tmp_path / "cache.sqlite"), folder(tmp_path)
    prints.of(root)
    prints.of(root)
    assert len(reads) == 4


def rewrite(path, elsewhere):
    path.write_text("eno")


def replace(path, elsewhere):
    elsewhere.write_text("eno")
    elsewhere.replace(path)


def link(path, elsewhere):
    elsewhere.write_text("eno")
    path.unlink()
    path.symlink_to(elsewhere)


def copy(path, elsewhere):
    elsewhere.write_text("eno")
    shutil.copystat(path, elsewhere)
    shutil.copy2(elsewhere, path)


@pytest.mark.parametrize("change", [rewrite, replace, link, copy])
def test_another_file_of_the_same_size_and_time_has_another_key(tmp_path, sure, change):
    prints, root = Fingerprints(tmp_path / "cache.sqlite"), folder(tmp_path)
    file = root / "a.txt"
    before, stat = (prints.of(root), prints.of(file)), file.stat()
    change(file, tmp_path / "elsewhere")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert prints.of(root) != before[0]
    assert prints.of(file) != before[1]


def test_names_that_are_not_utf8_are_cached(tmp_path, sure, reads):
    root = folder(tmp_path)
    name = os.fsdecode(b"Jos\xe9.png")
    (root / "sub" / name).write_text("x")
    prints = Fingerprints(tmp_path / "cache.sqlite")
    assert prints.of(root) == prints.of(root)
    assert reads.count(name) == 1


def test_a_cache_of_an_older_version_is_replaced(tmp_path, sure, reads):
    cache, root = tmp_path / "cache.sqlite", folder(tmp_path)
    with closing(sqlite3.connect(cache)) as db:
        db.execute("CREATE TABLE files (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, "
                   "sha256 TEXT)")  # fmt: skip
        stat = (root / "a.txt").stat()
        row = (str(root / "a.txt"), stat.st_size, stat.st_mtime_ns, "0" * 64)
        db.execute("INSERT INTO files VALUES (?, ?, ?, ?)", row)
        db.commit()
    assert Fingerprints(cache).of(root) == Fingerprints(None).of(root)
    Fingerprints(cache).of(root)
    assert reads.count("a.txt") == 2
    with closing(sqlite3.connect(cache)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master")]
    assert "files" not in tables


@pytest.mark.parametrize("home", ["a file", "read-only", "in a file"])
def test_a_cache_that_cannot_be_written_is_not_used(tmp_path, sure, home):
    root = folder(tmp_path)
    (tmp_path / "home").write_text("x")
    cache = {"a file": tmp_path, "read-only": tmp_path / "cache.sqlite",
             "in a file": tmp_path / "home" / "cache.sqlite"}[home]  # fmt: skip
    if home == "read-only":
        Fingerprints(cache).of(root / "a.txt")
        cache.chmod(0o400)
    assert Fingerprints(cache).of(root) == Fingerprints(None).of(root)


def test_content_behind_links_counts_and_loops_are_named(tmp_path):
    root, elsewhere = folder(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "big.bin").write_text("one")
    (root / "link").symlink_to(elsewhere)
    prints = Fingerprints(None)
    before = prints.of(root)
    (elsewhere / "big.bin").write_text("two")
    assert prints.of(root) != before
    (root / "loop").symlink_to(root)
    with pytest.raises(DataError, match="loop is a link to a folder that it is inside of"):
        prints.of(root)


def network(folder, seed, location="net.onnx.data"):
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(seed).random(300, np.float32)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [300])
    made = helper.make_graph([], "g", [value], [value], [numpy_helper.from_array(weights, "w")])
    (folder / location).unlink(missing_ok=True)
    onnx.save(helper.make_model(made), folder / "net.onnx", save_as_external_data=True,
              location=location, size_threshold=0)  # fmt: skip
    return folder / "net.onnx"


@pytest.mark.parametrize("location", ["net.onnx.data", "weights.bin", ".hidden.data"])
def test_external_weights_are_part_of_a_network(tmp_path, sure, location):
    prints = Fingerprints(tmp_path / "cache.sqlite")
    (tmp_path / "models").mkdir()
    path = network(tmp_path / "models", 1, location)
    one, whole, graph = prints.of(path), prints.of(path.parent), file_sha256(path)
    assert network(tmp_path / "models", 2, location) == path
    assert file_sha256(path) == graph
    assert prints.of(path) != one
    assert prints.of(path.parent) != whole
    network(tmp_path / "models", 1, location)
    assert (prints.of(path), prints.of(path.parent)) == (one, whole)


def test_weights_beside_a_linked_network_are_found(tmp_path):
    real = tmp_path / "blobs"
    real.mkdir()
    network(real, 1).rename(real / "0a1b")
    (tmp_path / "net.onnx").symlink_to(real / "0a1b")
    with pytest.raises(DataError, match="not in"):
        Fingerprints(None).of(tmp_path / "net.onnx")
    (tmp_path / "net.onnx.data").symlink_to(real / "net.onnx.data")
    before = Fingerprints(None).of(tmp_path / "net.onnx")
    (real / "net.onnx.data").write_bytes(bytes(1200))
    assert Fingerprints(None).of(tmp_path / "net.onnx") != before


def test_files_that_a_component_reads_beside_a_file_count(tmp_path):
    (tmp_path / "train.rec").write_text("rec")
    prints, names = Fingerprints(None), (".idx", "list.txt")
    found = [prints.of(tmp_path / "train.rec", names)]
    for name, text in (("train.idx", "1"), ("train.idx", "2"), ("list.txt", "1"), ("x", "1")):
        (tmp_path / name).write_text(text)
        found.append(prints.of(tmp_path / "train.rec", names))
    assert len(set(found)) == 4
    assert found[-1] == found[-2]


def test_a_file_that_changes_while_it_is_read_is_named(tmp_path, monkeypatch):
    root = folder(tmp_path)

    def read(path, mode):
        found = content_of(path, mode)
        Path(path).write_text("longer than before")
        return found

    monkeypatch.setattr(fingerprints, "content_of", read)
    with pytest.raises(DataError, match=r"\.txt changed while it was read; run again"):
        Fingerprints(None).of(root)


def test_what_is_no_file_is_refused(tmp_path):
    root = folder(tmp_path)
    os.mkfifo(root / "pipe")
    with pytest.raises(DataError, match="is not a regular file"):
        Fingerprints(None).of(root)
    (root / "pipe").unlink()
    (root / "gone").symlink_to(tmp_path / "nothing")
    with pytest.raises(DataError, match="is a broken symbolic link"):
        Fingerprints(None).of(root)


def test_a_damaged_cache_is_made_again(tmp_path):
    cache, root = tmp_path / "cache.sqlite", folder(tmp_path)
    before = Fingerprints(cache).of(root)
    cache.write_text("this is not a database, and long enough to be taken for one" * 20)
    assert Fingerprints(cache).of(root) == before
