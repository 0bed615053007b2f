"""``leaks/*.json`` of a study as others wrote it: what reports, rankings and comparisons read.

:class:`harness.tools.leak.LeakReport` is what a search makes; this is the schema of its file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from harness.errors import DataError
from harness.fileio.decoding import json_value
from harness.fileio.names import inside
from harness.recipe.parameters import explain
from harness.results.stored_facts import Count, Edges, check_edges

FOLDER = "leaks"

Cosine = Annotated[float, Field(ge=-1.01, le=1.01)]  # rounding in float32 included


class LeakRecordBase(BaseModel):
    """Base of everything in a record: immutable; fields of later releases are ignored."""

    model_config = ConfigDict(frozen=True, strict=True)


class MatchRecord(LeakRecordBase):
    """One person of a benchmark and the training face most similar."""

    identity: str
    image: str
    training_identity: str
    training_image: str
    score: Cosine
    above: bool


class NearRecord(LeakRecordBase):
    """Two training identities by the cosine of their mean embeddings."""

    identity: str
    other: str
    image: str
    other_image: str
    score: Cosine


class SimilarityRecord(LeakRecordBase):
    """Counts of cosines in the bins between ``edges``, and the most similar identities."""

    images: Count
    identities: Count
    edges: Edges
    within: list[Count]
    between: list[Count]
    nearest: list[NearRecord]

    @model_validator(mode="after")
    def _histograms(self) -> Self:
        check_edges(self.edges, self.within, self.between)
        return self


class LeakRecord(LeakRecordBase):
    """One search of a benchmark's people in a training set; see ``LeakReport``."""

    schema_: Literal["harness/leak@1"] = Field(alias="schema")
    training_key: str
    benchmark: str
    training: str
    model: str
    leaked: bool
    above: Count
    identities: Count
    comparisons: Count
    fmr: Annotated[float, Field(gt=0, lt=1)]
    by_chance: Annotated[FiniteFloat, Field(ge=0)]
    shared_names: list[str]
    names_known: bool
    matches: list[MatchRecord]
    likeness: SimilarityRecord | None = None


def read_leak(path: Path) -> LeakRecord:
    """A record; raises ``OSError`` or ``ValueError`` (also pydantic's) where it is damaged."""
    return LeakRecord.model_validate(json_value(path.read_bytes()))


def leaks_of(study: Path) -> dict[tuple[str, str], list[LeakRecord]]:
    """What was recorded, by (key of the training set, benchmark); empty where nothing was.

    Raises ``DataError`` naming a file that is not a record.
    """
    found: dict[tuple[str, str], list[LeakRecord]] = {}
    for path in sorted((study / FOLDER).glob("*.json")):
        try:
            facts = read_leak(inside(study, f"{FOLDER}/{path.name}"))
        except ValueError as error:
            why = explain(error) if isinstance(error, ValidationError) else error
            raise DataError(f"{path} is not the record of a leak check: {why}") from None
        found.setdefault((facts.training_key, facts.benchmark), []).append(facts)
    return found
