"""Large lists: the fast reader, the strict one, and complaints by file and line."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.protocols.readers import columns as module
from harness.protocols.readers.columns import ListColumn, read_text_columns
from harness.protocols.readers.image_lists import require_images

PAIRS = {
    "a": ListColumn("int32", low=0),
    "b": ListColumn("int32"),
    "label": ListColumn("int8", low=0, high=1),
}
TABLE = {
    "tid": ListColumn("int32"),
    "file": ListColumn("str", ("filename",)),
    "x": ListColumn("float32"),
}


def read(tmp_path, content: bytes, columns=PAIRS, *, header=False):
    file = tmp_path / "list.txt"
    file.write_bytes(content)
    return read_text_columns(file, columns, header=header)


@pytest.mark.parametrize(
    "content",
    [
        b"1 2 0\n30 -4 1\n",
        b"1 2 0\r\n30 -4 1",
        b"1 2 0\r30 -4 1\r",
        b"1\t2\t0\n30\t-4\t1\n",
        b"1,2,0\n30,-4,1\n",
        b"\xef\xbb\xbf1 2 0\n\n30 -4 1\n\n",
        b"1  2 0\n 30 -4   1 \n",
    ],
    ids=["plain", "crlf", "cr", "tabs", "commas", "bom-and-empty-lines", "several-spaces"],
)
def test_every_form_gives_the_same_numbers(tmp_path, content):
    found = read(tmp_path, content)
    assert {k: (v.dtype.name, v.tolist()) for k, v in found.items()} == {
        "a": ("int32", [1, 30]),
        "b": ("int32", [2, -4]),
        "label": ("int8", [0, 1]),
    }


def test_headers_are_found_in_any_case_and_other_columns_ignored(tmp_path):
    content = b'Extra,FileName,TID,X\n,"a, b.jpg",7,1.5\nz,c.jpg,8,2\n'
    found = read(tmp_path, content, TABLE, header=True)
    assert found["file"].tolist() == ["a, b.jpg", "c.jpg"]
    assert found["tid"].tolist() == [7, 8]
    assert found["x"].tolist() == [1.5, 2.0]
    with pytest.raises(DataError, match="line 1: no column file or filename among tid, x"):
        read(tmp_path, b"tid,x\n1,2\n", TABLE, header=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1 2 0\n3 4 2\n", r"line 2: label should be a whole number \(int8\) from 0 to 1"),
        (b"1 2 0\n\n-3 4 1\n", "line 3: a should be a whole number"),
        (b"1 2 0\n3 4\n", "line 2: expected 3 fields, got 2"),
        (b"1 2 0\n3 4 1 5\n", "line 2: expected 3 fields, got 4"),
        (b"1 2 0\n3 1e3 1\n", "line 2: b should be a whole number"),
        (b"1 2 0\n99999999999 4 1\n", "line 2: a should be a whole number"),
        (b"1 2 0\n3 \xff 1\n", r"line 2: byte 8 \(0xFF\) is not UTF-8; save"),
        (b"1\t2\t0\n3\t\t1\n", "line 2: b should be a whole number"),
        (b"", "is empty"),
    ],
)
def test_the_wrong_line_is_named(tmp_path, content, message):
    with pytest.raises(DataError, match=rf"list\.txt.*{message}"):
        read(tmp_path, content)


def test_a_list_of_a_header_alone_and_an_absent_list(tmp_path):
    with pytest.raises(DataError, match="holds no entries"):
        read(tmp_path, b"tid,file,x\n", TABLE, header=True)
    with pytest.raises(DataError, match=r"cannot read .*: No such file"):
        read_text_columns(tmp_path / "gone", PAIRS, header=False)


def test_the_fast_reader_takes_what_is_well_formed(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    table = np.stack([rng.integers(0, 1 << 30, 5000), rng.integers(0, 9, 5000),
                      rng.integers(0, 2, 5000)], axis=1)  # fmt: skip
    content = "\n".join(" ".join(map(str, row)) for row in table.tolist()).encode()

    def refuse(*args, **options):
        raise AssertionError("the slow reader was used")

    monkeypatch.setattr(module, "_strict", refuse)
    found = read(tmp_path, content)
    assert (np.stack(list(found.values()), axis=1) == table).all()


@pytest.mark.parametrize("seed", range(40))
def test_damage_gives_a_list_or_a_clean_error(tmp_path, seed):
    rng = np.random.default_rng(seed)
    content = bytearray(b"tid,file,x\n" + b"12,a.jpg,1.5\n" * 20)
    for place in rng.integers(len(content), size=3):
        content[place] ^= 1 << int(rng.integers(8))
    content = bytes(content[: int(rng.integers(1, len(content)))])
    try:
        found = read(tmp_path, content, TABLE, header=True)
    except DataError as error:
        assert "list.txt" in str(error)
    else:
        assert len({len(values) for values in found.values()}) == 1


def test_absent_images_are_counted_and_none_is_looked_for_outside(tmp_path):
    (tmp_path / "in/a").mkdir(parents=True)
    (tmp_path / "out.jpg").touch()
    (tmp_path / "in/a/1.jpg").touch()
    require_images(tmp_path / "in", ["a/1.jpg"], "list")
    with pytest.raises(DataError, match=r"list, line 2: image a/2.jpg .*\(1 of 2"):
        require_images(tmp_path / "in", ["a/1.jpg", "a/2.jpg"], "list")
    with pytest.raises(DataError, match=r"entry 9: image ../out.jpg is not in"):
        require_images(tmp_path / "in", ["../out.jpg"], ["entry 9"])
