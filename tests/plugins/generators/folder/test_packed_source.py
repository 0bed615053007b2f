"""Parquet files and tar files of WebDataset as sets of identities."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from harness.errors import DataError, UsageError
from harness.faces.left_out import LeftOut
from harness_plugins.generators.folder import rows
from harness_plugins.generators.folder.packed import (
    PackedSource,
    Parquet,
    WebDataset,
    find_packs,
)
from harness_plugins.generators.folder.params import PackedParams, ParquetParams
from harness_plugins.generators.folder.rows import ParquetRows
from harness_plugins.generators.folder.tars import TarSamples, index_tars


def contents(source):
    return {
        name: [source.read(i, k).data for k in range(source.counts[i])]
        for i, name in enumerate(source.names)
    }


def pack(path, members, **form):
    """A tar file of (name, content) or TarInfo."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", **form) as archive:
        for member in members:
            entry, content = member if isinstance(member, tuple) else (member, b"")
            if isinstance(entry, str):
                entry = tarfile.TarInfo(entry)
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def sample(key, label, image, suffix="jpg"):
    return [(f"{key}.{suffix}", image), (f"{key}.cls", str(label).encode())]


def tars(*paths):
    return PackedSource(TarSamples(paths, index_tars(paths)))


def table(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path, row_group_size=2)
    return path


# -- tar files ---------------------------------------------------------------------------------


def test_samples_of_several_tar_files_are_one_set(tmp_path):
    one = pack(tmp_path / "a.tar", [*sample("x/0", 10, b"a"), *sample("x/1", 9, b"b", "PNG")])
    two = pack(
        tmp_path / "b.tar", [*sample("./0", 10, b"c"), ("notes.txt", b"-"), ("._0.jpg", b"")]
    )
    source = tars(one, two)
    assert source.names == ["9", "10"]
    assert contents(source) == {"9": [b"b"], "10": [b"a", b"c"]}
    assert source.read(1, 1).name == "b.tar sample 0"
    assert source.read(1, 0).landmarks is None


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_of_every_kind_of_tar(tmp_path, form):
    key = "/".join(["directory" * 4] * 5) + "/0"
    path = pack(tmp_path / "a.tar", sample(key, 7, b"image"), format=form)
    assert contents(tars(path)) == {"7": [b"image"]}
    assert tars(path).read(0, 0).name == f"a.tar sample {key}"


def test_json_says_who_where_and_what(tmp_path):
    facts = {"identity": "ann", "landmarks": list(range(10)), "box": [0, 1, 2, 3.5]}
    facts["meta"] = {"yaw": 1.5, "big": 10**400, "deep": {"a": 1}, "bad": float("nan")}
    members = [*sample("0", 5, b"a"), ("0.json", json.dumps(facts).encode())]
    image = tars(pack(tmp_path / "a.tar", members)).read(0, 0)
    np.testing.assert_array_equal(image.landmarks, np.arange(10, dtype=np.float32).reshape(5, 2))
    assert image.box.tolist() == [0, 1, 2, 3.5]
    assert image.meta == {"yaw": 1.5, "big": 10**400}
    assert tars(tmp_path / "a.tar").names == ["ann"]
    facts["landmarks"] = [1, 2]
    members[-1] = ("0.json", json.dumps(facts).encode())
    source = tars(pack(tmp_path / "a.tar", members))
    with pytest.raises(DataError, match=r"a\.tar sample 0: landmarks should be 10 finite"):
        source.read(0, 0)


def member(name, kind, target=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (sample("../0", 1, b"a"), r"'\.\./0\.jpg' has a path that leads out"),
        (sample("a/../../0", 1, b"a"), "leads out"),
        (sample("/0", 1, b"a"), "leads out"),
        (sample("a\\..\\0", 1, b"a"), "leads out"),
        ([member("0.jpg", tarfile.SYMTYPE, "/etc/passwd")], "is not a plain file but a link"),
        ([member("0.jpg", tarfile.LNKTYPE, "1.jpg")], "is not a plain file but a link"),
        ([member("0.jpg", tarfile.FIFOTYPE)], "is not a plain file"),
        ([("x" * 1200 + ".jpg", b"a")], "a name that no file can have"),
        ([("0.jpg", b"a")], "sample 0: nothing says whose image"),
        ([("0.cls", b"1")], "sample 0 has no image beside cls"),
        ([("0.jpg", b"a"), ("1.cls", b"1"), ("0.cls", b"1")], "nothing says whose image"),
        ([("0.jpg", b"a"), ("0.png", b"a"), ("0.cls", b"1")], "has image twice"),
        ([("0.jpg", b"a"), ("0.cls", b" ")], "is not a name of an identity"),
        ([("0.jpg", b"a"), ("0.cls", b"\xff")], r"\.cls is not text"),
        ([("0.jpg", b"a"), ("0.json", b"{")], "sample 0: its JSON is damaged"),
        ([("notes.txt", b"a")], "holds no image"),
        (
            [*sample("0", 1, b"a"), ("1.jpg", b"a"), ("1.json", b'{"identity": 1}')],
            r"in \.json of .*sample 1 but in \.cls of .*sample 0",
        ),
    ],
)
def test_members_that_are_refused(tmp_path, members, message):
    with pytest.raises(DataError, match=message) as error:
        tars(pack(tmp_path / "a.tar", members))
    assert "a.tar" in str(error.value)


