"""What papers conclude, as comparisons of rows of their tables that can be tested.

The claims of a paper are in ``PAPER.claims.toml`` beside its numbers, where there are any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from harness.errors import DataError, UsageError
from harness.fileio.toml_files import read_toml
from harness.published import records
from harness.published.records import PublishedNumber

Relation = Literal["higher", "lower", "not lower", "not higher"]


@dataclass(frozen=True)
class ClaimedComparison:
    """``first`` is said to stand in ``relation`` to ``second``; ``margin`` is a fraction."""

    first: PublishedNumber
    second: PublishedNumber
    relation: Relation
    margin: float = 0.0


@dataclass(frozen=True)
class ClaimTest:
    """One part of a claim: it holds if every one of its comparisons does."""

    text: str
    comparisons: tuple[ClaimedComparison, ...]


@dataclass(frozen=True)
class Claim:
    """One conclusion of a paper: it holds if all its tests do."""

    paper: str
    id: str
    text: str
    tests: tuple[ClaimTest, ...]


def claims(wanted: Sequence[str] = ()) -> list[Claim]:
    """The claims of all papers, or those of ``wanted`` papers and ids.

    Raises ``UsageError`` for an unknown paper or id, and ``DataError`` for a damaged file.
    """
    found = [claim for paper in records.known().values() for claim in _of(paper)]
    unknown = [w for w in wanted if not any(w in (claim.id, claim.paper) for claim in found)]
    if unknown:
        ids = ", ".join(claim.id for claim in found)
        raise UsageError(f"no paper or claim is called {unknown[0]!r} (claims: {ids})")
    return [claim for claim in found if not wanted or {claim.id, claim.paper} & set(wanted)]


def _of(paper: records.Paper) -> list[Claim]:
    path = paper.numbers.with_name(f"{paper.name}.claims.toml")
    if not path.is_file():
        return []
    loaded, _ = read_toml(path)
    try:
        return [
            Claim(
                paper.name,
                claim["id"],
                claim["text"],
                tuple(_test(paper.name, test) for test in claim["test"]),
            )
            for claim in loaded["claim"]
        ]
    except (ValueError, KeyError, TypeError, UsageError) as error:
        reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{path}: {reason}; fix the claim") from None


def _test(paper: str, said: Mapping[str, Any]) -> ClaimTest:
    relation = said["is"]
    if relation not in get_args(Relation):
        raise ValueError(f"{relation!r} is none of {', '.join(get_args(Relation))}")
    if ("margin" in said) != relation.startswith("not"):
        raise ValueError(f"a {relation!r} takes {'no' if 'margin' in said else 'a'} margin")
    margin = float(said.get("margin", 0)) / 100
    return ClaimTest(
        said["text"],
        tuple(
            ClaimedComparison(
                _record(paper, a, column), _record(paper, b, column), relation, margin
            )
            for a, b in said["pairs"]
            for column in said["columns"]
        ),
    )


def _record(paper: str, row: str, column: str) -> PublishedNumber:
    """The number of ``TABLE#ROW`` under ``BENCHMARK``, or ``BENCHMARK METRIC`` of several."""
    table, _, label = row.partition("#")
    benchmark, _, metric = column.partition(" ")
    found = [
        record
        for record in records.load(f"{paper}/{table}")
        if (record.label, record.benchmark) == (label, benchmark) and metric in ("", record.metric)
    ]
    if len(found) != 1:
        raise ValueError(f"{row!r} has {len(found) or 'no'} numbers under {column!r}, not one")
    return found[0]
