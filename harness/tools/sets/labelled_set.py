"""Face sets with who is on them: stored ones, and folders with a folder for each person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.components import Images
from harness.digests import digest
from harness.errors import UsageError
from harness.faces.files import ImageFiles, search_images
from harness.faces.store import FaceSet, source_names
from harness.inputs import shown
from harness.store import face_sets
from harness.store.artifacts import Store
from harness.store.fingerprints import Fingerprints

READING = 2
"""Raised when other images are found in the same folder."""


@dataclass(frozen=True)
class LabelledSet:
    """Images with who is on them: a key or fingerprint, what to call the set, names of people."""

    key: str
    title: str
    images: Images
    identities: Mapping[int, str]
    notes: tuple[str, ...] = ()
    """What was left out of a folder."""
    maker: str = ""
    """Name of the generator that made a stored set."""


def open_set(store: Store, what: str, template: str | None) -> LabelledSet:
    """A stored face set by the beginning of its key, or a folder with one subfolder per person.

    Raises UsageError where it is neither.
    """
    if not what.strip():
        raise UsageError("a face set is named by nothing; give its key or its folder")
    folder = Path(what)
    if not folder.is_dir():
        item = face_sets.find(store, what)
        faces = FaceSet(item.folder)
        provider = item.manifest["parts"]["component"]["provider"].rpartition(":")[2]
        return LabelledSet(
            item.key,
            f"{provider} {item.key[:12]}",
            faces,
            _names(faces),
            maker=item.manifest["parts"]["component"]["provider"],
        )
    found = search_images(folder)
    names = found.names
    people = sorted({name.partition("/")[0] for name in names})
    if any("/" not in name for name in names):
        raise UsageError(f"{folder} has images outside the folders of its people; sort them")
    number = {person: index for index, person in enumerate(people)}
    subjects = np.array([number[name.partition("/")[0]] for name in names], np.int64)
    images = ImageFiles(folder, names, template=template, subjects=subjects)
    fingerprint = Fingerprints(store.home / "fingerprints.sqlite").of(folder)
    key = digest({"folder": fingerprint, "reading": READING})
    notes = tuple(found.left_out.notes(folder.name))
    named = dict(enumerate(map(shown, people)))
    return LabelledSet(key, shown(folder.resolve().name), images, named, notes)


def _names(faces: FaceSet) -> dict[int, str]:
    """The names that a data set gave its people, where the face set keeps one of each."""
    found = source_names(faces, np.arange(len(faces)))
    texts = {subject: name for subject, name in found.items() if isinstance(name, str)}
    return texts if len(texts) == len(np.unique(faces.subjects)) else {}
