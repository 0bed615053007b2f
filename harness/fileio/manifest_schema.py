"""The types of an artifact's ``manifest.json``, checked whenever one is read."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def stored_file(name: str) -> str:
    """The name of a file inside an artifact; raises ``ValueError`` where it leads out of it."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ValueError(f"{name!r} is not the name of a file in this folder")
    os.fsencode(name)  # a lone surrogate is a ValueError
    return name


StoredFile = Annotated[str, AfterValidator(stored_file)]
Size = Annotated[int, Field(ge=0, lt=2**63)]


class ManifestRecord(BaseModel):
    """What the core reads of a manifest; stages and plugins add facts of their own."""

    model_config = ConfigDict(frozen=True, strict=True)

    kind: str
    key: str
    files: dict[StoredFile, Size]
    digests: dict[str, str] = {}
    parts: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    created: str = ""


def checked_manifest(found: Any) -> dict[str, Any]:
    """A decoded manifest, with what older releases left out; raises ``ValueError``."""
    record = ManifestRecord.model_validate(found)
    return {"parts": record.parts, "facts": record.facts, "created": record.created, **found}
