"""Lists of pairs in the forms of CALFW, CPLFW, RFW and CSV, and their folds."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness.protocols.readers.lists import Pair, read_headless_pairs
from harness.protocols.readers.pair_lists import (
    choose_folds,
    interleave,
    is_inside,
    read_label_lines,
    read_pairs_csv,
    require_balance,
    require_both_kinds,
)


def listed(genuine: str, folds: str | None = None) -> list[Pair]:
    return [
        Pair(f"{row}a", f"{row}b", kind == "+", int(folds[row]) if folds else 0)
        for row, kind in enumerate(genuine)
    ]


def test_interleaving_takes_tenths_of_both_kinds(tmp_path):
    """The rule of the field: fold k = positives [300k, 300k + 300) and negatives likewise."""
    pairs = interleave(listed("+" * 3000 + "-" * 3000), tmp_path)
    assert len(pairs) == 6000
    for fold in range(10):
        rows = [int(pair.first[:-1]) for pair in pairs if pair.fold == fold]
        expected = [*range(300 * fold, 300 * fold + 300)]
        assert rows == expected + [3000 + row for row in expected]
    require_balance(pairs, tmp_path)


def test_interleaving_keeps_every_pair_of_odd_numbers(tmp_path):
    pairs = interleave(listed("+" * 13 + "-" * 27), tmp_path)
    assert sorted(pair.first for pair in pairs) == sorted(f"{row}a" for row in range(40))
    assert {pair.fold for pair in pairs} == set(range(10))
    require_both_kinds(pairs, tmp_path)
    with pytest.raises(DataError, match="9 impostor pairs, too few for 10 folds"):
        interleave(listed("+" * 13 + "-" * 9), tmp_path)


def test_balance_is_asserted(tmp_path):
    require_balance(listed("+-+-", "0011"), tmp_path)
    with pytest.raises(DataError, match=r"genuine \+ impostor pairs are 1 \+ 1, 1 \+ 2"):
        require_balance(listed("+-+--", "00111"), tmp_path)
    with pytest.raises(DataError, match=r"2 \+ 0, 0 \+ 2"):
        require_balance(listed("++--", "0011"), tmp_path)
    with pytest.raises(DataError, match="not balanced"):
        require_balance([], tmp_path)


def test_both_kinds_are_asserted(tmp_path):
    require_both_kinds(listed("+--+-", "00111"), tmp_path)
    with pytest.raises(DataError, match="fold 2 has pairs of one kind only"):
        require_both_kinds(listed("+-++", "0011"), tmp_path)
    with pytest.raises(DataError, match="gives 1 folds"):
        require_both_kinds(listed("+-"), tmp_path)


def test_folds_are_counted_from_one():
    pairs = listed("+-+-+-", "001122")
    assert choose_folds(pairs, ()) == pairs
    assert choose_folds(pairs, [3, 1]) == [*pairs[:2], *pairs[4:]]
    with pytest.raises(UsageError, match=r"no fold 4, only \[1, 2, 3\]"):
        choose_folds(pairs, [1, 4])
    assert choose_folds(pairs, [2]) == pairs[2:4]


def label_lines(end: str = "\n", label=lambda row: 1) -> str:
    lines = []
    for row in range(40):
        mark = label(row) if row < 20 else 0
        lines += [f"A_{row:04d}.jpg {mark}", f"B_{row:04d}.jpg {mark}"]
    return end.join(lines)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_two_lines_a_pair(tmp_path, end):
    """CALFW marks genuine pairs with their fold, CPLFW with 1."""
    file = tmp_path / "pairs_CALFW.txt"
    file.write_text(label_lines(end, lambda row: row // 2 + 1), newline="")
    pairs = read_label_lines(file)
    assert [pair.genuine for pair in pairs] == [True, True, False, False] * 10
    assert pairs[2] == Pair("A_0020.jpg", "B_0020.jpg", False, 0)
    file.write_text(label_lines(end))
    assert read_label_lines(file) == pairs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 lines"),
        ("A.jpg 1\nB.jpg 1\nC.jpg 0", "has 3 lines"),
        ("A.jpg 1\nB.jpg 0", "line 2: the label contradicts that of line 1"),
        ("A.jpg 1\nB.jpg one", "line 2: expected a file name and a label"),
        ("A.jpg 1\n../B.jpg 1", r"line 2: '../B.jpg' is not a file below"),
        (label_lines() + "\nX.jpg 0\nY.jpg 0", "not balanced"),
    ],
)
def test_damaged_label_lines_are_named(tmp_path, text, message):
    file = tmp_path / "pairs_CPLFW.txt"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_label_lines(file)


def test_headless_pairs_cut_their_own_folds(tmp_path):
    file = tmp_path / "African_pairs.txt"
    file.write_text(
        "m.1\t1\t2\nm.2\t1\t3\nm.1\t1\tm.2\t2\nm.1\t2\tm.3\t1\r\nm.3\t1\t2\nm.3\t1\tm.4\t1"
    )
    pairs = read_headless_pairs(file)
    assert [pair.fold for pair in pairs] == [0, 0, 0, 0, 1, 1]
    assert [pair.genuine for pair in pairs] == [True, True, False, False, True, False]
    assert pairs[3] == Pair("m.1/m.1_0002.jpg", "m.3/m.3_0001.jpg", False, 0)
    file.write_text("10\t300\nm.1\t1\t2\n")
    with pytest.raises(DataError, match="line 1: expected"):
        read_headless_pairs(file)
    file.write_text("\n")
    with pytest.raises(DataError, match="is empty"):
        read_headless_pairs(file)


@pytest.mark.parametrize(
    "header", ["", "first,second,genuine,fold\n", "First, Second, Genuine, x\n"]
)
def test_csv_with_folds(tmp_path, header):
    file = tmp_path / "pairs.csv"
    file.write_text(header + 'a/1.png,a/2.png,1,7\n"b,c/1.png",a/1.png,false,7\r\n\na,b,TRUE,3\n')
    assert read_pairs_csv(file) == [
        Pair("a/1.png", "a/2.png", True, 1),
        Pair("b,c/1.png", "a/1.png", False, 1),
        Pair("a", "b", True, 0),
    ]


def test_csv_without_folds_is_interleaved(tmp_path):
    file = tmp_path / "pairs.csv"
    file.write_text("\n".join(f"a{row},b{row},{int(row < 20)}" for row in range(40)))
    pairs = read_pairs_csv(file)
    require_balance(pairs, file)
    assert [pair.first for pair in pairs[:4]] == ["a0", "a1", "a20", "a21"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("first,second,genuine\n", "is empty"),
        ("a,b\n", "line 1: expected first,second,genuine"),
        ("a,b,1,1\na,b,0\n", "line 2: expected 4 fields, got 3"),
        ("a,b,1,1\na,b,same,1\n", "line 2: genuine is 'same'; write 1 or 0, true or false"),
        ("a,b,1,1\na\\x,b,1,1\n", "line 2: .* is not a file below the folder; write /"),
        ("first,second,genuine,Genuine\na,b,1,0\n", "line 1: the column genuine is there 2 times"),
        ("first,second,fold\na,b,0\n", "line 1: no column genuine among first, second, fold"),
        ("a,b,1,1\na,b,1,one\n", "line 2: fold is 'one'"),
        ("a,b,1,-1\n", "line 1: fold is '-1'"),
        ("/a,b,1,1\n", "line 1: '/a' is not a file below"),
        ('a,b,1,1\na,"b,1,1\n', "line 2: .* its quotes do not match"),
        ("a,b,1,1\na,b,c,1,1\n", "line 2: .* got 5 .* must be in double quotes"),
        ("a,b,1,1\na,b,1\n", r"line 2: expected 4 fields, got 3 in 'a,b,1'$"),
    ],
)
def test_damaged_csv_is_named(tmp_path, text, message):
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_pairs_csv(file)


@pytest.mark.parametrize(
    ("name", "inside"),
    [("a/b.jpg", True), ("a b.jpg", True), ("", False), ("/a", False), ("a/../../b", False),
     ("a\0b", False), ("a\\b", False)],
)  # fmt: skip
def test_paths_stay_inside(name, inside):
    assert is_inside(name) is inside


def fuzz(path, cases: int) -> int:
    csv = "".join(f"a/{r}.png,b/{r}.png,{r % 2},{r % 3}\n" for r in range(12)).encode()
    texts = [(csv, read_pairs_csv), (label_lines().encode(), read_label_lines),
             (b"m.1\t1\t2\nm.1\t1\tm.2\t2\n" * 6, read_headless_pairs)]  # fmt: skip
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(cases):
        text, read = texts[rng.integers(len(texts))]
        data = bytearray(text[: rng.integers(1, len(text) + 1)])
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        try:
            assert all(is_inside(p.first) and is_inside(p.second) for p in read(path))
        except DataError as error:
            assert str(path) in str(error)
            refused += 1
    return refused


def test_damage_gives_clean_errors(tmp_path):
    assert fuzz(tmp_path / "list.txt", 300) > 100
