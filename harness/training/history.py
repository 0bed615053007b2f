"""What happened in training, as rows: means over a few steps each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from harness.fileio.atomic import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "history.parquet"
MAX_ROWS = 1000


class History:
    """Collects values per step into at most ``MAX_ROWS`` rows of means.

    A row has ``step`` (the number of steps done), the means of everything logged, ``images_per_s``
    and ``wait_share``, the part of the time in which the network waited for images. Values are
    exact over an interruption; the two rates are measured from where a run was taken up.
    """

    def __init__(self, steps: int) -> None:
        self.interval = max(1, -(-steps // MAX_ROWS))
        self.rows: list[dict[str, float]] = []
        self._sums: dict[str, list[float]] = {}
        self._restart_clock()

    def add(self, step: int, values: Mapping[str, float], images: int, waited_s: float) -> None:
        """Take the values of one step; ``step`` counts the steps done, this one included."""
        for name, value in values.items():
            held = self._sums.setdefault(name, [0.0, 0.0])
            held[0] += value
            held[1] += 1.0
        self._images += images
        self._waited_s += waited_s
        if step % self.interval == 0:
            self.rows.append({"step": step, **self.now()})
            self._sums = {}
            self._restart_clock()

    def waited(self, seconds: float) -> None:
        """Count time spent on a batch that made no step."""
        self._waited_s += seconds

    def now(self) -> dict[str, float]:
        """Means and rates since the last row."""
        elapsed = max(time.perf_counter() - self._start, 1e-9)
        means = {name: total / count for name, (total, count) in self._sums.items()}
        return means | {
            "images_per_s": self._images / elapsed,
            "wait_share": min(self._waited_s / elapsed, 1.0),
        }

    def detail(self) -> str:
        """The latest loss and rates in words, for a progress line."""
        row = self.now() if self._sums else self.rows[-1]
        return (
            f"loss {row['loss']:.4g}, {row['images_per_s']:.0f} images/s, "
            f"waiting {row['wait_share']:.0%}".replace("%", " %")
        )

    def state(self) -> dict[str, Any]:
        """Everything as plain lists and numbers, for a checkpoint."""
        return {"rows": self.rows, "sums": self._sums}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what ``state`` returned."""
        self.rows = list(state["rows"])
        self._sums = {name: list(held) for name, held in state["sums"].items()}
        self._restart_clock()

    def write(self, folder: Path) -> None:
        """Write ``history.parquet``; a column that a row lacks is null there."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = dict.fromkeys(name for row in self.rows for name in row)
        table = pa.table({name: [row.get(name) for row in self.rows] for name in names})
        with written_whole(folder / FILE) as aside:
            pq.write_table(table, aside)

    def _restart_clock(self) -> None:
        self._images, self._waited_s, self._start = 0, 0.0, time.perf_counter()
