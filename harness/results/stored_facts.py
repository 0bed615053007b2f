"""Types of stored facts and histograms that reports read, checked when a file is read.

Facts are whatever a stage recorded, so that a plugin may add its own; only those that the core
reads have a type.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from harness.fileio.decoding import json_value

LARGEST_COUNT = 2**63 - 1
MOST_BINS = 10_000
"""Bins of a histogram that a report draws; the core makes 24 and 80."""

Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
ShortText = Annotated[str, Field(max_length=200)]  # the title of a figure
Seconds = Annotated[FiniteFloat, Field(ge=0, le=1e12)]


class PartFacts(BaseModel):
    """One face set that a phase of a training saw."""

    model_config = ConfigDict(strict=True)

    key: str
    name: str
    images: Count
    identities: Count | None = None


class TrainingFacts(BaseModel):
    """One phase of a training; all of it is absent from the facts of other components."""

    model_config = ConfigDict(strict=True)

    steps: Count = 0
    images: Count | None = None
    seconds: Seconds | None = None
    final_loss: float | None = None  # not finite where a training diverged
    validation_accuracy: float | None = None
    trained_on: list[PartFacts] = []
    settings: dict[str, Any] = {}


class ModelFacts(TrainingFacts):
    """The last phase of a training, with those before it."""

    earlier_phases: list[TrainingFacts] = []


def check_model_facts(facts: dict[str, Any]) -> None:
    """Raise pydantic's ``ValidationError`` where a report could not show the facts of a model."""
    ModelFacts.model_validate(facts)


class MachineFacts(BaseModel):
    """What reports read of a recorded machine; its other facts are shown as they are."""

    kernels: dict[str, Any] | None = None


class EnvironmentFacts(MachineFacts):
    """``env/*.json`` of a study: a machine, and those that made its stored inputs."""

    made_on: dict[str, MachineFacts | str] | None = None


def check_environment(facts: Any) -> None:
    """Raise ``ValueError`` (also pydantic's) where a report could not show an environment."""
    if too_large(facts):
        raise ValueError("it holds a whole number that is too large")
    EnvironmentFacts.model_validate(facts)


def too_large(value: Any) -> bool:
    """Whether decoded JSON holds, at any depth, a whole number that no float can hold."""
    if isinstance(value, dict):
        return any(map(too_large, value.values()))
    if isinstance(value, list):
        return any(map(too_large, value))
    return isinstance(value, int) and abs(value) > sys.float_info.max


def check_edges(edges: list[float], *counts: list[int]) -> None:
    """Raise ``ValueError`` where edges do not bound the bins that are counted."""
    if any(len(found) != len(edges) - 1 for found in counts):
        raise ValueError(f"{len(edges)} edges do not bound the bins that are counted")
    if any(low > high for low, high in pairwise(edges)):
        raise ValueError("the edges of the bins decrease")


Edges = Annotated[list[FiniteFloat], Field(min_length=2, max_length=MOST_BINS + 1)]


class HistogramRecord(BaseModel):
    """Counts between edges; a constant has one bin."""

    model_config = ConfigDict(frozen=True, strict=True)

    edges: Edges
    counts: list[Count]

    @model_validator(mode="after")
    def _bins(self) -> Self:
        check_edges(self.edges, self.counts)
        return self


class AttributesRecord(BaseModel):
    """``media/attributes-*.json`` of a study; see :func:`harness.engine.attributes.attributes`."""

    model_config = ConfigDict(frozen=True, strict=True)

    faces: Count
    read: Count
    numeric: dict[ShortText, HistogramRecord]
    named: dict[ShortText, dict[str, Count]]


def read_attributes(path: Path) -> AttributesRecord:
    """The attributes; raises ``OSError`` or ``ValueError`` (also pydantic's) where damaged."""
    return AttributesRecord.model_validate(json_value(path.read_bytes()))
