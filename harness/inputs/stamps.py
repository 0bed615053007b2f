"""Whether a file is still the one that was read: by what its file system says, where that is sure.

Size and modification time are not enough: ``cp -p`` and ``touch`` set the time. The change time and
the inode cannot be set. As in Git's index, a file that changed just before it was looked at is not
sure, because a second change within the resolution of the clock leaves no trace.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from pathlib import Path

from harness.digests import file_sha256

RESOLUTION_NS = 3_000_000_000
"""Coarser than the clock of any file system (2 s on FAT)."""

_UNSURE = (
    "vfat",
    "msdos",
    "exfat",
    "ntfs",
    "9p",
    "cifs",
    "smb",
    "fuse",
    "virtiofs",
    "vbox",
    "drvfs",
)
"""Beginnings of the names of file systems whose change times or inodes may be made up."""


def stamp(file: os.stat_result) -> tuple[int, ...] | None:
    """Size, modification and change time, inode and device; None where they are not sure.

    Not sure are files younger than the clock's resolution, or from the future, and file systems
    without change times or inodes of their own; their content must be read again.
    """
    newest = max(file.st_mtime_ns, file.st_ctime_ns)
    # On Windows st_ctime is the time of creation.
    if os.name == "nt" or newest > time.time_ns() - RESOLUTION_NS:
        return None
    if not file.st_ino or not file.st_ctime_ns or file.st_dev in _unsure_devices():
        return None
    return (file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino, file.st_dev)


def identity(path: Path) -> list[int] | str:
    """What to key something on that was derived from a file: its stamp, or its SHA-256."""
    found = stamp(path.stat())
    return file_sha256(path) if found is None else list(found)


@lru_cache(maxsize=1)
def _unsure_devices() -> frozenset[int]:
    """Device numbers of mounted file systems that are not sure; asked once per process."""
    found = set()
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return frozenset()  # not Linux
    for line in lines:
        # 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
        front, _, back = line.partition(" - ")
        words = front.split()
        if back.startswith(_UNSURE) and len(words) > 2:
            major, _, minor = words[2].partition(":")
            found.add(os.makedev(int(major), int(minor)))
    return frozenset(found)
