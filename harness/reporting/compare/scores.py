"""The stored scores behind the headline of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from harness.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from harness.results.study import Cell

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Stored:
    """What one model left of a benchmark: ``value`` of the headline, its point, and the scores."""

    value: float
    at: Mapping[str, float | str]
    protocol: Mapping[str, Any]
    columns: Columns
    subjects: NDArray[np.int32] | None = None  # rows (split, template, subject)

    @property
    def rule(self) -> str:
        """The rule or cell in the protocol's name: ``lfw/insightface@1`` gives ``insightface``."""
        return _rule(self.protocol)


def _rule(protocol: Mapping[str, Any]) -> str:
    return str(protocol.get("id", "")).rpartition("@")[0].rpartition("/")[2]


def read_stored(cell: Cell) -> Stored | None:
    """The headline of a finished cell with its scores, or None where it was not measured.

    Raises DataError where the scores are gone or unreadable.
    """
    from harness.results.cells import load_array, stored_file
    from harness.results.columns import read_columns

    headline = next((m for m in cell.result.metrics if m.headline), None)
    path = cell.file(cell.result.raw.get("scores", ""))
    if path is None or not path.exists():
        raise DataError(f"the scores of {cell.folder} are gone; run the study again to make them")
    if headline is None or headline.value is None:
        return None
    stored_file(cell.folder, cell.result, cell.result.raw["scores"])
    name = cell.result.raw.get("template_subjects", "")
    subjects = load_array(cell.folder, cell.result, name) if cell.file(name) else None
    rule = _rule(cell.result.protocol)
    # Of the cells of template benchmarks, millions of scores each, only the headline is compared.
    columns = read_columns(path, lambda name: name.partition(":")[2] in ("", rule))
    return Stored(headline.value, headline.at, cell.result.protocol, columns, subjects)
