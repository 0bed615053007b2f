"""LMDB databases as sets of identities: layouts of HSFace, VFace and Vec2Face, masks, damage.

The files are written by the LMDB library itself, which is the oracle of the reader.
"""

from __future__ import annotations

import io
import pickle
import struct
from types import SimpleNamespace

import lmdb
import msgpack
import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness_plugins.generators.folder.lmdb_pages import LmdbFile
from harness_plugins.generators.folder.lmdb_rows import (
    LmdbRows,
    find_database,
    index_lmdb,
    read_mask,
)
from harness_plugins.generators.folder.packed import Lmdb, PackedSource
from harness_plugins.generators.folder.params import LmdbParams

FEATURE = io.BytesIO()
np.save(FEATURE, np.zeros(4, np.float32))


def write(path, values, stated=None, subdir=False):
    """A database; ``values`` are (key, value), ``stated`` is laid over the usual statements."""
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = [str(key).encode() for key, _ in values]
    classes = 1 + max((v[-1] for _, v in values if isinstance(v[-1], int)), default=0)
    said = {"__len__": len(keys), "__keys__": keys, "__classnum__": classes, **(stated or {})}
    with lmdb.open(str(path), subdir=subdir, map_size=1 << 28, lock=False) as base:
        with base.begin(write=True) as transaction:
            for key, value in values:
                packed = value if isinstance(value, bytes) else msgpack.dumps(value)
                transaction.put(str(key).encode(), packed)
            for key, value in said.items():
                if value is not None:
                    transaction.put(key.encode(), msgpack.dumps(value))
    return path


def image(number, size=None):
    return bytes([number % 256]) * (size or 10 + 700 * (number % 9))


