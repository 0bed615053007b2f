"""What measures found in face sets of a study: a sealed file each, ``harness/measurement@1``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, PrivateAttr, ValidationError

from harness.fileio import verified
from harness.fileio.atomic import write_text
from harness.fileio.decoding import json_value, reason
from harness.fileio.names import FilePath, Id, Name, inside
from harness.results.schema import ComponentUse, Integrity, ResultRecord
from harness.results.stored_facts import Count
from harness.results.unreadable import Damaged, own

FOLDER = "measures"
ROLES = ("against", "seen", "control")
SCHEMA: Literal["harness/measurement@1"] = "harness/measurement@1"


class SetUse(ResultRecord):
    """A face set that was looked at: key, title, and how many images of how many identities."""

    key: Name
    title: str
    images: Count
    identities: Count


class ValueRecord(ResultRecord):
    """One number with its percentile interval, or ``why`` there is none; what the metric says."""

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: Count = 0
    why: str = ""
    text: str = ""
    least: float | None = None
    most: float | None = None
    better: Literal["high", "low"] | None = None


class PairRecord(ResultRecord):
    """Two images worth looking at, by their identities; ``other`` is the set of the second."""

    first: str
    second: str
    score: float
    other: Literal["", "against", "seen"] = ""


class MeasurementRecord(ResultRecord):
    """One measure of one face set, under one network (None where it needs none)."""

    schema_: Literal["harness/measurement@1"] = SCHEMA
    id: Id
    set: SetUse
    generator: ComponentUse | None
    measure: ComponentUse
    model: ComponentUse | None
    others: dict[str, SetUse] = Field(default_factory=dict)
    values: list[ValueRecord]
    pairs: list[PairRecord] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    pictures: FilePath | None = None  # of the first pairs, below the study
    seed: int
    limited: int | None = None
    inputs: dict[str, Name]
    digest: str = ""

    _integrity: Integrity = PrivateAttr("unverified")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def integrity(self) -> Integrity:
        """What was found when the record was read or sealed."""
        return self._integrity

    @property
    def title(self) -> str:
        """The set by the label of its generator, where a recipe gave one."""
        return (self.generator.label if self.generator else "") or self.set.title

    def fields(self) -> dict[str, Any]:
        """The JSON values of the file, the field ``schema`` first."""
        fields = self.model_dump(mode="json")
        return {"schema": fields.pop("schema_"), **fields}

    def sealed(self) -> MeasurementRecord:
        """The same with a digest over its content."""
        digest = verified.sealed(self.fields())["digest"]
        made = self.model_copy(update={"digest": digest})
        made._integrity = "verified"  # noqa: SLF001 (its own class)
        return made


def read_record(content: bytes | str) -> MeasurementRecord:
    """A record from its JSON; ``altered`` where its digest does not fit. Raises ``ValueError``."""
    fields = json_value(content)
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        raise ValueError(f"not a record of schema {SCHEMA}")
    found = MeasurementRecord.model_validate(
        {"schema_" if key == "schema" else key: value for key, value in fields.items()}
    )
    if found.digest:
        fits = verified.sealed(fields)["digest"] == found.digest
        found._integrity = "verified" if fits else "altered"  # noqa: SLF001 (made here)
    return found


def path_of(study: Path, record: MeasurementRecord) -> Path:
    """The file of a record in a study."""
    return study / FOLDER / f"{record.id[:12]}-{record.measure.name}.json"


def write_record(study: Path, record: MeasurementRecord) -> MeasurementRecord:
    """Write a record with its digest; gives it as written."""
    import json

    made = record.sealed()
    write_text(path_of(study, made), json.dumps(made.fields(), indent=1) + "\n")
    return made


def read_all(study: Path, damaged: list[Damaged]) -> list[MeasurementRecord]:
    """All records of a study; files that cannot be read are added to ``damaged``."""
    found = []
    for path in sorted((study / FOLDER).glob("*.json")):
        if not own(study, path, damaged):
            continue
        try:
            found.append(read_record(path.read_bytes()))
        except (OSError, ValueError) as error:
            why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else reason(error)
            damaged.append(Damaged(path, f"not a measurement: {why}"))
    return found


def faults(study: Path) -> Iterator[str]:
    """One sentence for every record that cannot be read or is altered."""
    damaged: list[Damaged] = []
    for record in read_all(study, damaged):
        if record.integrity == "altered":
            yield f"{path_of(study, record)} is altered: its digest does not fit its content"
    yield from (f"{item.path} cannot be read ({item.reason})" for item in damaged)


def pictures_of(study: Path, record: MeasurementRecord) -> Path | None:
    """The picture of a record's pairs, where it is there and fits its digest."""
    if record.pictures is None:
        return None
    path = inside(study, record.pictures)
    return path if verified.fits(path) else None
