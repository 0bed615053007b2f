"""Names that become files: one rule for every reader of results, reports and plans.

A study, a report or a store may come from somebody else, so what is in it must not decide where
this program reads or writes.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from harness.errors import DataError, UsageError

LONGEST = 200
"""Characters of a name; file systems take 255 bytes of a whole file name."""

_SEPARATORS = re.compile(r"[/\\]")
_DRIVE = re.compile(r"[A-Za-z]:")


def file_name(text: str) -> str:
    """The text, if it is one file name below any folder; raises ``ValueError``."""
    if not text or len(text) > LONGEST:
        raise ValueError(f"must be a name of 1 to {LONGEST} characters")
    if text.startswith(".") or _SEPARATORS.search(text) or _DRIVE.match(text):
        raise ValueError(f"{text!r} cannot be the name of a file")
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        raise ValueError(f"{text!r} holds a control character")
    return text


def file_path(text: str) -> str:
    """The text, if it is a path of names that cannot leave its folder; raises ``ValueError``."""
    try:
        for part in text.split("/"):
            file_name(part)
    except ValueError:
        raise ValueError(f"{text!r} is not a path of plain names below its folder") from None
    return text


def raw_files(files: dict[str, str]) -> dict[str, str]:
    """File names by the names of arrays, beside one entry that is a digest; see ``Result.raw``."""
    for name, file in files.items():
        file_name(name)
        if name != "sha256":
            file_path(file)
    return files


WRITTEN = ("*", "cells/*", "cells/*/*", "measures/*")
"""What a run, a report and other verbs write in a study, as patterns; see ``require_no_links``."""

Name = Annotated[str, AfterValidator(file_name)]
"""A text that becomes a file or folder, or a part of its name."""

FilePath = Annotated[str, AfterValidator(file_path)]
"""A path below the folder of the file that holds it."""

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12,64}$")]
"""A digest, as ids of results are."""

RawFiles = Annotated[dict[str, str], AfterValidator(raw_files)]


def inside(folder: Path, name: str) -> Path:
    """The path of a file below ``folder``, with its symbolic links followed.

    Raises ``DataError`` where it leads out of the folder.
    """
    try:
        path = (folder / name).resolve()
        within = path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a NUL, too long, links in a circle
        within = False
    if not within:
        raise DataError(f"{name!r} leads out of {folder}; what it names is not used")
    return path


def require_no_links(folder: Path, *names: str) -> None:
    """Refuse to write where ``folder`` has, under one of these names, a symbolic link out of it.

    Raises ``UsageError``. A name may be a pattern, such as ``cells/*``.
    """
    for path in (path for name in names for path in sorted(folder.glob(name))):
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"{path} is a symbolic link to a place outside {folder}; nothing is written "
                "through it: remove it, or copy what it names there"
            )
