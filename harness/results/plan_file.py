"""``plan.json`` of a study as others wrote it: what reports, traces and rescoring read of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from harness.fileio.decoding import json_value
from harness.fileio.names import Name


class NodeRecord(BaseModel):
    """One planned stage."""

    model_config = ConfigDict(frozen=True)

    stage: Literal["generate", "place", "train", "embed", "measure"]
    label: str
    key: Name
    inputs: dict[str, Name]
    parts: dict[str, Any] = {}


class CellRecord(BaseModel):
    """One planned cell and the links to published numbers of its benchmark entry."""

    model_config = ConfigDict(frozen=True)

    key: Name
    label: str
    inputs: dict[str, Name]
    published: tuple[str, ...] = ()


class PlanRecord(BaseModel):
    """A whole plan."""

    model_config = ConfigDict(frozen=True)

    nodes: tuple[NodeRecord, ...]
    cells: tuple[CellRecord, ...]


def read_plan(path: Path) -> PlanRecord:
    """A plan file; raises ``OSError`` or ``ValueError`` (also pydantic's) where it is damaged."""
    return PlanRecord.model_validate(json_value(path.read_bytes()))
