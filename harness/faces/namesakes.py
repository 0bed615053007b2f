"""Who of a face set is named in another one, by the lists of names that data sets come with."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from harness.errors import DataError
from harness.fileio.texts import read_lines
from harness.inputs import is_hidden


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


def shared(people: dict[str, str], others: Iterable[set[str]]) -> dict[str, str]:
    """Those of ``people`` whose name is among the others, by :func:`plain`."""
    known = {plain(name) for names in others for name in names} - {""}
    return {identity: name for identity, name in people.items() if plain(name) in known}
