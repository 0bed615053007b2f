"""The store of artifacts: folders under their content key, each whole or absent.

An artifact is built in a work folder that survives a kill, and moves into place by one rename after
its manifest is on disk. There is one writer a key: on one machine by a lock that the system frees
when its process dies, and by a lease where machines share the store. A holder of a lease works in a
folder of its own number, so that one that was taken over cannot touch what its successor makes.
Nothing in place is ever changed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.errors import PrerequisiteError, UsageError
from harness.files import sync, write_text
from harness.study.leases import Lease, held, owner

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Artifact:
    """Something in the store: its key, its folder and what its manifest says."""

    kind: str
    key: str
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def facts(self) -> Mapping[str, Any]:
        """Counts and measures written by the stage that made it."""
        facts: Mapping[str, Any] = self.manifest.get("facts", {})
        return facts


def default_home() -> Path:
    """``$HARNESS_HOME``, or the user's data folder."""
    given = os.environ.get("HARNESS_HOME")
    if given:
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("harness", appauthor=False)


class Store:
    """Artifacts under ``home``; ``shared`` by processes of several machines or not."""

    def __init__(self, home: Path | None = None, *, shared: bool = False) -> None:
        self.home = (home or default_home()).absolute()
        self.shared = shared

    def folder(self, kind: str, key: str) -> Path:
        """Where an artifact stands once it is whole."""
        return self.home / "store" / kind / key[:2] / key

    def find(self, kind: str, key: str) -> Artifact | None:
        """The artifact, or None when it is not there as a whole."""
        folder = self.folder(kind, key)
        try:
            manifest = json.loads((folder / MANIFEST).read_text())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError:
            raise PrerequisiteError(
                f"{folder / MANIFEST} is damaged; delete {folder} and run the study again"
            ) from None
        return Artifact(kind, key, folder, manifest)

    def get(self, kind: str, key: str) -> Artifact:
        """The artifact; raises ``PrerequisiteError`` when it is absent."""
        found = self.find(kind, key)
        if found is None:
            raise PrerequisiteError(
                f"{kind} {key[:12]} is not in the store {self.home}; run the study again to make it"
            )
        return found

    def of_kind(self, kind: str) -> Iterator[Artifact]:
        """All whole artifacts of a kind, in the order of their keys."""
        for path in sorted((self.home / "store" / kind).glob(f"*/*/{MANIFEST}")):
            found = self.find(kind, path.parent.name)
            if found is not None:
                yield found

    def build(
        self,
        kind: str,
        key: str,
        parts: Mapping[str, Any],
        make: Callable[[Path], Mapping[str, Any]],
        waiting: Callable[[str], None] = lambda _: None,
    ) -> Artifact:
        """The artifact, made by ``make(work folder) -> facts`` if it is not there yet.

        ``make`` finds what an interrupted call left in the work folder. ``parts`` is what the key
        was made of; it stays in the manifest so that a later plan can say what changed.
        """
        while True:
            found = self.find(kind, key)
            if found is not None:
                return found
            with self._locked(key, waiting) as lease:
                found = self.find(kind, key)
                if found is not None:
                    return found
                try:
                    with self._working(kind, key, lease) as work:
                        facts = make(work)
                        lease.confirm()
                        self._commit(kind, key, parts, facts, work)
                except Exception:
                    if not lease.is_lost():
                        raise
                    waiting(f"{key[:12]} was taken over by another process; waiting for it")
                    continue
            return self.get(kind, key)

    def work(self, kind: str, key: str) -> Path:
        """The work folder of an artifact in the making."""
        work = self.home / "work" / kind / key
        self._make(work)
        return work

    def is_begun(self, kind: str, key: str) -> bool:
        """Whether an interrupted attempt at an artifact left something."""
        return bool(self._left(kind, key))

    @contextmanager
    def _working(self, kind: str, key: str, lease: Lease) -> Iterator[Path]:
        """The work folder of this holder, with what earlier ones left."""
        plain = self.home / "work" / kind / key
        own = plain.with_name(f"{key}.{lease.number}") if self.shared else plain
        for left in self._left(kind, key):
            if left != own and own.exists():
                shutil.rmtree(left, ignore_errors=True)
            elif left != own:
                left.rename(own)
        self._make(own)
        try:
            yield own
        finally:
            if lease.is_lost():
                shutil.rmtree(own, ignore_errors=True)
            elif own != plain and own.exists():
                own.rename(plain)

    def _left(self, kind: str, key: str) -> list[Path]:
        """Work folders of a key, that of a finished attempt first."""
        folder = self.home / "work" / kind
        return [path for path in (folder / key, *sorted(folder.glob(f"{key}.*"))) if path.exists()]

    def discard(self, kind: str, key: str) -> None:
        """Forget an artifact, so that the next run makes it anew.

        Raises ``UsageError`` while another process is making it.
        """
        if not self.folder(kind, key).exists() and not self._left(kind, key):
            return
        with self._locked(key, _refuse, at_once=False):
            self._forget([self.folder(kind, key), *self._left(kind, key)])

    def _forget(self, folders: list[Path]) -> None:
        for folder in folders:
            if folder.exists():
                # Out of sight first: a kill in the middle must not leave half an artifact in place.
                aside = folder.with_name(f".{folder.name}.gone")
                shutil.rmtree(aside, ignore_errors=True)
                folder.replace(aside)
                shutil.rmtree(aside, ignore_errors=True)

    def _commit(
        self, kind: str, key: str, parts: Mapping[str, Any], facts: Mapping[str, Any], work: Path
    ) -> None:
        for left in work.glob(".*.tmp"):
            left.unlink()  # a killed writer's
        (work / MANIFEST).unlink(missing_ok=True)
        files = [path for path in sorted(work.iterdir()) if path.is_file()]
        manifest = {
            "schema": 1,
            "kind": kind,
            "key": key,
            "parts": parts,
            "facts": facts,
            "files": {p.name: p.stat().st_size for p in files},
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        for path in files:
            sync(path)
        write_text(work / MANIFEST, json.dumps(manifest, indent=1) + "\n")
        target = self.folder(kind, key)
        self._make(target.parent)
        work.rename(target)
        sync(target.parent)

    @contextmanager
    def _locked(
        self, key: str, waiting: Callable[[str], None], *, at_once: bool = True
    ) -> Iterator[Lease]:
        locks = self.home / "locks"
        self._make(locks)
        # A lock is freed the moment its process dies, but may not reach other machines.
        lock = nullcontext() if self.shared else _lock(locks / f"{key}.lock", key, waiting)
        with lock, held(locks, key, waiting, locked=not self.shared, at_once=at_once) as lease:
            yield lease

    def _make(self, folder: Path) -> None:
        problem: str | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            problem = error.strerror
        if problem or not os.access(folder, os.W_OK):
            raise PrerequisiteError(
                f"the store {self.home} cannot be written ({problem or 'it is read-only'}); "
                "set HARNESS_HOME to a folder you can write to"
            )


@contextmanager
def _lock(path: Path, key: str, waiting: Callable[[str], None]) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=1)
    except Timeout:
        waiting(f"{key[:12]} is being made by {owner(path.parent, key)}; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _refuse(message: str) -> None:
    raise UsageError(f"{message.partition(';')[0]}; stop that run before making it again")
