"""Leaks: which people of a benchmark were looked for among the training faces, and found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.fileio.decoding import reason
from harness.reporting.tables.grid import Box, Grid, Head, texts
from harness.reporting.tables.matrix import Names
from harness.results.unreadable import Damaged

if TYPE_CHECKING:
    from harness.results.leak_record import LeakRecord
    from harness.results.study import Study

SHOWN = 20


@dataclass
class Leaks:
    """What is known of each benchmark and training set."""

    verdict: str
    leaked: bool
    grid: Grid | None = None
    matches: list[Grid] = field(default_factory=list)
    declared: Grid | None = None


def searches(study: Study) -> list[LeakRecord]:
    """Everything that leak checks recorded; what cannot be read is listed as damaged."""
    from harness.results.leak_record import FOLDER, leaks_of

    found: list[LeakRecord] = []
    for folder in study.folders:
        try:
            recorded = leaks_of(folder)
        except (OSError, DataError) as error:
            study.damaged.append(Damaged(folder / FOLDER, reason(error)))
            continue
        found += [record for records in recorded.values() for record in records]
    return found


def leaks(study: Study, names: Names, found: Sequence[LeakRecord]) -> Leaks:
    """The searches in words and tables, and the real data that generators say they saw."""
    titles = {r.cell.generator.key: names.row(r).source for r in study.results if r.cell.generator}
    pairs = {
        (r.cell.generator.key, r.cell.benchmark.name) for r in study.results if r.cell.generator
    }
    done = {(search.training_key, search.benchmark) for search in found}
    bad = sum(bool(search.leaked) for search in found)
    left = len(pairs - done)
    parts = []
    if found:
        what = f"{len(found)} {'search' if len(found) == 1 else 'searches'} recorded"
        parts.append(f"{what}: {f'{bad} found a leak' if bad else 'no leak found'}.")
    if left:
        parts.append(
            f"{left} of {len(pairs)} pairs of training set and benchmark were not searched; "
            "run harness leak STUDY -m MODEL."
        )
    if not pairs:
        parts.append("No model of this study was trained on a face set of its own.")
    made = Leaks(" ".join(parts), bool(bad), declared=_declared(study, titles))
    if found:
        made.grid = _grid(found, titles)
        made.matches = [
            _matches(number, search, titles)
            for number, search in enumerate(found)
            if search.matches
        ]
    return made


def _grid(found: Sequence[LeakRecord], titles: Mapping[str, str]) -> Grid:
    heads = [
        Head("Benchmark"), Head("Training set"), Head("Model"), Head("Verdict"),
        Head("People searched", numeric=True), Head("Above threshold", numeric=True),
        Head("By chance", numeric=True, small="at most"), Head("Shared names", numeric=True),
        Head("FMR", numeric=True), Head("Comparisons", numeric=True),
    ]  # fmt: skip
    rows = []
    for search in found:
        verdict = Box("leak", mark="failed") if search.leaked else Box("no leak found")
        shared = len(search.shared_names) if search.names_known else None
        rows.append([
            Box(search.benchmark), Box(_training(search, titles)), Box(search.model),
            verdict, *texts((search.identities, search.above, search.by_chance)),
            Box("not known") if shared is None else texts((shared,))[0],
            *texts((search.fmr, search.comparisons)),
        ])  # fmt: skip
    note = (
        "A person is above the threshold where a training face is more similar than the stated "
        "share "
        "of the benchmark's own impostors; a leak is more of them than chance explains, or a name "
        "that both sides have."
    )
    return Grid("leaks", "People of benchmarks among training faces", heads, rows, [note])


def _training(search: LeakRecord, titles: Mapping[str, str]) -> str:
    return titles.get(search.training_key, search.training)


def _matches(number: int, search: LeakRecord, titles: Mapping[str, str]) -> Grid:
    heads = [Head("Person"), Head("Image"), Head("Training identity"), Head("Training image"),
             Head("Score", numeric=True), Head("Above")]  # fmt: skip
    rows = [
        [*texts((m.identity, m.image, m.training_identity, m.training_image)),
         Box(f"{m.score:.4f}", sort=m.score), Box("yes" if m.above else "no")]
        for m in search.matches[:SHOWN]
    ]  # fmt: skip
    caption = f"{search.benchmark} in {_training(search, titles)}: most similar"
    return Grid(f"leak-{number}", caption, heads, rows)


def _declared(study: Study, titles: Mapping[str, str]) -> Grid | None:
    """Real data behind the generators and models, as their authors state it."""
    rows: dict[str, list[Box]] = {}
    for result in study.results:
        for use in (result.cell.generator, result.cell.model):
            if use is not None and use.training_data:
                title = titles.get(use.key, use.name)
                rows.setdefault(use.provider, texts((title, ", ".join(use.training_data))))
    heads = [Head("Component"), Head("Real data its weights saw")]
    return Grid("declared", "Declared training data", heads, list(rows.values())) if rows else None
