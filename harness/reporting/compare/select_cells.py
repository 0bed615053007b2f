"""Finding the results that a command line names."""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError
from harness.results.embedded import extract
from harness.results.study import Cell, load_study


def pick_cells(text: str) -> list[Cell]:
    """The finished cells of ``STUDY``, or of ``STUDY:CELL`` with the beginning of a cell's id.

    ``STUDY`` is a folder or an HTML report. Raises UsageError where there is no such folder or no
    such cell, and DataError for a file that is no report.
    """
    folder, colon, prefix = text.rpartition(":")
    if not colon or Path(text).exists():
        folder, prefix = text, ""
    found = _cells(Path(folder))
    cells = [cell for cell in found if cell.result.id.startswith(prefix)]
    if not cells:
        raise UsageError(f"{folder} has no finished cell" + (f" {prefix}..." if prefix else ""))
    return cells


def _cells(path: Path) -> list[Cell]:
    if path.is_file():
        return [Cell(path, result, mailed=True) for result in extract(path)]
    if not path.is_dir():
        raise UsageError(
            f"{str(path)!r} is not a study folder or report; pass a folder written by `harness run`"
        )
    return load_study(path).cells
