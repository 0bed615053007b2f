"""Whether the images that a list names are there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness.errors import DataError
from harness.faces.near_names import NearNames


class AbsentFilesError(DataError):
    """Files that lists name are absent; ``findings`` names every one, and where it is listed."""

    def __init__(self, message: str, findings: Sequence[str]) -> None:
        super().__init__(message)
        self.findings = findings


def require_lists(paths: Sequence[Path]) -> None:
    """Raise AbsentFilesError naming every list that is not there."""
    findings = [f"{path}: there is no such list" for path in paths if not path.is_file()]
    if findings:
        raise AbsentFilesError(
            f"{findings[0]} ({len(findings)} of {len(paths)} lists are absent); complete the "
            "folder",
            findings,
        )


def require_images(folder: Path, names: Sequence[str], where: Sequence[str] | str) -> None:
    """Raise AbsentFilesError unless every name is a file below ``folder``.

    ``where`` says of the first absent name where it is listed: one text per image, or the path of a
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
        places = [
            f"{where}, line {row + 1}" if isinstance(where, str) else where[row] for row in absent
        ]
        near = NearNames(folder)
        findings = [
            f"{place}: image {names[row]} is not in {folder}{near.hint(names[row])}"
            for place, row in zip(places, absent, strict=True)
        ]
        raise AbsentFilesError(
            f"{findings[0]} ({len(absent):,} of {len(names):,} images are absent); complete the "
            "folder",
            findings,
        )


def _files(folder: Path, parent: str) -> frozenset[str]:
    if parent.startswith("/") or ".." in parent.split("/"):
        return frozenset()  # a list never reaches outside its folder
    try:
        with os.scandir(folder / parent) as entries:
            return frozenset(entry.name for entry in entries if not entry.is_dir())
    except OSError:
        return frozenset()