def hsface(count=40, per=4):
    return [(k, (image(k), k // per)) for k in range(count)]


def source(path, mask=None, label=None):
    index = index_lmdb(path, label)
    return PackedSource(
        LmdbRows(path, index, None if mask is None else read_mask(mask, len(index["labels"])))
    )


def contents(found):
    return {
        name: [found.read(i, k).data for k in range(found.counts[i])]
        for i, name in enumerate(found.names)
    }


@pytest.mark.parametrize("subdir", [False, True])
def test_images_and_labels_of_hsface(tmp_path, subdir):
    path = write(tmp_path / "a.lmdb", hsface(), subdir=subdir)
    found = source(find_database(path, None))
    assert found.names == [str(k) for k in range(10)]
    assert contents(found) == {
        str(k): [image(4 * k + i) for i in range(4)] for k in range(10)
    }  # exact bytes, those of one page and those of several
    assert found.read(3, 1).name.endswith("key 13")
    assert not list(tmp_path.glob("*lock*"))  # read-only: nothing is written beside


def test_every_value_of_a_deep_tree_equals_that_of_the_library(tmp_path):
    rng = np.random.default_rng(0)
    values = [(k, (rng.bytes(int(rng.integers(1, 9000) if k % 40 == 0 else 1500)), k // 5))
              for k in range(6000)]  # fmt: skip
    path = write(tmp_path / "a.lmdb", values)
    file = LmdbFile(path)
    found = {key: file.value(offset, size) for key, offset, size in file.spans()}
    with lmdb.open(str(path), subdir=False, readonly=True, lock=False) as base:
        assert base.stat()["depth"] >= 3
        with base.begin() as transaction:
            assert list(found.items()) == list(transaction.cursor())


def test_deleted_and_rewritten_values_are_those_of_the_last_transaction(tmp_path):
    path = write(tmp_path / "a.lmdb", hsface(200, 4))
    with lmdb.open(str(path), subdir=False, map_size=1 << 28, lock=False) as base:
        for number in range(0, 200, 2):
            with base.begin(write=True) as transaction:
                transaction.delete(str(number).encode())
        with base.begin(write=True) as transaction:
            for key in (b"__len__", b"__keys__"):
                transaction.delete(key)
            transaction.put(b"1", msgpack.dumps((b"new", 0)))
    found = contents(source(path))
    assert found["0"] == [b"new", image(3)]
    assert sum(map(len, found.values())) == 100


def test_the_label_of_vec2face_is_behind_the_feature(tmp_path):
    three = [(k, [image(k), FEATURE.getvalue(), k // 2]) for k in range(8)]
    four = [(k, [*value, image(k, 5)]) for k, value in three]
    for name, values in (("three", three), ("four", four)):
        path = write(tmp_path / name, values, {"__classnum__": 4})
        assert contents(source(path))["3"] == [image(6), image(7)]
        assert contents(source(path, label=2)) == contents(source(path))
    with pytest.raises(DataError, match="element 1 is 144 bytes, not a label from 0; set label"):
        source(tmp_path / "four", label=1)


def test_values_of_old_msgpack_are_read(tmp_path):
    values = [(k, msgpack.packb((image(k), k // 2), use_bin_type=False)) for k in range(6)]
    path = write(tmp_path / "a.lmdb", values, {"__classnum__": 3})
    assert contents(source(path))["2"] == [image(4), image(5)]


def test_two_numbers_need_a_position(tmp_path):
    values = [(k, [image(k), 5, k // 2]) for k in range(6)]
    path = write(tmp_path / "a.lmdb", values)
    with pytest.raises(DataError, match=r"2 of 3 elements .* set label_position"):
        source(path)
    assert source(path, label=2).names == ["0", "1", "2"]


def test_masks_choose_by_the_order_of_keys(tmp_path):
    order = [str(k).encode() for k in (3, 1, 0, 2, 4, 5)]
    path = write(tmp_path / "a.lmdb", hsface(6, 2), {"__keys__": order})
    mask = tmp_path / "m.npy"
    np.save(mask, np.array([0, 2, 3], np.int32))  # images 3, 0 and 2
    assert contents(source(path, mask)) == {"0": [image(0)], "1": [image(3), image(2)]}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 40], "names image 40, the database holds 0 to 39; the mask is of another database"),
        ([-1, 3], "names image -1"),
        ([3, 3], "names image 3 more than once"),
        ([], "is float64 .* whole numbers"),
        (np.zeros(0, int), "is empty"),
        ([[1], [2]], "a row of whole numbers"),
        ([True, False], "is bool"),
        ([1.0, 2.0], "is float64"),
    ],
)
def test_masks_that_do_not_fit_are_refused(tmp_path, values, message):
    mask = tmp_path / "m.npy"
    np.save(mask, np.array(values))
    with pytest.raises(DataError, match=message) as caught:
        read_mask(mask, 40)
    assert "m.npy" in str(caught.value)


def test_a_mask_is_never_unpickled(tmp_path):
    mask = tmp_path / "label_map.npy"
    np.save(mask, np.array({"0": 1}, object), allow_pickle=True)
    with pytest.raises(DataError, match=r"label_map\.npy is a Python pickle"):
        read_mask(mask, 4)
    mask.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match="is a Python pickle"):
        read_mask(mask, 4)
    header = {"descr": "<i8", "fortran_order": False, "shape": (1 << 40,)}
    with mask.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(DataError, match=r"not a readable .npy file"):
        read_mask(mask, 4)


@pytest.mark.parametrize(
    ("values", "stated", "message"),
    [
        (hsface(), {"__len__": 41}, "holds 40 images and states 41"),
        (hsface(), {"__len__": "40"}, "__len__ is not a whole number"),
        (hsface(), {"__classnum__": 9}, "has label 9 and states 9 identities"),
        (hsface(), {"__keys__": [b"0"]}, "holds 40 images and lists 1"),
        (hsface(), {"__keys__": {"a": 1}}, "__keys__ is not a list"),
        (hsface(4, 2), {"__keys__": [b"0", b"1", b"2", b"2"]}, "names an image twice"),
        (hsface(4, 2), {"__keys__": [b"0", b"1", b"2", b"7"]}, "names 7, which is not there"),
        (hsface(4, 2), {"__keys__": [b"0", b"1", b"2", b"+3"]}, "entry 3 of __keys__"),
        ([("cat", (b"x", 0)), (1, (b"x", 1))], {}, "key cat: keys are the numbers"),
        ([("007", (b"x", 0))], {}, "key 007: keys are the numbers"),
        ([(0, pickle.dumps((b"x", 0)))], {}, "key 0: the value is a Python pickle"),
        ([(0, b"\xc1")], {}, "key 0: the value is not msgpack"),
        ([(0, b"\x92" * 3000)], {}, "key 0: the value is not msgpack"),
        ([(0, msgpack.dumps({"image": b"x"}))], {}, "not a list of an image and its label"),
        ([(0, (5, b"x"))], {}, "does not begin with an encoded image"),
        ([(0, (b"x", "a"))], {}, "none of 2 elements is a whole number"),
        ([(0, (b"x", 1)), (1, (b"x", "a"))], {}, "key 1: element 1 is 1 bytes, not a label"),
        ([(0, (b"x", -1))], {}, "element 1 is -1, not a label"),
        ([(k, (b"x", 0)) for k in range(3)], {}, "each of 3 images has the same label"),
        ([(k, (b"x", k)) for k in range(3)], {}, "each of 3 images has a label of its own"),
        ([], {}, "holds no image"),
    ],
)
def test_sets_that_cannot_be_right_are_refused(tmp_path, values, stated, message):
    path = write(tmp_path / "a.lmdb", values, stated)
    with pytest.raises(DataError, match=message) as caught:
        source(path)
    assert "a.lmdb" in str(caught.value)


def test_fewer_identities_than_stated_are_noted(tmp_path):
    path = write(tmp_path / "a.lmdb", hsface(8, 2), {"__classnum__": 9})
    assert index_lmdb(path, None)["notes"] == ["a.lmdb states 9 identities and has images of 4"]


def test_several_databases_are_a_choice(tmp_path):
    write(tmp_path / "hsface10k.lmdb", hsface())
    assert find_database(tmp_path, None).name == "hsface10k.lmdb"
    write(tmp_path / "hsface20k.lmdb", hsface(), subdir=True)
    with pytest.raises(DataError, match=r"hsface10k.lmdb, hsface20k.lmdb; set database=NAME"):
        find_database(tmp_path, None)
    assert find_database(tmp_path, "hsface20k.lmdb").name == "data.mdb"
    for wrong in ("none.lmdb", "../x", ".hidden"):
        with pytest.raises(DataError, match="set database"):
            find_database(tmp_path, wrong)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="found none"):
        find_database(tmp_path / "empty", None)


def test_the_generator_notes_what_a_mask_takes(tmp_path):
    path = write(tmp_path / "a.lmdb", hsface())
    np.save(tmp_path / "m.npy", np.arange(8))
    notes, kept = [], []

    def artifact(name, parts, build):
        folder = tmp_path / "kept"
        if not kept:
            folder.mkdir()
            build(folder)
        kept.append((name, parts))
        return folder

    made = Lmdb(LmdbParams(root=path, mask=tmp_path / "m.npy"))
    made.ctx = SimpleNamespace(note=notes.append, artifact=artifact)
    assert made.open().names == ["0", "1"]
    assert made.open().counts.tolist() == [4, 4]
    assert notes[0] == "8 of 40 images are used, by m.npy"
    assert kept[0] == kept[1]
    assert LmdbParams().template == "arcface"
    made = Lmdb(LmdbParams())
    with pytest.raises(UsageError, match="give -G root=DIR"):
        made.open()


# -- damage ------------------------------------------------------------------------------------


def damaged(path, at, form, value):
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, at, value)
    path.write_bytes(data)
    return path


META, TREE = 16, 16 + 24 + 48


@pytest.mark.parametrize(
    ("at", "form", "value", "message"),
    [
        (META, "<I", 7, "is not an LMDB database"),
        (META + 4, "<I", 2, "of format 2, only 1"),
        (META + 24, "<I", 1000, "its pages have 1000 bytes"),
        (TREE + 40, "<Q", 1 << 40, "behind the end of the file"),
        (TREE + 40, "<Q", (1 << 64) - 1, "its root is impossible"),
        (TREE + 32, "<Q", 44, "states 44 keys and holds 43"),
        (TREE + 32, "<Q", 1 << 50, "it states 1125899906842624 keys"),
        (TREE + 6, "<H", 9, "at another depth"),
        (TREE + 6, "<H", 900, "its root is impossible"),
    ],
)
def test_damaged_roots_name_the_file(tmp_path, at, form, value, message):
    path = write(tmp_path / "a.lmdb", hsface())
    page = 4096 * (LmdbFile(path)._newest().transaction % 2)  # transactions take turns
    with pytest.raises(DataError, match=message) as caught:
        list(LmdbFile(damaged(path, page + at, form, value)).spans())
    assert "a.lmdb" in str(caught.value)


def test_a_tree_that_leads_into_itself_ends(tmp_path):
    path = write(tmp_path / "a.lmdb", hsface(6000, 4))
    data = path.read_bytes()
    root = LmdbFile(path)._root.page
    first = 4096 * root + struct.unpack_from("<H", data, 4096 * root + 16)[0]
    second = 4096 * root + struct.unpack_from("<H", data, 4096 * root + 18)[0]
    for child in (root, struct.unpack_from("<H", data, second)[0]):
        with pytest.raises(DataError, match=r"twice in the tree|another depth"):
            list(LmdbFile(damaged(path, first, "<H", child)).spans())


def test_values_that_share_pages_are_refused(tmp_path):
    """A few large pages that many keys name could stand for terabytes."""
    values = [(k, (image(0, 60_000), k // 2)) for k in range(60)]
    path = write(tmp_path / "a.lmdb", values)
    data = bytearray(path.read_bytes())
    file = LmdbFile(path)
    first = min(offset for _, offset, size in file.spans() if size > 50_000)
    size = 900_000
    for page in range(len(data) // 4096):
        own, _, flags, lower, _ = struct.unpack_from("<QHHHH", data, page * 4096)
        if own != page or not flags & 2:
            continue
        for start in struct.unpack_from(f"<{(lower - 16) // 2}H", data, page * 4096 + 16):
            at = page * 4096 + start
            *_, node, key = struct.unpack_from("<HHHH", data, at)
            if node & 1:
                struct.pack_into("<HH", data, at, size & 0xFFFF, size >> 16)
                struct.pack_into("<Q", data, at + 8 + key, first // 4096)
    path.write_bytes(data)
    with pytest.raises(DataError, match="share bytes"):
        list(LmdbFile(path).spans())


def test_named_databases_are_refused(tmp_path):
    with lmdb.open(str(tmp_path / "a.lmdb"), subdir=False, max_dbs=2, lock=False) as base:
        inner = base.open_db(b"images")
        with base.begin(write=True, db=inner) as transaction:
            transaction.put(b"0", b"x")
    with pytest.raises(DataError, match="named databases"):
        source(tmp_path / "a.lmdb")


@pytest.mark.parametrize("kept", [0, 10, 4096, 8191, 9000, 0.5, 0.95])
def test_files_that_were_cut_name_themselves(tmp_path, kept):
    path = write(tmp_path / "a.lmdb", hsface(200, 4))
    data = path.read_bytes()
    path.write_bytes(data[: kept if isinstance(kept, int) else int(kept * len(data))])
    with pytest.raises(DataError, match=r"a\.lmdb"):
        source(path)
