"""Reading study folders: finished cells, failures, events and the environments they ran in."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, NothingSelectedError, UsageError
from harness.fileio.decoding import json_value, reason
from harness.fileio.names import inside
from harness.results import env_file
from harness.results.failures import Failure, read_failures
from harness.results.measured.records import MeasurementRecord, read_all
from harness.results.schema import Result
from harness.results.study_records import EventRecord, parse_event
from harness.results.unreadable import Damaged, own, read_environment

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Cell:
    """A finished cell and the folder that holds its curves, scores and log, or its report."""

    folder: Path
    result: Result
    mailed: bool = False  # read from a report, which has no scores and no curves

    def file(self, name: str) -> Path | None:
        """A file inside the cell's folder, or None where it is absent or is outside."""
        try:
            path = inside(self.folder, name)
        except DataError:
            return None
        return path if path.is_file() else None


@dataclass(repr=False)
class Study:
    """One study folder, or several read as one. A cell found twice is kept once.

    ``html`` is what a notebook shows of it, which reporting gives; ``harness.load_study`` sets it.
    """

    folders: tuple[Path, ...]
    cells: list[Cell] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    events: list[EventRecord] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)
    environments: dict[str, Any] = field(default_factory=dict)  # by file name under env/
    measurements: list[MeasurementRecord] = field(default_factory=list)  # of face sets
    recipes: dict[Path, str] = field(default_factory=dict)  # study.toml of each folder
    html: Callable[[Study], str] | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """The names of its folders."""
        return ", ".join(folder.resolve().name for folder in self.folders)

    def __repr__(self) -> str:
        counts = [f"{len(self.cells)} {'result' if len(self.cells) == 1 else 'results'}"]
        counts += [f"{len(self.failures)} failed"] if self.failures else []
        counts += [f"{len(self.damaged)} damaged"] if self.damaged else []
        return f"<Study {self.title}: {', '.join(counts)}>"

    def _repr_html_(self) -> str | None:
        """What a notebook shows; None, for which it shows the line above, where nothing can."""
        return None if self.html is None or not self.cells else self.html(self)

    @property
    def results(self) -> list[Result]:
        """The finished cells' results, in the order of ``cells``."""
        return [cell.result for cell in self.cells]

    def frame(self) -> pd.DataFrame:
        """One tidy row per number; columns as in :func:`harness.results.frame.frame`."""
        from harness.results.frame import frame

        return frame(self.results)

    def measures(self) -> pd.DataFrame:
        """One tidy row per value of a measure of a face set.

        Columns as in :func:`harness.results.measured.frame.frame`. ``generator_key`` is a column of
        :meth:`frame` too: merge on it to have measures beside the numbers of what was trained.
        """
        from harness.results.measured.frame import frame

        return frame(self.measurements)


def load_study(*folders: Path, allow_empty: bool = False) -> Study:
    """Read study folders. Damaged files are listed in ``Study.damaged``, never fatal.

    Raises ``UsageError`` for a folder that is not there and, unless ``allow_empty``,
    ``NothingSelectedError`` where no folder holds a cell.
    """
    study = Study(folders=tuple(folders))
    seen: set[str] = set()
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"no study folder at {folder}; give the folder that holds 'cells'")
        with _collection_paused():
            _read_cells(folder, study, seen)
            if own(folder, folder / "events.jsonl", study.damaged):
                _read_events(folder / "events.jsonl", study)
        for path in sorted((folder / "env").glob("*.json")):
            if not own(folder, path, study.damaged):
                continue
            study.environments[path.name] = read_environment(path, study.damaged)
            if study.environments[path.name] is not None and not env_file.fits(path):
                study.damaged.append(Damaged(path, "altered: its name is not its digest"))
        known = {record.id for record in study.measurements}
        found = read_all(folder, study.damaged)
        study.measurements += [record for record in found if record.id not in known]
        study.failures += read_failures(folder, seen, study.events, study.damaged)
        recipe = folder / "study.toml"
        if recipe.is_file() and own(folder, recipe, study.damaged):
            study.recipes[folder] = recipe.read_text(encoding="utf-8", errors="replace")
    if not (allow_empty or study.cells or study.measurements or study.failures or study.damaged):
        places = ", ".join(map(str, folders))
        raise NothingSelectedError(f"no cells in {places}; run a study there first")
    return study


@contextmanager
def _collection_paused() -> Iterator[None]:
    # Reading makes many small objects and no garbage cycles: collecting doubles the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_cells(folder: Path, study: Study, seen: set[str]) -> None:
    """Add the finished cells of a study folder."""
    cells = folder / "cells"
    for name in sorted(path.name for path in cells.iterdir()) if cells.is_dir() else ():
        path = cells / name
        try:
            result = parse_result((path / "result.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            continue  # a cell without a result has failed or is running; read_failures looks
        except (OSError, ValueError) as error:
            study.damaged.append(Damaged(path / "result.json", reason(error)))
        else:
            if result.id not in seen:
                seen.add(result.id)
                study.cells.append(Cell(path, result))


def parse_result(content: bytes | str) -> Result:
    """A result from its JSON; raises ``ValueError`` (also pydantic's) where it is damaged."""
    return Result.from_fields(json_value(content))


def _read_events(path: Path, study: Study) -> None:
    if not path.is_file():
        return
    for index, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            study.events.append(parse_event(line))
        except ValueError as error:
            study.damaged.append(Damaged(path, f"line {index}: {reason(error)}"))
