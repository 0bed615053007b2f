"""Reading stored curves and training histories, thinned to what a figure can show."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.results.cells import stored_file
from harness.results.unreadable import Damaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.results.study import Cell, Study

PER_DECADE = 12
HISTORY_POINTS = 120
"""Of one training; of many together no more than ``ALL_POINTS``."""
ALL_POINTS = 2_000
FEWEST_POINTS = 20


def roc(cell: Cell, study: Study) -> list[tuple[float, float]]:
    """(FAR, TAR) of a cell's ROC on a logarithmic grid; empty where it has none.

    At each FAR of the grid stands the largest TAR whose FAR is not above it, which is where the
    step function really is: nothing is interpolated. A damaged file is added to
    ``study.damaged``.
    """
    path = _curve(cell, study, "roc")
    if path is None:
        return []
    columns = _read(path, study, ("far", "tar"))
    return on_log_grid(columns["far"], columns["tar"]) if columns else []


def corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points of a step function at which it rises, and its last one: the same line."""
    last = len(points) - 1
    return [p for i, p in enumerate(points) if i in {0, last} or p[1] != points[i - 1][1]]


def cmc(cell: Cell, study: Study) -> list[tuple[int, float]]:
    """(rank, share of searches with the mate at this rank or before); empty where it has none."""
    path = _curve(cell, study, "cmc")
    columns = _read(path, study, ("rank", "rate")) if path is not None else {}
    if not columns:
        return []
    pairs = zip(columns["rank"], columns["rate"], strict=True)
    return [(int(rank), float(f"{rate:.5g}")) for rank, rate in pairs]


def band(rate: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a rate over ``count`` comparisons, each taken as independent."""
    from harness.metrics.uncertainty.intervals import wilson

    found = wilson(round(rate * count), count)
    return float(f"{found.low:.5g}"), float(f"{found.high:.5g}")


def on_log_grid(far: NDArray[np.float64], tar: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Thin a ROC (two float arrays of equal length) to ``PER_DECADE`` points a decade."""
    import numpy as np

    order = np.lexsort((tar, far))
    far, tar = far[order], tar[order]
    positive = far[far > 0]
    if not len(positive):
        return []
    start = math.log10(positive[0])
    steps = max(2, math.ceil(-start * PER_DECADE) + 1)
    grid = np.logspace(start, 0, steps)
    grid[0], grid[-1] = positive[0], 1.0
    at = np.searchsorted(far, grid * (1 + 1e-12), side="right") - 1
    best = np.maximum.accumulate(tar)[at]
    return [(float(f"{x:.4g}"), float(f"{y:.5g}")) for x, y in zip(grid, best, strict=True)]


def history(path: Path, study: Study, among: int = 1) -> list[dict[str, float]]:
    """A training history: ``step``, ``loss`` and what else was recorded, at most 120 rows.

    One of many (``among``) gets fewer rows, so that all of them fit into a page.

    Rows are averaged in equal runs of steps, so no spike is selected or lost by chance. What was
    not recorded at any step of a run of steps is left out of its row.
    """
    import numpy as np

    columns = _read(path, study, ("step", "loss"))
    if not columns or not len(columns["step"]):
        return []
    count = len(columns["step"])
    points = min(HISTORY_POINTS, max(FEWEST_POINTS, ALL_POINTS // among), count)
    parts = np.array_split(np.arange(count), points)
    return [
        {
            name: float(f"{known.mean():.6g}")
            for name, values in columns.items()
            if len(known := values[part][np.isfinite(values[part])])
        }
        for part in parts
    ]


def _curve(cell: Cell, study: Study, kind: str) -> Path | None:
    """The verified file of a curve; None where there is none, or it is damaged."""
    name = cell.result.curves.get(kind)
    if name is None or cell.file(name) is None:
        return None
    try:
        return stored_file(cell.folder, cell.result, name)
    except DataError as error:
        study.damaged.append(Damaged(cell.folder / name, str(error)))
        return None


def _read(path: Path, study: Study, needed: tuple[str, ...]) -> dict[str, Any]:
    """Numeric columns of an Arrow or Parquet file as float64; empty where it is damaged."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    try:
        reader = pa.parquet.read_table if path.suffix == ".parquet" else pa.feather.read_table
        with pa.OSFile(os.fsencode(path), "rb") as source:
            table = reader(source)
        columns = {
            name: np.asarray(table[name], dtype=np.float64)
            for name in table.column_names
            if pa.types.is_integer(table[name].type) or pa.types.is_floating(table[name].type)
        }
    except (pa.ArrowInvalid, OSError) as error:
        study.damaged.append(Damaged(path, " ".join(str(error).split())))
        return {}
    missing = [name for name in needed if name not in columns]
    if missing:
        study.damaged.append(Damaged(path, f"no numeric column {', '.join(missing)}"))
        return {}
    return columns
