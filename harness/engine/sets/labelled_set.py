"""Face sets with who is on them: stored ones, and folders with a folder for each person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.components import Images
from harness.errors import DataError, UsageError
from harness.faces.doubles import folder_copy_notes, spelling_notes
from harness.faces.files import ImageFiles, search_images
from harness.faces.store import FaceSet, source_names
from harness.faces.views import Subset
from harness.inputs import shown
from harness.plan.nodes import ImageSource
from harness.protocols.pair_doubt import same_content
from harness.store.artifacts import Store


@dataclass(frozen=True)
class LabelledSet:
    """Images with who is on them: a key or fingerprint, what to call the set, names of people."""

    key: str
    title: str
    images: Images
    identities: Mapping[int, str]
    notes: tuple[str, ...] = ()
    """What was left out of a folder, and what is doubtful in it."""
    maker: str = ""
    """Name of the generator that made a stored set."""


def open_labelled(store: Store, source: ImageSource) -> LabelledSet:
    """The set of a source, whole. Raises UsageError for a folder with images of nobody."""
    if source.folder is None:
        item = store.get("faces", source.key)
        faces = FaceSet(item.folder)
        maker = item.manifest["parts"]["component"]["provider"]
        return LabelledSet(item.key, source.title, faces, _names(faces), maker=maker)
    found = search_images(source.folder)
    names = found.names
    people = sorted({name.partition("/")[0] for name in names})
    if any("/" not in name for name in names):
        raise UsageError(f"{source.folder} has images outside the folders of its people; sort them")
    number = {person: index for index, person in enumerate(people)}
    subjects = np.array([number[name.partition("/")[0]] for name in names], np.int64)
    images = ImageFiles(source.folder, names, template=source.template, subjects=subjects)
    called = list(map(shown, people))
    notes = (*found.left_out.notes(source.folder.name), *spelling_notes(called))
    return LabelledSet(source.key, source.title, images, dict(enumerate(called)), notes)


def copy_notes_of(source: ImageSource) -> Iterator[str]:
    """A sentence about images of a folder that two people have; reads files of equal size.

    A stored set was looked through when it was made.
    """
    if source.folder is not None:
        names = search_images(source.folder).names
        same = same_content(source.folder, names)
        yield from folder_copy_notes({shown(name): same(name) for name in names})


def source_images(store: Store, source: ImageSource) -> Images:
    """The images of a source that are looked at; those of a whole set are the set."""
    faces = open_labelled(store, source)
    return (
        faces.images if source.per_identity is None else chosen_images(faces, source.per_identity)
    )


def chosen_images(faces: LabelledSet, per_identity: int | None) -> Subset:
    """The first images of every identity, in their order; DataError where nobody is named."""
    subjects = faces.images.subjects
    if subjects is None:
        raise DataError(
            f"{faces.title} does not say who is on its images, so no impostor pair is known; give "
            "its official folder, not a pack"
        )
    return Subset(faces.images, first_images(subjects, per_identity))


def first_images(subjects: NDArray[np.int64], per_identity: int | None) -> NDArray[np.intp]:
    """Rows of the first N images of every subject, in their order; all for None."""
    if per_identity is None:
        return np.arange(len(subjects))
    order = np.argsort(subjects, kind="stable")
    labels = subjects[order]
    starts = np.searchsorted(labels, labels)
    return np.sort(order[np.arange(len(labels)) - starts < per_identity])


def _names(faces: FaceSet) -> dict[int, str]:
    """The names that a data set gave its people, where the face set keeps one of each."""
    found = source_names(faces, np.arange(len(faces)))
    texts = {subject: name for subject, name in found.items() if isinstance(name, str)}
    return texts if len(texts) == len(np.unique(faces.subjects)) else {}
