"""Two studies on the same pairs: effect, interval, test and verdict for every benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.metrics.bootstrap import bootstrap_accuracy, draw_subject_weights, encode_subjects
from harness.metrics.outcome import NotMeasurable
from harness.metrics.paired import holm, mcnemar, paired_difference
from harness.metrics.verification import kfold_accuracy
from harness.seeds import stream

if TYPE_CHECKING:
    from harness.reporting.study import Cell

REPLICATES = 1000
SIGNIFICANT = 0.05
Verdict = Literal["better", "worse", "unchanged", "not comparable"]


@dataclass(frozen=True)
class Change:
    """One benchmark in two studies; ``effect`` is B minus A as a fraction."""

    benchmark: str
    name_a: str
    name_b: str
    value_a: float | None
    value_b: float | None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None  # McNemar, adjusted over all benchmarks (Holm)
    verdict: Verdict = "not comparable"
    note: str = ""


def compare(cells_a: Iterable[Cell], cells_b: Iterable[Cell], seed: int = 0) -> list[Change]:
    """Every benchmark that stands in either study, in the order of their names.

    Accuracy is compared pair by pair: McNemar's exact test, adjusted by Holm's method over all
    benchmarks, and an interval by the paired bootstrap over subjects. Raises ``UsageError`` when a
    study has several results of one benchmark.
    """
    first, second = _by_benchmark(cells_a, "the first"), _by_benchmark(cells_b, "the second")
    rows = [
        _change(name, first.get(name), second.get(name), seed) for name in sorted({*first, *second})
    ]
    tested = [row for row in rows if row.p_value is not None]
    adjusted = dict(
        zip(
            (row.benchmark for row in tested),
            holm([row.p_value for row in tested if row.p_value is not None]) if tested else (),
            strict=True,
        )
    )
    return [_judged(row, adjusted) for row in rows]


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


def _change(name: str, a: Cell | None, b: Cell | None, seed: int) -> Change:
    row: dict[str, Any] = {
        "benchmark": name,
        "name_a": _title(a),
        "name_b": _title(b),
        "value_a": _headline(a),
        "value_b": _headline(b),
    }
    if a is None or b is None:
        return Change(**row, note=f"only in the {'second' if a is None else 'first'} study")
    differs = _differences(a.result.protocol, b.result.protocol)
    if differs:
        return Change(**row, note=f"protocol differs in {', '.join(differs)}")
    one, other = _calls(a), _calls(b)
    if one is None or other is None:
        return Change(**row, note="no pair scores of one threshold rule are kept for it")
    test = mcnemar(other.correct, one.correct)
    effect = other.mean - one.mean
    low, high = _interval(one, other, seed)
    return Change(**row, effect=effect, low=low, high=high, p_value=test.p_value)


def _judged(row: Change, adjusted: Mapping[str, float]) -> Change:
    if row.p_value is None or row.effect is None:
        return row
    p_value = adjusted[row.benchmark]
    verdict: Verdict = "unchanged"
    if p_value < SIGNIFICANT and row.effect != 0:
        verdict = "better" if row.effect > 0 else "worse"
    return Change(**(vars(row) | {"p_value": p_value, "verdict": verdict}))


def _title(cell: Cell | None) -> str:
    if cell is None:
        return ""
    use = cell.result.cell
    return f"{use.generator.name} > {use.model.name}" if use.generator else use.model.name


def _headline(cell: Cell | None) -> float | None:
    if cell is None:
        return None
    return next((m.value for m in cell.result.metrics if m.headline), None)


def _differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Rules that differ; what a model asks of its input is the model's own affair."""
    own = {"input", "embedding_dtype"}
    return sorted(name for name in {*a, *b} - own if a.get(name) != b.get(name))


@dataclass(frozen=True)
class _Calls:
    """Which pairs a model called right, and who is on them."""

    correct: NDArray[np.bool_]
    mean: float
    subjects: tuple[NDArray[np.int32], NDArray[np.int32]] | None


def _calls(cell: Cell) -> _Calls | None:
    from harness.study.tables import read_columns

    path = cell.file(cell.result.raw.get("scores", ""))
    if path is None or not path.exists():
        raise DataError(f"the scores of {cell.folder} are gone; run the study again to make them")
    columns = read_columns(path)
    rule = str(cell.result.protocol.get("id", "")).partition("/")[2].partition("@")[0]
    if "distance" not in columns or rule not in ("insightface", "official"):
        return None
    folds = kfold_accuracy(
        columns["distance"],
        columns["genuine"],
        columns["fold"],
        "official" if rule == "official" else "insightface",
    )
    known = "first_subject" in columns
    subjects = (columns["first_subject"], columns["second_subject"]) if known else None
    return _Calls(folds.correct, folds.mean, subjects)


def _interval(a: _Calls, b: _Calls, seed: int) -> tuple[float | None, float | None]:
    if a.subjects is None:
        return None, None
    pairs = encode_subjects(*a.subjects)
    weights = draw_subject_weights(pairs.n_subjects, REPLICATES, stream(seed, "compare"))
    found = paired_difference(
        (b.mean, a.mean),
        bootstrap_accuracy(b.correct, pairs, weights),
        bootstrap_accuracy(a.correct, pairs, weights),
    ).interval
    return (None, None) if isinstance(found, NotMeasurable) else (found.low, found.high)
