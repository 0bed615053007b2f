"""When the file system is sure that a file is the same."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.digests import file_sha256
from harness.inputs import identity, stamp, stamps

HOUR = 3_600_000_000_000


def stat(**changed):
    now = 1_000 * HOUR
    facts = {"st_size": 3, "st_mtime_ns": now, "st_ctime_ns": now, "st_ino": 7, "st_dev": 1}
    return SimpleNamespace(**facts | changed)


@pytest.fixture
def at(monkeypatch):
    monkeypatch.setattr(stamps, "_unsure_devices", lambda: frozenset({99}))

    def of(later_ns, **changed):
        monkeypatch.setattr(stamps.time, "time_ns", lambda: 1_000 * HOUR + later_ns)
        return stamp(stat(**changed))

    return of


def test_an_old_file_is_sure_and_every_fact_counts(at):
    facts = ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev")
    stamps_of = {at(HOUR)} | {at(HOUR, **{name: 5}) for name in facts}
    assert None not in stamps_of
    assert len(stamps_of) == 6


@pytest.mark.parametrize(
    ("later_ns", "changed"),
    [
        (0, {}),
        (2_000_000_000, {}),
        (-HOUR, {}),  # from the future: a server with another clock
        (1_000_000_000, {"st_mtime_ns": 5}),  # cp -p: an old file that was put here just now
        (HOUR, {"st_ino": 0}),
        (HOUR, {"st_ctime_ns": 0}),
        (HOUR, {"st_dev": 99}),
    ],
)
def test_what_is_not_sure(at, later_ns, changed):
    assert at(later_ns, **changed) is None


def test_windows_has_no_change_time(at, monkeypatch):
    monkeypatch.setattr(stamps.os, "name", "nt")
    assert at(HOUR) is None


def test_mounts_are_known_by_their_kind(monkeypatch):
    lines = (
        "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
        "37 35 0:41 / /home/a rw - fuse.sshfs host:/ rw\n"
        "38 35 8:17 / /usb rw - vfat /dev/sdb1 rw\n"
        "odd line\n"
    )
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: lines)
    found = stamps._unsure_devices.__wrapped__()
    assert found == {os.makedev(0, 41), os.makedev(8, 17)}


def test_identity_is_the_content_of_a_young_file(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_text("a")
    assert identity(path) == file_sha256(path)
    monkeypatch.setattr(stamps, "RESOLUTION_NS", -HOUR)
    monkeypatch.setattr(stamps, "_unsure_devices", frozenset)
    assert identity(path)[0] == 1
