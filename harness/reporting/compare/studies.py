"""Two studies on the same comparisons: effect, interval, test and verdict for every benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import UsageError
from harness.metrics.uncertainty.paired import holm
from harness.reporting.compare import environments
from harness.reporting.compare.intervals import interval_test
from harness.reporting.compare.scores import paired_test, read_stored

if TYPE_CHECKING:
    from harness.results.study import Cell

SIGNIFICANT = 0.05
OWN = frozenset({"input", "embedding_dtype"})
"""Fields of a protocol that are the model's own affair."""
PLACING = frozenset({"align", "aligner", "on_failure", "placed_by"})
"""Fields that say how faces were placed."""
Verdict = Literal["better", "worse", "equivalent", "not worse", "unchanged", "not comparable"]


@dataclass(frozen=True)
class Change:
    """One benchmark in two studies; ``effect`` is B minus A as a fraction.

    P-values are adjusted over all benchmarks (Holm): ``p_value`` that nothing changed, and, where a
    margin was given, ``p_not_worse`` and ``p_equal`` (two one-sided tests).
    """

    benchmark: str
    name_a: str
    name_b: str
    value_a: float | None
    value_b: float | None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    test: str = ""
    p_not_worse: float | None = None
    p_equal: float | None = None
    verdict: Verdict = "not comparable"
    note: str = ""
    environment: str = ""
    """How the environments of the two differ, where their values differ too."""


def compare(
    cells_a: Iterable[Cell],
    cells_b: Iterable[Cell],
    seed: int = 0,
    margin: float | None = None,
    *,
    across_alignments: bool = False,
) -> list[Change]:
    """Every benchmark that stands in either study, in the order of their names.

    The tests are those of :func:`harness.reporting.compare.scores.paired_test`, each adjusted by
    Holm's method over all benchmarks. With a ``margin`` (a fraction) a change that is not
    significant is ``equivalent`` or ``not worse`` where that is shown, else merely ``unchanged``.
    Rows whose protocols differ are not compared; ``across_alignments`` lets them differ in how
    faces were placed, which then is what the test is about. Raises ``UsageError`` when a study has
    several results of one benchmark.
    """
    first, second = _by_benchmark(cells_a, "the first"), _by_benchmark(cells_b, "the second")
    own = OWN | PLACING if across_alignments else OWN
    rows = [
        _change(name, first.get(name), second.get(name), seed, margin, own)
        for name in sorted({*first, *second})
    ]
    for column in ("p_value", "p_not_worse", "p_equal"):
        rows = _adjusted(rows, column)
    return [_judged(row) for row in rows]


def _adjusted(rows: list[Change], column: str) -> list[Change]:
    """The rows with one column of p-values corrected for their number."""
    raw = [p for row in rows if (p := getattr(row, column)) is not None]
    corrected = iter(holm(raw) if raw else ())
    return [
        row if getattr(row, column) is None else Change(**(vars(row) | {column: next(corrected)}))
        for row in rows
    ]


def _by_benchmark(cells: Iterable[Cell], which: str) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for cell in cells:
        comparison = cell.result.comparison
        name = cell.result.cell.benchmark.name
        name = name if comparison == "verification" else f"{name}/{comparison}"
        if name in found:
            raise UsageError(
                f"{which} study has several results on {name}; pick one as STUDY:CELL, where CELL "
                "is the beginning of its id"
            )
        found[name] = cell
    return found


def _change(
    name: str,
    a: Cell | None,
    b: Cell | None,
    seed: int,
    margin: float | None,
    own: frozenset[str],
) -> Change:
    altered = [cell for cell in (a, b) if cell and cell.result.integrity == "altered"]
    if altered:
        ids = ", ".join(cell.result.id[:12] for cell in altered)
        note = f"left out: the content of result {ids} does not fit its digest (altered)"
        return Change(name, _title(a), _title(b), None, None, note=note)
    row: dict[str, Any] = {
        "benchmark": name,
        "name_a": _title(a),
        "name_b": _title(b),
        "value_a": _headline(a),
        "value_b": _headline(b),
    }
    if a is not None and b is not None and row["value_a"] != row["value_b"]:
        row["environment"] = environments.sentence(
            environments.differences(environments.environment(a), environments.environment(b))
        )
    if a is None or b is None:
        return Change(**row, note=f"only in the {'second' if a is None else 'first'} study")
    differs = differences(a.result.protocol, b.result.protocol, own)
    if differs:
        return Change(**row, note=f"protocol differs in {', '.join(differs)}")
    if a.mailed or b.mailed:
        between = interval_test(a.result, b.result, margin)
        if between is None:
            return Change(**row, note="no interval stands in the report")
        return Change(**row, **vars(between), note="a report has no scores: intervals compared")
    one, other = read_stored(a), read_stored(b)
    if one is None or other is None:
        return Change(**row, note=f"not measured in the {'first' if one is None else 'second'}")
    found = paired_test(one, other, seed, margin)
    if found is None:
        return Change(**row, note="no scores that can be paired are kept for it")
    return Change(**row, **vars(found))


def _judged(row: Change) -> Change:
    if row.p_value is None or row.effect is None:
        return row
    verdict: Verdict = "unchanged"
    if row.p_value < SIGNIFICANT and row.effect != 0:
        verdict = "better" if row.effect > 0 else "worse"
    elif row.p_equal is not None and row.p_equal < SIGNIFICANT:
        verdict = "equivalent"
    elif row.p_not_worse is not None and row.p_not_worse < SIGNIFICANT:
        verdict = "not worse"
    return replace(row, verdict=verdict)


def _title(cell: Cell | None) -> str:
    if cell is None:
        return ""
    use = cell.result.cell
    return f"{use.generator.name} > {use.model.name}" if use.generator else use.model.name


def _headline(cell: Cell | None) -> float | None:
    if cell is None:
        return None
    return next((m.value for m in cell.result.metrics if m.headline), None)


def differences(a: Mapping[str, Any], b: Mapping[str, Any], own: frozenset[str]) -> list[str]:
    """Rules that differ, those in ``own`` apart."""
    return sorted(name for name in {*a, *b} - own if a.get(name) != b.get(name))
