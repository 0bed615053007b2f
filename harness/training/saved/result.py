"""``training.json`` of a finished training as it is read again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from harness.fileio.decoding import json_value
from harness.fileio.verified import unreadable

Count = Annotated[int, Field(ge=0, lt=2**63)]


class SummaryRecord(BaseModel):
    """See ``harness.training.loop.Summary``."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    steps: Count
    planned_steps: Count
    images: Count
    seconds: float
    final_loss: float  # not finite where a training diverged
    wait_share: float
    notes: list[str] = []
    validation_accuracy: float | None = None


class TrainingResult(BaseModel):
    """What a training writes last."""

    model_config = ConfigDict(frozen=True, strict=True)

    summary: SummaryRecord
    settings: dict[str, Any] = {}
    assumed: list[str] = []
    processes: Annotated[int, Field(ge=1)] = 1


def read_training(path: Path) -> TrainingResult:
    """A result; raises ``DataError`` naming the file where it is damaged."""
    try:
        return TrainingResult.model_validate(json_value(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
