"""File names as text, and members of archives as paths."""

from __future__ import annotations

import os

import pytest

from harness.inputs import inner_path, one_line, shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain.png", "plain.png"),
        ("José.png", "José.png"),
        (os.fsdecode(b"Jos\xe9.png"), r"Jos\xe9.png"),
        (os.fsdecode(b"\xff\xfe/a"), r"\xff\xfe/a"),
        (os.fsdecode("é".encode() + b"\xe9"), r"é\xe9"),
        ("\ud800", r"\ud800"),
        ("a\\b", "a\\b"),
    ],
)
def test_shown_names_are_text(name, text):
    assert shown(name) == text
    shown(name).encode()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028"])
def test_one_name_is_one_line(end):
    assert one_line("José 1.png") == "José 1.png"
    assert len(f"{one_line(f'a{end}b{end}')}\n".splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ann/1.png", "ann/1.png"),
        (r"ann\1.png", "ann/1.png"),
        (r"set\ann\1.png", "set/ann/1.png"),
        (r"set/ann\1.png", "set/ann/1.png"),
        ("./ann//1.png", "ann/1.png"),
        ("ann/12:30.png", "ann/12:30.png"),
        ("12:30/1.png", "12:30/1.png"),
        ("a:b/1.png", "a:b/1.png"),
        ("..ann/1.png", "..ann/1.png"),
        ("/ann/1.png", None),
        (r"\ann\1.png", None),
        (r"\\server\share\1.png", None),
        ("../1.png", None),
        (r"ann\..\..\1.png", None),
        (r"C:\ann\1.png", None),
        ("c:/ann/1.png", None),
    ],
)
def test_members_stay_inside_their_archive(name, path):
    found = inner_path(name)
    assert path == (found if found is None else found.as_posix())
