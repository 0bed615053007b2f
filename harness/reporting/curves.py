"""Reading stored curves and training histories, thinned to what a figure can show."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.reporting.damage import Damaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.reporting.study import Cell, Study

PER_DECADE = 20
HISTORY_POINTS = 200


def roc(cell: Cell, study: Study) -> list[tuple[float, float]]:
    """(FAR, TAR) of a cell's ROC on a logarithmic grid; empty where it has none.

    At each FAR of the grid stands the largest TAR whose FAR is not above it, which is where the
    step function really is: nothing is interpolated. A damaged file is added to
    ``study.damaged``.
    """
    name = cell.result.curves.get("roc")
    path = cell.file(name) if name else None
    if path is None:
        return []
    columns = _read(path, study, ("far", "tar"))
    return on_log_grid(columns["far"], columns["tar"]) if columns else []


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


def history(path: Path, study: Study) -> list[dict[str, float]]:
    """A training history: ``step``, ``loss`` and what else was recorded, at most 200 rows.

    Rows are averaged in equal runs of steps, so no spike is picked or lost by chance.
    """
    import numpy as np

    columns = _read(path, study, ("step", "loss"))
    if not columns or not len(columns["step"]):
        return []
    count = len(columns["step"])
    parts = np.array_split(np.arange(count), min(HISTORY_POINTS, count))
    return [
        {name: float(np.mean(values[part])) for name, values in columns.items()} for part in parts
    ]


def _read(path: Path, study: Study, needed: tuple[str, ...]) -> dict[str, Any]:
    """Numeric columns of an Arrow or Parquet file as float64; empty where it is damaged."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    try:
        reader = pa.parquet.read_table if path.suffix == ".parquet" else pa.feather.read_table
        table = reader(path)
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
