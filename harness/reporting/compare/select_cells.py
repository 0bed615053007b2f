"""Finding the results that a command line names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import UsageError
from harness.reporting.tables.matrix import Names
from harness.results.embedded import extract
from harness.results.study import Cell, load_study

MOST_NAMED = 12


def pick_cells(text: str) -> list[Cell]:
    """The finished cells of ``STUDY``, or those of it that ``STUDY:WHICH`` names.

    ``STUDY`` is a folder or an HTML report. ``WHICH`` is the beginning of a cell's id, or the label
    of a row, its generator or its model, with ``#N`` for the repeat N alone. Raises UsageError
    where there is no such folder or no such cell, and DataError for a file that is not a report.
    """
    folder, which = _split(text)
    found = _cells(Path(folder))
    cells = _named(found, which) if which else found
    if not cells:
        raise UsageError(f"{folder} has no finished cell" + _choice(found, which))
    return cells


def _split(text: str) -> tuple[str, str]:
    """The study and what follows its colon; labels and folders may have colons of their own."""
    if Path(text).exists():
        return text, ""
    places = [place for place, letter in enumerate(text) if letter == ":"]
    for place in places:
        if text[:place] and Path(text[:place]).exists():
            return text[:place], text[place + 1 :]
    folder, colon, which = text.rpartition(":")
    return (folder, which) if colon else (text, "")


def _named(cells: Sequence[Cell], which: str) -> list[Cell]:
    by_id = [cell for cell in cells if cell.result.id.startswith(which)]
    if by_id:
        return by_id
    labels = Names.of([cell.result for cell in cells])
    label, mark, number = which.rpartition("#")
    for name, repeat in ((which, ""), (label, number)):
        chosen = [
            cell for cell in cells
            if name in _names(cell, labels) and repeat in ("", str(cell.result.seed.repeat))
        ]  # fmt: skip
        if chosen or not mark:
            return chosen
    return []


def _names(cell: Cell, labels: Names) -> Iterator[str]:
    """What a cell can be called by: its row, and generator and model by label or component."""
    row, use = labels.row(cell.result), cell.result.cell
    yield from (row.title, row.source, row.model, f"{row.generator} > {row.model}")
    for component in (use.generator, use.model):
        if component is not None:
            yield from filter(None, (component.label, component.name))


def _choice(cells: Sequence[Cell], which: str) -> str:
    if not which:
        return ""
    labels = Names.of([cell.result for cell in cells])
    titles = list(dict.fromkeys(labels.row(cell.result).title for cell in cells))
    more = f" and {len(titles) - MOST_NAMED} more" if len(titles) > MOST_NAMED else ""
    return f" {which!r}; its rows are {', '.join(titles[:MOST_NAMED])}{more}"


def _cells(path: Path) -> list[Cell]:
    if path.is_file():
        return [Cell(path, result, mailed=True) for result in extract(path)]
    if not path.is_dir():
        raise UsageError(
            f"{str(path)!r} is not a study folder or report; pass a folder written by `harness run`"
        )
    return load_study(path).cells
