from __future__ import annotations

import json
import pickle

import pytest

from harness.errors import DataError, UsageError
from harness.fileio import verified
from harness.fileio.verified import DamagedError, checked
from harness.store.artifacts import Store

KEY = "ab" * 32


@pytest.fixture
def artifact(home):
    def make(folder):
        (folder / "inner").mkdir()
        (folder / "inner" / "deep.bin").write_bytes(bytes(range(256)))
        (folder / "data.txt").write_text("payload")
        return {"share": 0.5, "names": ("a", "b"), "counts": {1: 2, 10: 3}}

    return Store(home).build("things", KEY, {"a": 1}, make)


def flip(path, bit):
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_an_intact_file_is_given_back_and_others_are_not_looked_at(artifact, tmp_path):
    path = artifact.folder / "inner" / "deep.bin"
    assert checked(path) == path
    stranger = tmp_path / "stranger.bin"
    (tmp_path / "manifest.json").write_text('{"name": "a manifest of other software"}')
    assert checked(stranger) == stranger
    assert (
        checked(artifact.folder / "not-in-the-manifest") == artifact.folder / "not-in-the-manifest"
    )


@pytest.mark.parametrize("name", ["data.txt", "inner/deep.bin"])
@pytest.mark.parametrize("bit", [0, 17, 55])
def test_one_bit_is_found(artifact, name, bit):
    flip(artifact.folder / name, bit)
    with pytest.raises(DamagedError, match=rf"{name} is altered"):
        checked(artifact.folder / name)
    assert [fault.file for fault in verified.faults(artifact.folder, artifact.manifest)] == [name]


def test_every_bit_of_a_manifest_counts(artifact):
    path = artifact.folder / "manifest.json"
    whole = path.read_bytes()
    for bit in range(0, len(whole) * 8, 23):
        flip(path, bit)
        try:
            found = verified.read_manifest(artifact.folder)
        except DamagedError:
            pass
        else:
            assert found == artifact.manifest, bit  # white space only
        path.write_bytes(whole)


def test_what_the_manifest_says_survives_its_own_digest(artifact):
    assert verified.read_manifest(artifact.folder) == artifact.manifest
    assert artifact.facts["counts"] == {"1": 2, "10": 3}


def test_size_mode_compares_sizes_only(artifact, monkeypatch):
    path = artifact.folder / "data.txt"
    flip(path, 3)
    monkeypatch.setenv("HARNESS_VERIFY", "size")
    assert checked(path) == path
    path.write_text("pay")
    with pytest.raises(DamagedError, match="has 3 bytes instead of 7"):
        checked(path)
    monkeypatch.setenv("HARNESS_VERIFY", "no")
    with pytest.raises(UsageError, match="HARNESS_VERIFY=no must be full or size"):
        checked(artifact.folder / "inner" / "deep.bin")


def test_a_file_is_read_once_for_each_of_its_versions(artifact, monkeypatch):
    read, path = [], artifact.folder / "data.txt"
    real = verified.sha256_of
    monkeypatch.setattr(verified, "sha256_of", lambda p: read.append(p) or real(p))
    monkeypatch.setattr(verified, "_VERIFIED", set())
    checked(path)
    checked(path)
    assert read == [path]
    path.write_text("PAYLOAD")
    with pytest.raises(DamagedError):
        checked(path)


def test_an_artifact_of_an_older_release_is_read_unverified(artifact):
    path = artifact.folder / "manifest.json"
    old = {k: v for k, v in artifact.manifest.items() if k not in ("digest", "digests")}
    path.write_text(json.dumps(old | {"schema": 1}))
    flip(artifact.folder / "data.txt", 3)
    assert checked(artifact.folder / "data.txt")
    error = verified.unreadable(artifact.folder / "data.txt", ValueError("no JSON"))
    assert isinstance(error, DamagedError)
    assert str(error) == f"{artifact.folder / 'data.txt'} cannot be read (no JSON)"


def test_an_error_outside_of_artifacts_is_plain_and_travels(tmp_path):
    error = verified.unreadable(tmp_path / "x.bin", ValueError("bad"))
    assert type(error) is DataError
    assert "x.bin cannot be read (bad)" in str(error)
    sent = pickle.loads(pickle.dumps(DamagedError(tmp_path, "x.bin", "is missing")))  # noqa: S301
    assert (sent.folder, sent.file, str(sent)) == (
        tmp_path,
        "x.bin",
        f"{tmp_path / 'x.bin'} is missing",
    )


@pytest.mark.parametrize("kind", ["things", "others"])
def test_an_artifact_in_the_place_of_another_one_is_damaged(artifact, kind):
    other = artifact.folder.parents[2] / kind / "cd" / ("cd" * 32)
    other.parent.mkdir(parents=True)
    artifact.folder.rename(other)
    with pytest.raises(DamagedError, match=r"is that of another artifact .things abab"):
        checked(other / "data.txt")
    store = Store(artifact.folder.parents[3])
    assert store.find(kind, "cd" * 32) is None
    assert not list(store.of_kind(kind))


def test_two_artifacts_that_changed_places_are_made_again(artifact):
    store = Store(artifact.folder.parents[3])

    def make(folder):
        (folder / "data.txt").write_text("another")
        return {}

    second = store.build("things", "cd" * 32, {}, make)
    aside = artifact.folder.with_name("aside")
    artifact.folder.rename(aside)
    second.folder.rename(artifact.folder)
    aside.rename(second.folder)
    again = store.build("things", "cd" * 32, {}, make)
    assert (again.folder / "data.txt").read_text() == "another"


def test_a_file_that_was_added_is_damage_until_it_is_gone(artifact):
    added = artifact.folder / "inner" / "more.bin"
    added.write_bytes(b"1")
    (artifact.folder / ".hidden").write_bytes(b"left by a file manager")
    with pytest.raises(DamagedError, match=r"more\.bin was added") as caught:
        checked(added)
    names = [fault.file for fault in verified.faults(artifact.folder, artifact.manifest)]
    assert names == ["inner/more.bin"]
    store = Store(artifact.folder.parents[3])
    moved = store.set_aside(caught.value)
    assert moved is not None
    assert (moved / "inner" / "more.bin").exists()
    assert store.find("things", KEY) is None
