"""The result of one cell, as it is in ``result.json`` (schema ``harness/result@3``)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, PrivateAttr, model_validator

from harness.fileio import verified
from harness.fileio.decoding import json_value
from harness.fileio.names import FilePath, Id, Name, RawFiles
from harness.results import short
from harness.results.migrate import migrated
from harness.results.plausible import implausible
from harness.results.stored_facts import Count, Seconds, check_model_facts, too_large

Integrity = Literal["verified", "unverified", "altered"]
"""Whether the content of a result fits its digest; results of older releases have none."""

SCHEMA: Literal["harness/result@3"] = "harness/result@3"


DEPARTURES = "departures"
"""The fact of a component that says how it departs from the published method of its name."""


class ResultRecord(BaseModel):
    """Base of everything in a result file: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ComponentUse(ResultRecord):
    """One component as it was used: who provided it, with what, and the key of what it made."""

    provider: str  # "synthface-harness:bfm"
    name: Name  # also in the name of the cell's folder
    label: str = ""  # of its entry in the recipe
    version: int
    params: dict[str, Any]
    key: Name  # content key of its artifact (face set, trained model, benchmark data)
    source_sha256: str = ""  # of the plugin's code, recorded but not part of the key
    licence: str = ""
    citation: str = ""
    training_data: list[str] = []
    facts: dict[str, Any] = {}  # counts and measures: faces, missing, embedding size, ...


class CellUse(ResultRecord):
    """The components that meet in one cell; a ready model needs no generator."""

    generator: ComponentUse | None
    model: ComponentUse
    benchmark: ComponentUse
    aligner: ComponentUse | None = None


class IntervalRecord(ResultRecord):
    """A confidence interval and how it was made."""

    level: float
    low: float
    high: float
    method: str


class MetricRecord(ResultRecord):
    """One number. ``value`` is null when it cannot be measured; ``note`` says why."""

    name: str
    value: float | None
    at: dict[str, float | str] = {}
    unit: str = "fraction"
    higher_is_better: bool = True
    ci: IntervalRecord | None = None
    threshold: float | None = None
    realised_far: float | None = None
    headline: bool = False
    note: str = ""
    provider: str = ""  # the plugin that measured it, empty for the benchmark itself


class EnrolmentRecord(ResultRecord):
    """How faces were found: images, failures, and the rule that placed them."""

    images: Count
    failed: Count
    failure_rate: float | None = None  # failure-to-enrol rate, failed / images
    placed_by: dict[str, Count]  # how many faces each rule placed
    reasons: dict[str, Count]  # reason -> count
    failed_names: list[str]  # the first hundred

    @model_validator(mode="before")
    @classmethod
    def _rate(cls, values: Any) -> Any:
        """The rate follows from the counts; what is not a count is left to their own checks."""
        if not isinstance(values, dict) or "failure_rate" in values:
            return values
        images, failed = values.get("images"), values.get("failed")
        if not isinstance(images, int) or not isinstance(failed, int) or not images:
            return values
        return {**values, "failure_rate": failed / images}


class PublishedRecord(ResultRecord):
    """A printed number that one metric is to be compared with.

    ``ref`` is PAPER/TABLE#ROW/COLUMN, ``value`` in the unit of the metric, ``printed`` the digits
    and ``unit`` as the paper has them; ``protocol_match`` is ``verified``, ``claimed``,
    ``differs: ...`` or ``unknown``.
    """

    ref: str
    metric: str
    at: dict[str, float | str] = {}
    value: float
    printed: str = ""
    unit: str = ""
    source: str = ""
    protocol_match: str = "unknown"


class SeedRecord(ResultRecord):
    """Root seed and repeat."""

    root: int
    repeat: int


class ProvenanceRecord(ResultRecord):
    """Where the number comes from."""

    inputs: dict[str, Name]  # stage -> key
    code: dict[str, Any]  # distribution and version
    env: FilePath  # below the study: env/<digest>.json


class CostRecord(ResultRecord):
    """What the cell cost, in seconds of wall clock by stage; zero where reused."""

    wall_s: dict[str, Seconds]
    images: Count = 0


class Result(ResultRecord):
    """One finished cell: one model on one comparison list of one benchmark."""

    schema_: Literal["harness/result@3"] = SCHEMA
    id: Id
    status: Literal["ok", "failed", "skipped"]
    cell: CellUse
    comparison: str
    protocol: dict[str, Any]
    metrics: list[MetricRecord]
    curves: dict[Name, FilePath] = {}  # name -> Arrow file in the cell's folder
    raw: RawFiles = {}  # {"scores": file name, "sha256": ...}
    files: dict[FilePath, str] = {}  # file in the cell's folder -> SHA-256
    enrolment: EnrolmentRecord | None = None
    seed: SeedRecord
    limited: int | None = None
    published: list[PublishedRecord] = []
    provenance: ProvenanceRecord
    cost: CostRecord
    warnings: list[str] = []
    created: str
    digest: str = ""  # SHA-256 over all other fields; empty where it was never sealed

    _integrity: Integrity = PrivateAttr("unverified")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def integrity(self) -> Integrity:
        """What was found when the result was read or sealed."""
        return self._integrity

    def __repr__(self) -> str:
        return short.representation(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return short.as_html(self)

    def fields(self) -> dict[str, Any]:
        """The JSON values of ``result.json``, the field ``schema`` first."""
        fields = self.model_dump(mode="json")
        return {"schema": fields.pop("schema_"), **fields}

    def sealed(self) -> Result:
        """The same result with a digest over its content."""
        digest = verified.sealed(self.fields())["digest"]
        return self.model_copy(update={"digest": digest})._found("verified")  # noqa: SLF001

    def _found(self, integrity: Integrity) -> Result:
        self._integrity = integrity
        return self

    def to_json(self) -> str:
        """Indented JSON with the field ``schema`` first."""
        import json

        return json.dumps(self.fields(), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what ``to_json`` wrote; raises ``ValueError`` as :meth:`from_fields` does."""
        return cls.from_fields(json_value(text))

    @classmethod
    def from_fields(cls, fields: Any) -> Result:
        """A result from its decoded JSON, also that of an older harness.

        One whose content does not fit its digest is read, and is ``altered``. Raises ``ValueError``
        (also pydantic's) where it is none, is damaged or is too new, or holds a number that no
        measurement gives.
        """
        if not isinstance(fields, dict):
            raise ValueError("not a JSON object")
        made = migrated(fields)
        made["schema_"] = made.pop("schema")
        if too_large(made):
            raise ValueError("it holds a whole number that is too large")
        result = cls.model_validate(made)
        check_model_facts(result.cell.model.facts)
        wrong = next(filter(None, map(implausible, result.metrics)), "")
        if wrong:
            raise ValueError(wrong)
        # The digest is that of the file as it was written, whatever migration made of it.
        if not fields.get("digest"):
            return result
        if verified.sealed(fields)["digest"] != fields["digest"]:
            return result._found("altered")  # noqa: SLF001 (its own class)
        return result.sealed()
