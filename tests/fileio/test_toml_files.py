"""TOML of users: line, reason, and what most likely went wrong."""

from __future__ import annotations

import pytest

from harness.errors import DataError
from harness.fileio.toml_files import read_toml


@pytest.mark.parametrize(
    "content",
    [
        '\ufeffa = "ü"\r\n'.encode(),
        'a = "ü"\r'.encode("utf-16"),
        'a = "ü"\n'.encode("utf-32"),
    ],
    ids=["windows", "utf-16", "utf-32"],
)
def test_every_way_to_save_is_read(tmp_path, content):
    (tmp_path / "r.toml").write_bytes(content)
    values, text = read_toml(tmp_path / "r.toml")
    assert values == {"a": "ü"}
    assert text.startswith("a = ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'a = 1\nroot = "C:\\Users\\me"',
            r"Invalid hex value \(at line 2.*single quotes, 'C:\\Use",
        ),
        ('root = "D:\\data"', r"backslash in double quotes .*'D:\\data'"),
        ('roots = ["\\\\server\\share"]', "single quotes"),
        ('root = "C:\\temp"', r"holds a control character: .* single quotes, 'C:\\temp'"),
        ('[a]\nb = [{c = "E:\\new"}]', r"single quotes, 'E:\\new'"),
        ("a = \u201cx\u201d", "typographic quotes"),
        ("a\u00a0= 1", "no-break space"),
        ("a = 1\na = 2\nb = 3", "Cannot overwrite a value .*line 2"),
        ("a = " + "[" * 3000, "nested too deeply"),
        (".".join("a" * 5000) + " = 1", "nested too deeply"),
    ],
)
def test_mistakes_are_named_with_a_hint(tmp_path, text, message):
    (tmp_path / "r.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"r\.toml.*{message}"):
        read_toml(tmp_path / "r.toml")


def test_correct_windows_paths_and_tabs_elsewhere_are_left_alone(tmp_path):
    text = 'a = \'C:\\temp\'\nb = "C:\\\\temp"\nc = "x\\ty"\n'
    (tmp_path / "r.toml").write_text(text, encoding="utf-8")
    assert read_toml(tmp_path / "r.toml")[0] == {"a": "C:\\temp", "b": "C:\\temp", "c": "x\ty"}
