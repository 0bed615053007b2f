"""Manifests: what they vouch for, and when a file counts as damaged."""

from __future__ import annotations

import json
import os
import time

import pytest

from harness.fileio.verified import MANIFEST, DamagedError
from harness.store import manifests


@pytest.fixture
def folder(tmp_path):
    work = tmp_path / "store" / "models" / "ab" / "abcd"
    (work / "inner").mkdir(parents=True)
    (work / "weights").write_bytes(b"1234")
    (work / "inner" / "more").write_bytes(b"12")
    (work / ".left.tmp").write_bytes(b"of a killed writer")
    manifests.write(work, "models", "abcd", {"seed": (1, 2)}, {"steps": 4})
    return work


def test_every_file_is_listed_and_what_a_killed_writer_left_is_gone(folder):
    found = manifests.read_whole(folder)
    assert found["files"] == {"inner/more": 2, "weights": 4}
    assert found["digests"].keys() == found["files"].keys()
    assert (found["kind"], found["key"], found["facts"]) == ("models", "abcd", {"steps": 4})
    assert found["parts"] == {"seed": [1, 2]}
    assert not (folder / ".left.tmp").exists()


def test_no_folder_and_an_empty_one_are_no_artifact(tmp_path):
    assert manifests.read_whole(tmp_path / "absent") is None
    assert manifests.read_whole(tmp_path) is None


def test_files_without_a_manifest_are_damage(folder):
    (folder / MANIFEST).unlink()
    with pytest.raises(DamagedError, match=r"manifest\.json is missing"):
        manifests.read_whole(folder)


@pytest.mark.parametrize(("content", "word"), [(None, "missing"), (b"123", "bytes")])
def test_a_file_of_another_size_or_none_is_damage(folder, content, word):
    path = folder / "weights"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DamagedError, match=word) as damage:
        manifests.read_whole(folder)
    assert damage.value.file == "weights"


def test_damage_is_looked_at_again_before_it_counts(folder):
    damage = DamagedError(folder, "weights", "is not what it was")
    assert manifests.still_damaged(damage) is None  # replaced since by a whole one
    (folder / "weights").write_bytes(b"4321")
    assert manifests.still_damaged(damage).file == "weights"
    (folder / "weights").write_bytes(b"1234")
    assert manifests.still_damaged(DamagedError(folder, "inner/more", "x")) is None
    (folder / "inner" / "more").write_bytes(b"1")
    assert manifests.still_damaged(damage).file == "inner/more"


def test_without_digests_the_word_of_the_reader_counts(folder):
    fields = json.loads((folder / MANIFEST).read_text())
    del fields["digest"], fields["digests"]
    (folder / MANIFEST).write_text(json.dumps(fields))
    damage = DamagedError(folder, "weights", "cannot be decoded")
    assert manifests.still_damaged(damage) is damage
    assert manifests.still_damaged(DamagedError(folder, "other", "x")) is None


def test_a_use_is_recorded_once_an_hour(folder):
    path = folder / MANIFEST
    old = time.time() - 2 * manifests.USED_S
    os.utime(path, (old, old))
    manifests.note_use(folder)
    first = path.stat().st_mtime
    assert first > old + manifests.USED_S
    recent = time.time() - manifests.USED_S / 2
    os.utime(path, (recent, recent))
    manifests.note_use(folder)
    assert path.stat().st_mtime == pytest.approx(recent)
    manifests.note_use(folder / "absent")
