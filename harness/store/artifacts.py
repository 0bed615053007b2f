"""The store of artifacts: folders under their content key, each whole or absent.

An artifact is built in a work folder that survives a kill, and moves into place by one rename after
its manifest is on disk. There is one writer per key: on one machine by a lock that the system frees
when its process dies, and by a lease where machines share the store. A holder of a lease works in a
folder of its own number, so that one that was taken over cannot touch what its successor makes.
Nothing in place is ever changed. The manifest holds a digest of every file
(:mod:`harness.fileio.verified`); an artifact with a missing, truncated or altered file is moved to
``aside``, where it can be inspected, and made again.
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

from harness.errors import DataError, PrerequisiteError, UsageError
from harness.fileio import verified
from harness.fileio.atomic import sync, write_text
from harness.fileio.names import file_name
from harness.fileio.verified import MANIFEST, DamagedError
from harness.store import manifests
from harness.store.home import default_home
from harness.store.leases import Lease, file_lock, held, lease_s

ASIDE, DAMAGE = "aside", "damage.json"


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

    @property
    def has_digests(self) -> bool:
        """Whether its files can be verified; artifacts of older releases have sizes only."""
        return "digests" in self.manifest


class Store:
    """Artifacts under ``home``; ``shared`` by processes of several machines or not."""

    def __init__(self, home: Path | None = None, *, shared: bool = False) -> None:
        self.home = (home or default_home()).absolute()
        self.shared = shared
        lease_s(), verified.mode()  # a wrong variable is refused before any work

    def folder(self, kind: str, key: str) -> Path:
        """Where an artifact stands once it is whole; ``DataError`` for what is not a key."""
        try:
            file_name(key)
        except ValueError as error:
            raise DataError(f"a key of the store {error}") from None
        return self.home / "store" / kind / key[:2] / key

    def find(self, kind: str, key: str) -> Artifact | None:
        """The artifact, or None when it is not there as a whole; files are not read.

        Not whole: the manifest is altered, or a file is missing or has another size.
        """
        folder = self.folder(kind, key)
        try:
            manifest = manifests.read_whole(folder)
        except DamagedError:
            return None
        return None if manifest is None else Artifact(kind, key, folder, manifest)

    def get(self, kind: str, key: str) -> Artifact:
        """The artifact, every file verified at its first use in a process.

        Raises ``PrerequisiteError`` when it is absent, ``DamagedError`` when a file of it is
        missing, truncated or altered.
        """
        found = self.entry(kind, key)
        verified.check(found.folder, found.manifest)
        manifests.note_use(found.folder)
        return found

    def entry(self, kind: str, key: str) -> Artifact:
        """As :meth:`get` without reading the files: for callers that need the facts alone."""
        folder = self.folder(kind, key)
        manifest = manifests.read_whole(folder)
        if manifest is None:
            raise PrerequisiteError(
                f"{kind} {key[:12]} is not in the store {self.home}; run the study again to make it"
            )
        return Artifact(kind, key, folder, manifest)

    def damage(self, kind: str, key: str) -> DamagedError | None:
        """Why an artifact that is in place is not whole; None where it is whole or absent."""
        try:
            manifests.read_whole(self.folder(kind, key))
        except DamagedError as damage:
            return damage
        return None

    def of_kind(self, kind: str) -> Iterator[Artifact]:
        """All artifacts of a kind with a readable manifest, in the order of their keys."""
        for path in sorted((self.home / "store" / kind).glob(f"??/*/{MANIFEST}")):
            try:
                manifest = verified.read_manifest(path.parent)
            except DamagedError:
                continue  # `harness store verify` and `harness doctor` name it
            if manifest is not None:
                yield Artifact(kind, path.parent.name, path.parent, manifest)

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
            found = self._verified(kind, key, waiting)
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

    def _verified(self, kind: str, key: str, waiting: Callable[[str], None]) -> Artifact | None:
        """The artifact if it is there and every file of it fits; a damaged one is moved aside."""
        try:
            manifest = manifests.read_whole(self.folder(kind, key))
            return None if manifest is None else self.get(kind, key)
        except DamagedError as error:
            damage = error
        moved = self.set_aside(damage)
        if moved is not None:
            waiting(f"{damage}; moved to {moved}, and made again")
        return None

    def set_aside(self, damage: DamagedError) -> Path | None:
        """Move a damaged artifact to ``aside``; where it is now, or None if it is whole again.

        Another process may have moved it and made it again, so the file is read once more under
        the artifact's lock. Raises ``PrerequisiteError`` where the store cannot be written.
        """
        kind, key = damage.folder.parts[-3], damage.folder.name
        with self._locked(key, lambda _: None):
            still = manifests.still_damaged(damage)
            if still is None:
                return None
            folder = self.home / ASIDE / kind
            self._make(folder)
            number = len(list(folder.glob(f"{key}.*"))) + 1
            target = folder / f"{key}.{number}"
            damage.folder.rename(target)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            record = {"file": still.file, "reason": still.reason, "when": now}
            write_text(target / DAMAGE, json.dumps(record, indent=1) + "\n")
        return target

    def aside(self) -> list[Path]:
        """Damaged artifacts that were moved aside; each holds ``damage.json``."""
        return sorted(path for path in (self.home / ASIDE).glob("*/*") if path.is_dir())

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
        """Forget an artifact, so that the next run makes it again.

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
        target = self.folder(kind, key)
        manifests.write(work, kind, key, parts, facts)
        self._make(target.parent)
        if target.is_dir() and not any(target.iterdir()):
            target.rmdir()
        work.rename(target)
        sync(target.parent)

    @contextmanager
    def _locked(
        self, key: str, waiting: Callable[[str], None], *, at_once: bool = True
    ) -> Iterator[Lease]:
        locks = self.home / "locks"
        self._make(locks)
        # A lock is freed the moment its process dies, but may not reach other machines.
        lock = nullcontext() if self.shared else file_lock(locks / f"{key}.lock", key, waiting)
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


def _refuse(message: str) -> None:
    raise UsageError(f"{message.removeprefix('waiting: ')}; stop that run before making it again")
