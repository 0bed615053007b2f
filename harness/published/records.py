"""Published numbers as data: every cell of a paper's tables, as it was printed."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from typing import Any

from harness.errors import DataError, UsageError

COLUMNS = ("table", "row", "label", "benchmark", "metric", "value", "unit")


@dataclass(frozen=True)
class Record:
    """One printed number. ``text`` keeps its digits; ``value`` is in ``unit`` as printed."""

    paper: str
    table: str
    row: int
    label: str
    benchmark: str
    metric: str
    text: str
    unit: str

    @property
    def value(self) -> Decimal:
        """The printed number, exactly."""
        return Decimal(self.text)

    @property
    def percent(self) -> Decimal:
        """The number as a percentage."""
        return self.value * 100 if self.unit == "fraction" else self.value

    @property
    def decimals(self) -> int:
        """Decimals of the percentage that the printed digits give."""
        printed = len(self.text.partition(".")[2])
        return max(printed - (2 if self.unit == "fraction" else 0), 0)

    @property
    def place(self) -> str:
        """Where it stands: paper, table, row and column."""
        return f"{self.paper}/{self.table} {self.label!r} {self.benchmark} {self.metric}"


def papers() -> dict[str, Any]:
    """What is known of each paper: title, authors, year, source, tables, notes."""
    loaded: dict[str, Any] = tomllib.loads(
        files("harness.published").joinpath("papers.toml").read_text(encoding="utf-8")
    )
    return loaded


def load(reference: str) -> list[Record]:
    """The records of ``paper`` or ``paper/table``, or of a CSV file with the same columns.

    Raises ``UsageError`` for an unknown paper or table.
    """
    if reference.endswith(".csv"):
        return read_csv(Path(reference), Path(reference).stem)
    paper, _, table = reference.partition("/")
    if paper not in papers():
        raise UsageError(f"unknown paper {paper!r} (known: {', '.join(sorted(papers()))})")
    with _packaged(paper).open(encoding="utf-8", newline="") as file:
        records = _parsed(csv.DictReader(file), paper, f"{paper}.csv")
    chosen = [r for r in records if not table or r.table == table]
    if not chosen:
        known = ", ".join(dict.fromkeys(r.table for r in records))
        raise UsageError(f"{paper} has no table {table!r} (known: {known})")
    return chosen


def read_csv(path: Path, paper: str) -> list[Record]:
    """Records of a user's CSV file; raises ``DataError`` with file and line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if absent:
                raise DataError(f"{path}, line 1: lacks the columns {', '.join(absent)}")
            return _parsed(reader, paper, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}; check the file") from None


def _packaged(paper: str) -> Any:
    return files("harness.published").joinpath(f"{paper}.csv")


def _parsed(rows: Iterable[dict[str, str]], paper: str, where: str) -> list[Record]:
    found = []
    for number, row in enumerate(rows, 2):
        try:
            Decimal(row["value"])
            found.append(
                Record(paper, row["table"], int(row["row"]), row["label"], row["benchmark"],
                       row["metric"], row["value"], row["unit"])
            )  # fmt: skip
        except (InvalidOperation, ValueError, TypeError):
            raise DataError(f"{where}, line {number}: row or value is not a number") from None
    if not found:
        raise DataError(f"{where} holds no records")
    return found


def rows_of(records: Sequence[Record]) -> dict[tuple[str, str, int], list[Record]]:
    """Records by (paper, table, row), in the order of the table."""
    rows: dict[tuple[str, str, int], list[Record]] = {}
    for record in records:
        rows.setdefault((record.paper, record.table, record.row), []).append(record)
    return rows
