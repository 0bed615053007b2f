"""One person under two names: identities that are spelled alike, and images that two of them have.

Both are reported and kept: only who knows the people can say whether they are the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from harness.faces.near_names import difference
from harness.inputs import one_line

if TYPE_CHECKING:
    from harness.faces.store import FaceSet

NAMED = 3
_BETWEEN = re.compile(r"[\s_-]+")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def spelling_notes(names: Sequence[str]) -> Iterator[str]:
    """Sentences about identities that may be one person: spelled alike, or one inside another.

    Alike are names that differ only in case, Unicode form, blanks, ``_`` and ``-``, or leading
    zeros.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[_spelling(name)].append(name)
    groups = [found for found in alike.values() if len(found) > 1]
    if groups:
        few = [f"{_quoted(a)} and {_quoted(b)} differ in {difference(a, b)}" for a, b, *_ in groups]
        yield (
            f"{sum(map(len, groups)):,} of {len(names):,} identities are spelled like another one "
            f"({_some(few)}) and count as different people; give those who are one person one name"
        )
    known = set(names)
    owners = ((next(filter(known.__contains__, _folders(name)), None), name) for name in names)
    inside = [(outer, name) for outer, name in owners if outer is not None]
    if inside:
        few = [f"{_quoted(name)} in {_quoted(outer)}" for outer, name in inside]
        yield (
            f"{len(inside):,} of {len(names):,} identities are folders inside another identity "
            f"({_some(few)}) and count as different people; set identity_depth or move the images"
        )


def _spelling(name: str) -> str:
    """What is equal in names that are spelled alike."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    parts = (_BETWEEN.sub(" ", part).strip() for part in name.casefold().split("/"))
    return _ZEROS.sub("", "/".join(parts))


def _folders(name: str) -> Iterator[str]:
    at = name.find("/")
    while at != -1:
        yield name[:at]
        at = name.find("/", at + 1)


def copy_notes(faces: FaceSet) -> Iterator[str]:
    """A sentence about images of a face set that are the same bytes under two identities."""
    import numpy as np

    sketches = faces.sketches()
    _, group, counts = np.unique(sketches, return_inverse=True, return_counts=True)
    content: dict[bytes, list[int]] = defaultdict(list)
    for row in np.flatnonzero(counts[group] > 1).tolist():
        content[sha256(faces.read(row)).digest()].append(row)
    people = {key: set(faces.subjects[rows].tolist()) for key, rows in content.items()}
    shared = [rows for key, rows in content.items() if len(people[key]) > 1]
    yield from _copies([[_name(faces, row) for row in rows] for rows in shared], "identities")


def folder_copy_notes(content: Mapping[str, str]) -> Iterator[str]:
    """The same about files by the name below their folder; ``content`` is equal for equal bytes."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, key in content.items():
        names[key].append(name)
    shared = [same for same in names.values() if len({n.rpartition("/")[0] for n in same}) > 1]
    yield from _copies(shared, "folders")


def _copies(groups: Sequence[Sequence[str]], what: str) -> Iterator[str]:
    if groups:
        few = [f"{_quoted(a)} and {_quoted(b)}" for a, b, *_ in groups]
        yield (
            f"{sum(map(len, groups)):,} images have the same bytes as an image of another one of "
            f"the {what} ({_some(few)}); one of the labels is wrong, or the people are the same"
        )


def _name(faces: FaceSet, row: int) -> str:
    """Identity and image as the source of a set calls them, else their numbers."""
    meta = faces.meta(row)
    image, person = (meta.get(f"source_{what}") for what in ("image", "identity"))
    if image is None or person is None:
        return faces.names[row]
    return str(image) if str(image).startswith(f"{person}/") else f"{person}: {image}"


def _quoted(name: str) -> str:
    """In quotes where blanks at its ends would not be seen."""
    return one_line(name) if name == name.strip() else repr(one_line(name))


def _some(items: Iterable[str]) -> str:
    listed = list(items)
    return "; ".join(listed[:NAMED]) + ("; ..." if len(listed) > NAMED else "")
