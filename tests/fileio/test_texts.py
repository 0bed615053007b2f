"""One reader for all texts: encodings, line ends, what is refused and how it is said."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.fileio import texts
from harness.fileio.texts import (
    decimal_comma,
    flag,
    lines,
    read_json,
    read_lines,
    read_text,
    whole_number,
)

ROWS = ["Zoë", "", "b\tc", "最後"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old-mac"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "utf-32"])
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
def test_every_way_to_save_gives_the_same_lines(tmp_path, encoding, end, closed):
    text = end.join(ROWS) + (end if closed else "")
    mark = "\ufeff" if encoding.endswith("bom") else ""
    (tmp_path / "a").write_bytes((mark + text).encode(encoding.removesuffix("-bom")))
    assert read_lines(tmp_path / "a") == ROWS
    assert read_text(tmp_path / "a") == "\n".join(ROWS) + ("\n" if closed else "")


def test_only_line_ends_end_a_line(tmp_path):
    odd = "a\x0bb\x0cc\u2028d\x85e"
    (tmp_path / "a").write_text(odd + "\nf", encoding="utf-8")
    assert read_lines(tmp_path / "a") == [odd, "f"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\nJosé\n".encode("latin-1"), r"line 2: byte 5 \(0xE9\) is not UTF-8; save the file as"),
        (b"\xef\xbb\xbfa\r\n\xff", r"line 2: byte 6 \(0xFF\) is not UTF-8"),
        (b"a" * 100_000 + b"\rb\x80", r"line 2: byte 100,002 \(0x80\)"),
        ("a\nb".encode("utf-16")[:-1], r"line 2: byte 6 \(0x62\) is not UTF-16"),
        (
            "a\nb".encode("utf-16-le"),
            "line 1 holds a zero byte: .*UTF-16 without a byte-order mark",
        ),
        (b"PK\x03\x04 and so on", "is a ZIP archive, not text; give a text file saved as UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "is a PNG image, not text"),
        (b"<!DOCTYPE html><html>login</html>", "is a web page, not text"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer, not text"),
        (b"\x1f\x8b\x08", "is a gzip file, not text"),
    ],
)
def test_what_is_not_text_is_named_with_its_place(tmp_path, content, message):
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    for read in (read_text, read_lines):
        with pytest.raises(DataError, match=rf"list\.txt.*{message}"):
            read(path)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev", "/proc/none", "a\0b", "x" * 300])
def test_what_cannot_be_read_is_named(path):
    for read in (read_text, read_lines, texts.encoding_of):
        with pytest.raises(DataError, match=r"cannot read .*(device|folder|No such|null|too long)"):
            read(Path(path))


def test_sizes_are_bounded(tmp_path, monkeypatch):
    path = tmp_path / "list"
    with path.open("wb") as file:
        file.truncate(5 << 30)  # sparse: it takes no room
    for read in (read_text, read_lines, texts.encoding_of):
        with pytest.raises(DataError, match=r"list is larger than [0-9,]+ MiB"):
            read(path)
    path.write_bytes(b"a" * (texts.LONGEST_LINE + 1))
    with pytest.raises(DataError, match="line 1 has more than 1,048,576 characters"):
        read_lines(path)
    path.write_text("a\n" * 100)
    monkeypatch.setattr(texts, "MOST_LINES_BYTES", 150)
    with pytest.raises(DataError, match="larger than"):
        read_lines(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("read", [read_text, lambda path: "\n".join(lines(path)) + "\n"])
def test_a_pipe_is_read_once(tmp_path, read):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"\xef\xbb\xbfa\r\nb\r\n",))
    writer.start()
    assert read(pipe) == "a\nb\n"
    writer.join()


def test_json_is_named(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": [1, "ü"]}', encoding="utf-16")
    assert read_json(path) == {"a": [1, "ü"]}
    for text in ("{", "[" * 100_000, ""):
        path.write_text(text)
        with pytest.raises(DataError, match=r"a\.json is not JSON"):
            read_json(path)


@pytest.mark.parametrize("word", ["1", "1.0", "true", "TRUE", "True", "yes", "Y", " t "])
def test_yes_in_every_spelling(word):
    assert flag(word) is True


@pytest.mark.parametrize("word", ["0", "0.0", "false", "FALSE", "No", "n", "F"])
def test_no_in_every_spelling(word):
    assert flag(word) is False


@pytest.mark.parametrize("word", ["", "2", "-1", "maybe", "truth", "10", "1,0"])
def test_neither_yes_nor_no(word):
    assert flag(word) is None


def test_decimal_commas_are_told_from_other_words():
    assert [decimal_comma(w) for w in ("0,5", "-1,25e3", "+3,0")] == [True] * 3
    assert [decimal_comma(w) for w in ("a,b", "1,", "0.5", "1,x")] == [False] * 4


@pytest.mark.parametrize(
    ("line", "separator"),
    [
        ("a,b,c", ","),
        ("a;b;c,d", ";"),
        ("a\tb, c\td", "\t"),
        ("a b c", " "),
        ('"a,b,c,d";e;f', ";"),
        ("single", " "),
    ],
)
def test_the_separator_of_a_first_line(line, separator):
    assert texts.separator_of(line) == separator


def test_whole_numbers_are_plain_digits():
    assert [whole_number(word) for word in ("0", "-12", "+7", " 3 ", "9" * 18)] == [
        0, -12, 7, 3, 10**18 - 1]  # fmt: skip
    odd = ("", "²", "\u0663", "1_0", "1.0", "0x1", "--1", "9" * 19, "9" * 5000)
    assert [whole_number(word) for word in odd] == [None] * len(odd)


def test_separators_around_a_number_are_no_part_of_it():
    assert texts.whole_number("2\x1d") == 2
    assert texts.whole_number(" -7 ") == -7
    assert texts.whole_number("2\x1d3") is None
