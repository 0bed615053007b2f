"""Who of a face set is named in another one, by the lists of names that data sets come with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from harness.errors import DataError
from harness.fileio.texts import read_lines
from harness.inputs import is_hidden

_FREEBASE = re.compile(r"m\.0[0-9a-z_]{3,}")
"""Identifiers of people that MS-Celeb-1M and the sets cut from it have in common."""


def read_people(path: Path, digits: int | None = None) -> dict[str, str]:
    """Names of people by identity, in the order of the list.

    A line holds a name, or an identity, a tab and a name. With ``digits`` it holds a name, and the
    identity is the number of the line, from 1, with this many digits (``Data/list_name.txt`` of CFP
    with 3). Raises ``DataError`` with file and line for an identity given twice or no list at all.
    """
    people: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        first, _, rest = (part.strip() for part in line.partition("\t"))
        name = rest if rest and digits is None else first
        identity = first if digits is None else f"{number:0{digits}d}"
        if identity in people:
            raise DataError(f"{path}, line {number}: {identity} was given before")
        people[identity] = name
    if not any(map(plain, people.values())):
        raise DataError(f"{path} names nobody; it should hold one name per line")
    return people


def read_names(path: Path) -> set[str]:
    """Names of a data set: the folders in a folder, or the text before the tab in each line.

    ``lfw-names.txt`` and ``people.txt`` of LFW are such files. Raises ``DataError`` where there is
    none.
    """
    if path.is_dir():
        names = {
            folder.name
            for folder in path.iterdir()
            if folder.is_dir() and not is_hidden(folder.name)
        }
    else:
        names = {line.partition("\t")[0].strip() for line in read_lines(path)}
    if not any(map(plain, names)):
        raise DataError(
            f"{path} names nobody; give a folder with one subfolder per person, or a list"
        )
    return names


def plain(name: str) -> str:
    """A name without case, accents and punctuation; empty where it has no letter.

    >>> plain("Beyoncé_Knowles"), plain("50 Cent"), plain("601")
    ('beyonce knowles', '50 cent', '')
    """
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    return " ".join(kept.split()) if any(c.isalpha() for c in kept) else ""


def person_names(label: str) -> tuple[str, ...]:
    """The parts of a label, between slashes, that name a person also outside their data set.

    A name has words of letters alone, one of two letters at least, and may begin with a number. A
    number, a counter (``person0``, ``id_12``) and a code (``a3f9``) mean something else in every
    set; of codes only Freebase's are known to be shared.

    >>> person_names("train/Ann_Lee"), person_names("50 Cent"), person_names("m.0b4jx")
    (('train', 'Ann_Lee'), ('50 Cent',), ('m.0b4jx',))
    >>> [person_names(label) for label in ("601", "person0", "id_12", "a3f9/b")]
    [(), (), (), ()]
    """
    return tuple(part for part in label.split("/") if _is_name(part))


def _is_name(part: str) -> bool:
    words = plain(part).split()
    if words and words[0].isdecimal():
        words = words[1:]
    letters = all(word.isalpha() for word in words) and any(len(word) > 1 for word in words)
    return letters or bool(_FREEBASE.fullmatch(part))


def names_among(labels: Iterable[str]) -> list[str]:
    """The different names of people in labels, sorted; see :func:`person_names`."""
    return sorted({name for label in labels for name in person_names(label)})


def shared(people: dict[str, str], others: Iterable[set[str]]) -> dict[str, str]:
    """Those of ``people`` whose name is among the others, by :func:`plain`."""
    known = {plain(name) for names in others for name in names} - {""}
    return {identity: name for identity, name in people.items() if plain(name) in known}
