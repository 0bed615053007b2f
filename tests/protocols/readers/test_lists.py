from __future__ import annotations

import random

import pytest

from harness.errors import DataError
from harness.protocols.readers.lists import Pair, first_of_each, read_lfw_pairs

GOOD = "2\t1\nAda\t1\t2\nAda\t1\tBob\t3\nCy\t4\t10\nCy\t1\tDee\t2\n"
EXPECTED = [
    Pair("Ada/Ada_0001.jpg", "Ada/Ada_0002.jpg", True, 0),
    Pair("Ada/Ada_0001.jpg", "Bob/Bob_0003.jpg", False, 0),
    Pair("Cy/Cy_0004.jpg", "Cy/Cy_0010.jpg", True, 1),
    Pair("Cy/Cy_0001.jpg", "Dee/Dee_0002.jpg", False, 1),
]


def write(tmp_path, text: str | bytes):
    path = tmp_path / "pairs.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.rstrip("\n"),
        "\ufeff" + GOOD,
        GOOD.replace("\t", "  "),
        GOOD + "\n\n",
    ],
    ids=["plain", "crlf", "cr", "no-final-newline", "bom", "spaces", "blank-lines"],
)
def test_the_quirks_of_real_files(tmp_path, text):
    assert read_lfw_pairs(write(tmp_path, text)) == EXPECTED


def test_a_one_number_header_is_one_fold(tmp_path):
    pairs = read_lfw_pairs(write(tmp_path, "1\nAda\t1\t2\nAda\t1\tBob\t3\n"))
    assert pairs == EXPECTED[:2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("folds\n", "line 1: expected the numbers"),
        ("0\t3\n", "must be positive"),
        ("2\t1\nAda\t1\t2\n", "announces 2 folds of 1 \\+ 1 pairs, that is 4 lines, but has 1"),
        (GOOD.replace("Ada\t1\t2", "Ada\tone\t2"), "line 2: expected 'name n1 n2'"),
        (GOOD.replace("Ada\t1\t2", "Ada\t1\tBob\t2"), "line 2: expected a matched pair in fold 1"),
        (GOOD.replace("Cy\t1\tDee\t2", "Cy\t1\t2"), "line 5: expected a mismatched pair in fold 2"),
        (GOOD.replace("Ada\t1\t2", "../etc\t1\t2"), "line 2: expected"),
        (b"\xff\xfe\x00", r"line 1: byte 2 \(0x00\) is not UTF-16; save the file as UTF-8"),
    ],
)
def test_complaints_name_file_and_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message) as error:
        read_lfw_pairs(write(tmp_path, text))
    assert "pairs.txt" in str(error.value)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*pairs\.txt"):
        read_lfw_pairs(tmp_path / "pairs.txt")


def test_damaged_files_give_clean_errors(tmp_path):
    rng = random.Random(1)
    for _ in range(400):
        broken = bytearray(GOOD.encode())
        for _ in range(rng.randrange(1, 4)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        del broken[rng.randrange(len(broken)) :]
        try:
            read_lfw_pairs(write(tmp_path, bytes(broken)))
        except DataError:
            continue


def test_limit_keeps_the_first_of_each_kind_and_fold():
    pairs = [
        Pair("a", "b", genuine, fold)
        for fold in (0, 1)
        for genuine in (True, False)
        for _ in range(5)
    ]
    assert len(first_of_each(pairs, 2)) == 8
    assert first_of_each(pairs, None) == pairs
    assert first_of_each(EXPECTED, 1) == EXPECTED
