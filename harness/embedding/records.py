"""``embeddings.json`` and ``state.json`` of an extraction as they are read again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.fileio.decoding import json_value

Count = Annotated[int, Field(ge=0, lt=2**63)]


class ExtractionRecord(BaseModel):
    """A complete extraction; other fields of the file are kept."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    images: Count
    size: Count
    mirror: bool
    parts: list[Literal["plain", "mirror"]]
    failures: list[Annotated[list[str], Field(min_length=2, max_length=2)]]


class ExtractionState(BaseModel):
    """How far an interrupted extraction came, and what it was of."""

    model_config = ConfigDict(frozen=True, strict=True)

    identity: dict[str, Any]
    done: Count


def read_extraction(path: Path) -> ExtractionRecord:
    """A record; raises ``OSError`` or ``ValueError`` (also pydantic's) where it is damaged."""
    return ExtractionRecord.model_validate(json_value(path.read_bytes()))


def read_state(path: Path) -> ExtractionState:
    """A state; raises ``OSError`` or ``ValueError`` (also pydantic's) where it is damaged."""
    return ExtractionState.model_validate(json_value(path.read_bytes()))
