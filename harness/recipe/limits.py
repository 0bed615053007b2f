"""How many cells one plan may have: a slip of a digit ends at once, and not after all memory."""

from __future__ import annotations

import os
from collections.abc import Iterable

from harness.components import BenchmarkParams, Params
from harness.errors import UsageError
from harness.process.variables import whole_number

MOST_CELLS = 10_000
"""A plan of this many cells takes about a minute to make; the largest recipe here has 150."""

VARIABLE = "HARNESS_MAX_CELLS"


def require_cells(count: int, what: str) -> None:
    """Raise ``UsageError`` where ``what`` makes more cells than the limit allows."""
    limit = whole_number(VARIABLE, 1) if os.environ.get(VARIABLE) else MOST_CELLS
    if count > limit:
        raise UsageError(
            f"{what} {count:,} cells, more than {limit:,}; ask for fewer, or set {VARIABLE} to a "
            "larger number if it is meant"
        )


def require_planned(rows: int, repeats: int, benchmarks: Iterable[Params]) -> None:
    """As :func:`require_cells` for models and sets, each this many times, on every comparison."""
    columns = sum(
        len(params.comparison_names())
        for params in benchmarks
        if isinstance(params, BenchmarkParams)
    )
    what = f"{rows:,} models and sets, {repeats:,} repeats and {columns:,} comparisons make"
    require_cells(rows * repeats * max(1, columns), what)
