"""Reading stored curves and training histories, thinned to what a figure can show."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
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


@dataclass(frozen=True)
class StepCurve:
    """A ROC as it was measured: ascending false accept rates, and the true accept rate at each."""

    far: NDArray[np.float64]
    tar: NDArray[np.float64]

    @property
    def first(self) -> float:
        """The smallest false accept rate above zero."""
        return float(self.far[self.far > 0][0])

    def at(self, grid: NDArray[np.float64]) -> NDArray[np.float64]:
        """The largest TAR whose FAR is not above each of the grid; NaN before the first point.

        That is where the step function is: nothing is interpolated.
        """
        import numpy as np

        index = np.searchsorted(self.far, grid * (1 + 1e-12), side="right") - 1
        return np.where(index >= 0, self.tar[index], np.nan)


def roc(cell: Cell, study: Study) -> StepCurve | None:
    """FAR and TAR of a cell's ROC, ascending; None where it has none.

    A damaged file is added to ``study.damaged``.
    """
    path = _curve(cell, study, "roc")
    columns = _read(path, study, ("far", "tar")) if path is not None else {}
    if not columns:
        return None
    import numpy as np

    order = np.lexsort((columns["tar"], columns["far"]))
    far, tar = columns["far"][order], columns["tar"][order]
    return StepCurve(far, np.maximum.accumulate(tar)) if (far > 0).any() else None


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


def log_grid(start: float) -> NDArray[np.float64]:
    """False accept rates from ``start`` to 1, ``PER_DECADE`` per decade; float64."""
    import numpy as np

    steps = max(2, math.ceil(-math.log10(start) * PER_DECADE) + 1)
    grid = np.logspace(math.log10(start), 0, steps)
    grid[0], grid[-1] = start, 1.0
    return grid


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