def test_tar_files_that_are_damaged(tmp_path):
    path = pack(tmp_path / "a.tar", [*sample("0", 1, b"a" * 600), *sample("1", 1, b"b" * 600)])
    data = path.read_bytes()
    second = data.index(b"1.jpg")

    def refused(changed, message):
        path.write_bytes(changed)
        with pytest.raises(DataError, match=message):
            tars(path)

    # The standard reader takes both of these for the end of the archive, without a word.
    refused(
        data[: second + 3] + b"X" + data[second + 4 :], f"end of the archive at offset {second}"
    )
    refused(data[:second], "end of the archive at offset")
    refused(data[: second + 600], "cut short|not a readable tar")
    refused(data + data, "joined from several")
    negative = bytearray(data)
    negative[second + 124 : second + 136] = b"\xff" * 12
    negative[second + 148 : second + 156] = b" " * 8
    checksum = sum(negative[second : second + 512])
    negative[second + 148 : second + 156] = f"{checksum:06o}\0 ".encode()
    refused(bytes(negative), "impossible size|which no image|not a readable tar")
    refused(b"", "end of the archive|not a readable tar")
    refused(b"\x1f\x8b" + data, r"unpacked if it is \.tar\.gz")


# -- Parquet files -----------------------------------------------------------------------------


def test_rows_of_several_parquet_files_are_one_set(tmp_path):
    images = pa.array([{"bytes": bytes([k]), "path": "x"} for k in range(5)])
    one = table(tmp_path / "a.parquet", image=images, label=[10, 9, 10, 9, 11])
    two = table(tmp_path / "b.parquet", image=images.slice(0, 1), label=pa.array([9], pa.int32()))
    source = PackedSource(ParquetRows([one, two], "image"))
    assert source.names == ["9", "10", "11"]
    assert contents(source) == {"9": [b"\1", b"\3", b"\0"], "10": [b"\0", b"\2"], "11": [b"\4"]}
    assert source.read(0, 1).name == "a.parquet row 3"
    assert source.read(0, 2).name == "b.parquet row 0"


def test_columns_by_name_and_plain_bytes(tmp_path):
    who = pa.array(["b", "a", "b"]).dictionary_encode()
    path = table(tmp_path / "a.parquet", jpg=[b"0", b"1", b"2"], who=who, label=[1, 2, 3],
                 box=[[1.0, 2.0, 3.0, 4.0], None, [1.0, 2.0]],
                 meta=[{"k": 1}] * 3)  # fmt: skip
    source = PackedSource(ParquetRows([path], "jpg", "who"))
    assert source.names == ["a", "b"]
    assert source.read(1, 0).box.tolist() == [1, 2, 3, 4]
    assert source.read(1, 0).meta == {"k": 1}
    assert source.read(0, 0).box is None
    with pytest.raises(DataError, match=r"a\.parquet row 2: box should be 4 finite"):
        source.read(1, 1)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": [b"a"]}, "has no column identity or label but image"),
        ({"jpg": [b"a"], "label": [1]}, "no columns 'image' of jpg, label; set image_column"),
        ({"image": [b"a"], "label": [1.5]}, "of type double"),
        ({"image": [b"a"] * 3, "label": [1, None, None]}, "row 1: column label is empty there"),
        ({"image": pa.array([], pa.binary()), "label": pa.array([], pa.int64())}, "no row"),
    ],
)
def test_parquet_files_that_are_refused(tmp_path, columns, message):
    with pytest.raises(DataError, match=message) as error:
        ParquetRows([table(tmp_path / "a.parquet", **columns)], "image")
    assert "a.parquet" in str(error.value)


def test_rows_without_an_image_and_groups_that_are_too_big(tmp_path, monkeypatch):
    image = pa.array([{"bytes": None, "path": "x.jpg"}, {"bytes": b"a", "path": None}, None])
    path = table(tmp_path / "a.parquet", image=image, identity=[1, 1, 1])
    source = PackedSource(ParquetRows([path], "image"))
    assert source.read(0, 1).data == b"a"
    for row in (0, 2):
        with pytest.raises(DataError, match=rf"a\.parquet row {row}: column image holds no bytes"):
            source.read(0, row)
    monkeypatch.setattr(rows, "MOST_BYTES", 10)
    with pytest.raises(DataError, match="smaller row_group_size"):
        ParquetRows([path], "image")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"a\.parquet is not a readable Parquet file"):
        ParquetRows([path], "image")


# -- both --------------------------------------------------------------------------------------


def test_packed_files_are_found_at_any_depth_in_natural_order(tmp_path):
    for name in ("10.tar", "9.tar", "sub/1.tar", ".hidden.tar", "a.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    left_out = LeftOut()
    packs = find_packs(tmp_path, ".tar", left_out)
    found = [path.relative_to(tmp_path).as_posix() for path in packs]
    assert found == ["9.tar", "10.tar", "sub/1.tar"]
    assert left_out.counts() == {"hidden": 1, "not .tar": 1}
    assert find_packs(tmp_path / "a.zip", ".tar", left_out) == [tmp_path / "a.zip"]
    with pytest.raises(DataError, match=r"holds no \.parquet file"):
        find_packs(tmp_path, ".parquet", left_out)


@pytest.mark.parametrize(("made", "params"), [(Parquet, ParquetParams), (WebDataset, PackedParams)])
def test_without_a_root_nothing_is_read(made, params):
    with pytest.raises(UsageError, match="give -G root=DIR"):
        made(params()).open()
