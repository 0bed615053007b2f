"""Types of manifests: what is not one is a damaged artifact, named, and never a bug of ours."""

from __future__ import annotations

import json

import pytest

from harness.fileio import verified
from harness.fileio.manifest_schema import stored_file
from harness.fileio.verified import DamagedError, read_manifest

SOUND = {"kind": "things", "key": "ab", "files": {"x": 1}, "parts": {}, "facts": {}}
WRONG = {
    "kind": [None, 3, ["things"], {}],
    "key": [None, 3, []],
    "files": [None, [], "x", {"x": None}, {"x": {}}, {"x": -1}, {"x": 1.5}, {"x": 2**70},
              {"x": True}, {"../x": 1}, {"/etc/passwd": 1}, {"a/../../b": 1}, {"": 1},
              {"a\0b": 1}, {"\ud800": 1}],
    "digests": [None, [], "x", {"x": None}, {"x": 3}],
    "parts": [None, [], "x", 3],
    "facts": [None, [], "x", 3],
    "created": [None, 3, []],
}  # fmt: skip
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize(("name", "value"), CASES, ids=lambda value: repr(value)[:20])
def test_a_manifest_of_other_types_is_damaged(tmp_path, name, value, sealed):
    fields = {**SOUND, name: value}
    if sealed or name == "digests":
        fields = verified.sealed(fields)
    (tmp_path / "manifest.json").write_text(json.dumps(fields))
    with pytest.raises(DamagedError, match=r"manifest\.json is not a readable manifest"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"x"', "[" * 100_000, '{"a":' * 5000, "{"])
def test_what_is_not_a_manifest_at_all_is_damaged(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DamagedError, match="not a readable manifest"):
        read_manifest(tmp_path)


def test_what_older_releases_left_out_is_there(tmp_path):
    fields = {name: SOUND[name] for name in ("kind", "key", "files")}
    (tmp_path / "manifest.json").write_text(json.dumps(fields))
    found = read_manifest(tmp_path)
    assert (found["parts"], found["facts"], found["created"]) == ({}, {}, "")
    (tmp_path / "manifest.json").write_text(json.dumps(verified.sealed({**SOUND, "more": 1})))
    assert read_manifest(tmp_path)["more"] == 1


def test_names_of_files_may_be_those_of_any_disk():
    for name in ("a", "a/b.npy", ".hidden", "é", "a b", "\udcff.jpg", "..."):
        assert stored_file(name) == name
