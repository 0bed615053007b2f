"""Published numbers as data: every cell of a paper's tables, as it was printed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import DataError, UsageError
from harness.fileio.texts import decimal_comma, read_lines, require_distinct, separator_of
from harness.fileio.toml_files import read_toml

LISTING = Path(__file__).with_name("papers.toml")
LONGEST, MOST = 20, 10**6
"""Letters of a printed number, and its bound: far beyond both, decimal arithmetic fails."""
COLUMNS = ("table", "row", "label", "benchmark", "metric", "value", "unit")


@dataclass(frozen=True)
class PublishedNumber:
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

    @property
    def printed(self) -> str:
        """The percentage in the digits that were printed: ``80.1`` for ``0.801``."""
        return f"{self.percent:.{self.decimals}f}"


@dataclass(frozen=True)
class Paper:
    """A paper: what is known of it (title, authors, year, source, tables, notes) and its numbers.

    ``numbers`` is the CSV file of its tables, see ``COLUMNS``.
    """

    name: str
    about: Mapping[str, Any]
    numbers: Path


_added: tuple[Paper, ...] = ()  # by plugins, of the registry that was loaded last


def add(found: Iterable[Paper]) -> None:
    """Register papers beside the built-in ones, replacing those added before."""
    global _added  # what plugins add holds for the process, as plugins do
    _added = tuple(found)


def read_papers(listing: Path) -> list[Paper]:
    """The papers of a TOML file written as ``papers.toml`` is; their numbers are beside it.

    Raises ``DataError``, naming the file, where it or the numbers of a paper cannot be read.
    """
    loaded, _ = read_toml(listing)
    found = []
    for name, about in loaded.items():
        absent = [key for key in ("title", "source", "tables") if key not in about]
        if absent:
            raise DataError(f"{listing}: paper {name!r} lacks {', '.join(absent)}; add it")
        paper = Paper(name, about, listing.with_name(f"{name}.csv"))
        untold = {record.table for record in _numbers(paper.numbers, name)} - set(about["tables"])
        if untold:
            raise DataError(f"{listing}: [{name}.tables] lacks {min(untold)!r}; describe it there")
        found.append(paper)
    return found


@cache
def built_in() -> tuple[Paper, ...]:
    """The papers that come with the harness."""
    return tuple(read_papers(LISTING))


def known() -> dict[str, Paper]:
    """All papers by name, built-in ones first."""
    return {paper.name: paper for paper in (*built_in(), *_added)}


def papers() -> dict[str, Mapping[str, Any]]:
    """What is known of each paper: title, authors, year, source, tables, notes."""
    return {name: paper.about for name, paper in known().items()}


def load(reference: str) -> list[PublishedNumber]:
    """The records of ``paper`` or ``paper/table``, or of a CSV file with the same columns.

    Raises ``UsageError`` for an unknown paper or table.
    """
    if reference.endswith(".csv"):
        return read_csv(Path(reference), Path(reference).stem)
    paper, _, table = reference.partition("/")
    found = known()
    if paper not in found:
        raise UsageError(
            f"unknown paper {paper!r} (known: {', '.join(sorted(found))}), and no folder of a "
            "study has that name"
        )
    records = _numbers(found[paper].numbers, paper)
    chosen = [r for r in records if not table or r.table == table]
    if not chosen:
        tables = ", ".join(dict.fromkeys(r.table for r in records))
        raise UsageError(f"{paper} has no table {table!r} (known: {tables})")
    return chosen


@cache
def _numbers(path: Path, paper: str) -> tuple[PublishedNumber, ...]:
    return tuple(read_csv(path, paper))


def read_csv(path: Path, paper: str) -> list[PublishedNumber]:
    """Records of a user's CSV file; raises ``DataError`` with file and line."""
    rows = read_lines(path)
    begin = next((number for number, line in enumerate(rows) if line.strip()), len(rows))
    header = rows[begin] if begin < len(rows) else ""
    reader = csv.DictReader(
        rows[begin:], delimiter=separator_of(header), skipinitialspace=True, strict=True
    )
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        absent = [name for name in COLUMNS if name not in names]
        if absent:
            raise DataError(f"{path}, line {begin + 1}: lacks the columns {', '.join(absent)}")
        require_distinct(path, names, COLUMNS, begin + 1)
        reader.fieldnames = names
        return _parsed(reader, paper, str(path), begin)
    except csv.Error as error:
        raise DataError(f"{path}, line {begin + reader.line_num}: {error}; fix it") from None


def _parsed(
    reader: csv.DictReader[str], paper: str, where: str, before: int
) -> list[PublishedNumber]:
    found = []
    for row in reader:
        number = before + reader.line_num
        try:
            value = row["value"].strip()
            _require_printed(value)
            found.append(
                PublishedNumber(
                    paper, row["table"], int(row["row"]), row["label"],
                    row["benchmark"], row["metric"], value, row["unit"],
                )
            )  # fmt: skip
        except (InvalidOperation, ValueError, TypeError, AttributeError):
            hint = "; write a decimal point" if decimal_comma(row["value"] or "") else ""
            raise DataError(f"{where}, line {number}: row or value is not a number{hint}") from None
    if not found:
        raise DataError(f"{where} holds no records")
    return found


def _require_printed(value: str) -> None:
    """Raise ``ValueError`` for a text that is not a number as papers print them."""
    if len(value) > LONGEST or not abs(Decimal(value)) < MOST:  # nan is not below either
        raise ValueError(value)


def rows_of(
    records: Sequence[PublishedNumber],
) -> dict[tuple[str, str, int], list[PublishedNumber]]:
    """Records by (paper, table, row), in the order of the table."""
    rows: dict[tuple[str, str, int], list[PublishedNumber]] = {}
    for record in records:
        rows.setdefault((record.paper, record.table, record.row), []).append(record)
    return rows
