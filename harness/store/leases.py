"""Leases: one writer per key on a file system that several machines share.

A lease is a file whose name ends in a number. Whoever makes the file of the next number holds the
key, and making a file that must not exist is atomic on local and network file systems alike. The
holder counts up in it, and whoever has watched the same count for as long as a lease lasts, by a
clock of its own, may make the next one: no time of day, file time, process id or rename decides.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.errors import HarnessError
from harness.fileio.atomic import write_text
from harness.fileio.decoding import json_value
from harness.process import variables

SECONDS = "HARNESS_LEASE_S"
LEASE_S = 30.0
"""How long a silent holder is waited for."""

NAME = re.compile(r"([^.]+)\.([0-9]{6}|[1-9][0-9]{6,17})\.lease")
"""Key and number in the name of a lease, as :func:`_path` writes them."""

BEATS = 6
"""Signs of life in that time: several may come late on a busy file system."""


class LeaseLostError(HarnessError):
    """Somebody else took this key over, because the holder was silent for too long."""


def lease_s() -> float:
    """Seconds that a lease lasts; raises ``UsageError`` where the variable is not a number."""
    return variables.seconds(SECONDS, LEASE_S)


class Lease:
    """A key that is held; ``number`` grows with every holder."""

    def __init__(self, folder: Path, key: str, number: int, *, locked: bool) -> None:
        self.folder, self.key, self.number = folder, key, number
        self._locked, self._beat, self._over = locked, 0, threading.Event()

    def is_lost(self) -> bool:
        """Whether somebody else took the key over."""
        return _newest(self.folder, self.key)[0] > self.number

    def confirm(self) -> None:
        """Raise :class:`LeaseLostError` if somebody else took the key over."""
        if self.is_lost():
            raise LeaseLostError(f"{self.key[:12]} was taken over by another process; run again")

    def write(self, state: str) -> None:
        """Write a sign of life."""
        self._beat += 1
        record = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "locked": self._locked,
            "beat": self._beat,
            "state": state,
        }
        write_text(_path(self.folder, self.key, self.number), json.dumps(record))

    def beat(self, every_s: float) -> None:
        """Write signs of life until the lease is over or lost."""
        while not self._over.wait(every_s):
            if self.is_lost():
                return
            try:
                self.write("held")
            except OSError:
                continue  # a full disk: who works will meet it too, and say so

    def end(self) -> None:
        """No more signs of life."""
        self._over.set()


@contextmanager
def held(
    folder: Path,
    key: str,
    waiting: Callable[[str], None],
    *,
    locked: bool,
    at_once: bool = True,
) -> Iterator[Lease]:
    """Hold a key; ``waiting`` hears who is waited for, not ``at_once`` only once it was seen alive.

    ``locked`` says that this process has the operating system's lock of that key too, so that
    another holder that had it is dead.
    """
    lease = _claim(folder, key, waiting, locked=locked, at_once=at_once)
    beating = threading.Thread(
        target=lease.beat, args=(lease_s() / BEATS,), daemon=True, name="harness-lease"
    )
    beating.start()
    try:
        lease.write("held")
        yield lease
    finally:
        lease.end()
        beating.join()
        # A holder that was replaced must not free the key of its successor.
        if not lease.is_lost():
            lease.write("free")
            _clear(folder, key, lease.number)


@contextmanager
def file_lock(path: Path, key: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the operating system's lock of a key, which is free once its process is dead."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=1)
    except Timeout:
        waiting(f"waiting: {owner(path.parent, key)} is already producing {key[:12]}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def owner(folder: Path, key: str) -> str:
    """Who holds a key or held it last, in words."""
    return _owner(_record(_newest(folder, key)[1]))


def unfinished(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Keys whose newest lease was not given back, and what its holder wrote."""
    found = (NAME.fullmatch(path.name) for path in folder.glob("*.lease"))
    for key in sorted({match[1] for match in found if match}):
        record = _record(_newest(folder, key)[1])
        if record.get("state") != "free":
            yield key, record


def _claim(
    folder: Path, key: str, waiting: Callable[[str], None], *, locked: bool, at_once: bool
) -> Lease:
    lasts = lease_s()
    seen: tuple[int, str] | None = None
    since, said = time.monotonic(), False
    while True:
        newest = _newest(folder, key)
        record = _record(newest[1])
        # We hold the lock that this holder had, so its process has ended: no need to wait.
        dead = locked and bool(record.get("locked"))
        if not (newest[0] == 0 or record.get("state") == "free" or dead):
            # Counts are compared for being equal only, and the wait is measured on this host's
            # monotonic clock: clocks of different hosts need not agree.
            if newest != seen:
                alive, seen, since = seen is not None, newest, time.monotonic()
                if not said and (at_once or alive):
                    said = True
                    waiting(f"waiting: {_owner(record)} is already producing {key[:12]}")
            if time.monotonic() - since < lasts:
                time.sleep(min(0.5, lasts / BEATS))
                continue
        try:
            # The one step that decides: of all who try, only one can create this file.
            _path(folder, key, newest[0] + 1).open("x").close()
        except FileExistsError:
            continue
        return Lease(folder, key, newest[0] + 1, locked=locked)


def _path(folder: Path, key: str, number: int) -> Path:
    return folder / f"{key}.{number:06d}.lease"


def _newest(folder: Path, key: str) -> tuple[int, str]:
    """Number and content of the newest lease of a key; 0 where there is none."""
    number = max(_numbers(folder, key), default=0)
    if not number:
        return 0, ""
    try:
        content = _path(folder, key, number).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:  # a newer one came and cleared it
        content = ""
    return number, content


def _clear(folder: Path, key: str, number: int) -> None:
    for other in _numbers(folder, key):
        if other < number:
            _path(folder, key, other).unlink(missing_ok=True)


def _numbers(folder: Path, key: str) -> list[int]:
    """Numbers of the leases of a key; files of other names are not ours, and are left alone."""
    found = (NAME.fullmatch(path.name) for path in folder.glob(f"{key}.*.lease"))
    return [int(match[2]) for match in found if match and match[1] == key]


def _record(text: str) -> dict[str, Any]:
    try:
        found = json_value(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _owner(record: dict[str, Any]) -> str:
    if "pid" not in record:
        return "another process"
    return f"process {record['pid']} on {record.get('host', 'an unknown host')}"
