"""Face sets by what a user calls them: the beginning of a stored set's key, or a folder."""

from __future__ import annotations

from pathlib import Path

from harness.digests import digest
from harness.errors import UsageError
from harness.inputs import shown
from harness.plan.nodes import ImageSource
from harness.store import face_sets
from harness.store.artifacts import Store
from harness.store.fingerprints import Fingerprints

READING = 2
"""Raised when other images are found in the same folder."""


def stored_source(store: Store, name: str, per_identity: int | None = None) -> ImageSource:
    """A stored set by the beginning of its key; raises UsageError where it is not exactly one."""
    if not name.strip():
        raise UsageError("a face set is named by nothing; give its key or its folder")
    item = face_sets.find(store, name)
    provider = item.manifest["parts"]["component"]["provider"].rpartition(":")[2]
    return ImageSource(item.key, f"{provider} {item.key[:12]}", per_identity=per_identity)


def folder_source(
    fingerprints: Fingerprints,
    folder: Path,
    template: str | None = None,
    per_identity: int | None = None,
) -> ImageSource:
    """A folder with a folder for each person; its images follow ``template``, where it is given."""
    key = digest({"folder": fingerprints.of(folder), "reading": READING})
    title = shown(folder.resolve().name)
    return ImageSource(key, title, folder.resolve(), template, per_identity)
