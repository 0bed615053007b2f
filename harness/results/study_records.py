"""Small JSON files of a study as others wrote them: events, failed attempts, lists of pictures.

Each has one reader, which checks types. Fields of later releases are ignored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from harness.fileio.decoding import json_value
from harness.fileio.names import FilePath

MOST_PICTURES = 1000


class _StudyRecord(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class EventRecord(_StudyRecord):
    """What reports read of a line of ``events.jsonl``."""

    event: str
    key: str = ""


class FailedAttempt(_StudyRecord):
    """``failed-N.json`` of a stage or cell."""

    stage: str = ""
    key: str = ""
    label: str = ""
    error: str = ""
    message: str = ""
    traceback: str = ""


class PictureRecord(_StudyRecord):
    """One entry of ``media/pictures-*.json``: a picture of a generator, a file beside it."""

    title: str
    text: str
    file: FilePath


_PICTURES = TypeAdapter(Annotated[list[PictureRecord], Field(max_length=MOST_PICTURES)])


def parse_event(line: bytes) -> EventRecord:
    """One event; raises ``ValueError`` (also pydantic's) where it is damaged."""
    return EventRecord.model_validate(json_value(line))


def read_failed_attempt(path: Path) -> FailedAttempt:
    """A failed attempt; raises ``OSError`` or ``ValueError`` (also pydantic's) where damaged."""
    return FailedAttempt.model_validate(json_value(path.read_bytes()))


def read_pictures(path: Path) -> list[PictureRecord]:
    """A list of pictures; raises ``OSError`` or ``ValueError`` (also pydantic's) where damaged."""
    return _PICTURES.validate_python(json_value(path.read_bytes()))
