"""Whether the images that a list names are there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness.errors import DataError


def require_images(folder: Path, names: Sequence[str], where: Sequence[str] | str) -> None:
    """Raise DataError unless every name is a file below ``folder``.

    ``where`` says of the first absent name where it is listed: one text an image, or the path of a
    list whose line n names image n. Folders are read once each, so millions of names cost seconds.
    """
    there: dict[str, frozenset[str]] = {}
    absent = []
    for number, name in enumerate(names):
        parent, _, file = name.rpartition("/")
        if parent not in there:
            there[parent] = _files(folder, parent)
        if file not in there[parent]:
            absent.append(number)
    if absent:
        first = absent[0]
        place = f"{where}, line {first + 1}" if isinstance(where, str) else where[first]
        raise DataError(
            f"{place}: image {names[first]} is not in {folder} ({len(absent):,} of "
            f"{len(names):,} images are absent); complete the folder"
        )


def _files(folder: Path, parent: str) -> frozenset[str]:
    if parent.startswith("/") or ".." in parent.split("/"):
        return frozenset()  # a list never reaches outside its folder
    try:
        with os.scandir(folder / parent) as entries:
            return frozenset(entry.name for entry in entries if not entry.is_dir())
    except OSError:
        return frozenset()
