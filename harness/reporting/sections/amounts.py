"""Numbers over how many images of a face set were trained on: alone, and after other phases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.digests import digest
from harness.reporting.compare.gains import Gain, gain
from harness.reporting.figures.figure_embed import Figure, draw
from harness.reporting.figures.series import drawn_series
from harness.reporting.sections.training import RecordedPhase, phases
from harness.reporting.tables.columns import NAMES
from harness.reporting.tables.estimates import pool
from harness.reporting.tables.grid import Box, Grid, Head, texts
from harness.results import numbers

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result
    from harness.results.study import Cell

FEWEST_AMOUNTS = 2
RULES = ("id", "pairs_sha256", "flip", "centre", "limit")
"""Fields of a protocol in which results of one figure agree."""

Parts = tuple[tuple[str, int | None], ...]
"""Face sets of a phase: key, and images taken, None for the set whose amount varies."""


@dataclass(frozen=True)
class PhaseAmounts:
    """One phase of a training: a digest of its settings, and what it saw."""

    settings: str
    parts: Parts

    def without(self, key: str) -> PhaseAmounts:
        """The same with the amount of one set left open."""
        return PhaseAmounts(
            self.settings, tuple((k, None if k == key else n) for k, n in self.parts)
        )


@dataclass
class Series:
    """Trainings that differ in one amount alone: cells by it, one for each seed."""

    name: str
    model: str
    steps: tuple[PhaseAmounts, ...]
    cells: dict[int, dict[int, Cell]] = field(default_factory=dict)

    def add(self, amount: int, cell: Cell) -> None:
        """Take a cell; of two with one seed the newer stands."""
        seeds, seed = self.cells.setdefault(amount, {}), cell.result.seed.repeat
        if seed not in seeds or seeds[seed].result.created < cell.result.created:
            seeds[seed] = cell

    @property
    def seen(self) -> tuple[Parts, ...]:
        """What it saw, whatever the settings were."""
        return tuple(step.parts for step in self.steps)


@dataclass(frozen=True)
class Sweep:
    """A face set of which trainings took different amounts.

    ``level`` are those that end where a phase on it begins for others.
    """

    key: str
    name: str
    series: Sequence[Series]
    level: Sequence[Series]

    @property
    def amounts(self) -> list[int]:
        """All amounts, ascending."""
        return sorted({amount for series in self.series for amount in series.cells})

    def pairs(self) -> Iterator[tuple[Series, Series]]:
        """A series, and one that does the same after other phases."""
        for alone in self.series:
            for after in self.series:
                if alone is not after and after.seen[-len(alone.seen) :] == alone.seen:
                    yield alone, after


def sweeps(cells: Sequence[Cell]) -> list[Sweep]:
    """Every face set of which these cells' trainings took two or more amounts."""
    used: dict[str, dict[int, str]] = {}
    for cell in cells:
        for part in _parts(cell.result):
            used.setdefault(part["key"], {})[part["images"]] = part["name"]
    return [
        _sweep(key, common(amounts.values()), cells)
        for key, amounts in used.items()
        if len(amounts) >= FEWEST_AMOUNTS
    ]


def _sweep(key: str, name: str, cells: Sequence[Cell]) -> Sweep:
    series: dict[Any, Series] = {}
    rest: list[tuple[tuple[PhaseAmounts, ...], Cell]] = []
    for cell in cells:
        result, steps = cell.result, _steps(cell.result)
        amounts = {n for step in steps for k, n in step.parts if k == key}
        if len(amounts) != 1:
            rest.append((steps, cell))
            continue
        model, open_ = result.cell.model.name, tuple(step.without(key) for step in steps)
        made = series.setdefault((model, open_), Series(_named(result, key, name), model, open_))
        made.add(int(amounts.pop() or 0), cell)
    level: dict[Any, Series] = {}
    for steps, cell in rest:
        model = cell.result.cell.model.name
        if steps and any(
            s.model == model and s.steps[: len(steps)] == steps for s in series.values()
        ):
            same = Series(_named(cell.result, key, name), model, steps)
            level.setdefault((model, steps), same).add(0, cell)
    _tell_apart([*series.values(), *level.values()])
    return Sweep(key, name, list(series.values()), list(level.values()))


def _tell_apart(found: Sequence[Series]) -> None:
    """Number the series of one name; the settings of their phases differ."""
    names = [series.name for series in found]
    for number, series in enumerate(found):
        if names.count(series.name) > 1:
            series.name += f" #{names[: number + 1].count(names[number])}"


def _learned(result: Result) -> Iterator[RecordedPhase]:
    """Phases that took steps; others, such as one that only whitens, see nothing new."""
    return (phase for phase in phases(result) if phase.facts.get("steps") != 0)


def _steps(result: Result) -> tuple[PhaseAmounts, ...]:
    return tuple(
        PhaseAmounts(
            digest(phase.facts.get("settings", {})),
            tuple((part["key"], part["images"]) for part in phase.facts.get("trained_on", [])),
        )
        for phase in _learned(result)
    )


def _parts(result: Result) -> Iterator[dict[str, Any]]:
    for phase in _learned(result):
        yield from phase.facts.get("trained_on", [])


def _named(result: Result, key: str, name: str) -> str:
    """``rendered, then real images``."""
    said = [
        " + ".join(
            name if part["key"] == key else part["name"]
            for part in phase.facts.get("trained_on", [])
        )
        for phase in _learned(result)
    ]
    return ", then ".join(said)


def common(names: Iterable[str]) -> str:
    """The words that all names share, in their order; the first name where they share none."""
    split = [name.split() for name in names]
    kept = [word for word in split[0] if all(word in other for other in split)]
    return " ".join(kept or split[0])


# -- what is shown -------------------------------------------------------------------------------


def over_amounts(
    identifier: str, title: str, cells: Sequence[Cell]
) -> tuple[list[Figure], list[Grid]]:
    """Figures and tables of one list of comparisons; none where nothing was swept.

    Results of other rules or pairs are figures of their own, by the label that a recipe gave.
    """
    figures: list[Figure] = []
    grids: list[Grid] = []
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        if measure(cell.result) is not None:
            rules = [cell.result.protocol.get(name) for name in RULES]
            groups.setdefault(digest(rules), []).append(cell)
    for group in groups.values():
        shown = group[0].result.cell.benchmark.label or title
        for sweep in sweeps(group):
            place = f"{identifier}-amount-{len(figures)}"
            figures.append(_figure(place, shown, sweep))
            grids += [
                _grid(f"{place}-{number}", shown, sweep, *pair)
                for number, pair in enumerate(sweep.pairs())
            ]
    return figures, grids


def measure(result: Result) -> MetricRecord | None:
    """The headline where it could be measured, else the area under the ROC curve."""
    whole = [m for m in result.metrics if m.value is not None]
    first = next((m for m in whole if m.headline), None)
    return first or next((m for m in whole if m.name == "auc" and not m.at), None)


def _measures(cells: Iterable[Cell]) -> list[MetricRecord]:
    return [found for cell in cells if (found := measure(cell.result)) is not None]


def _figure(identifier: str, title: str, sweep: Sweep) -> Figure:
    from harness.reporting.figures.values import over_axis

    both = [*sweep.series, *sweep.level]
    several = len({series.model for series in both}) > 1
    labels = {id(s): f"{s.name}, {s.model}" if several else s.name for s in both}
    rows = [
        *(
            row
            for s in sweep.series
            for amount in sorted(s.cells)
            for row in _row(s, amount, labels[id(s)])
        ),
        *(
            row | {"x": amount}
            for level in sweep.level
            for amount in sweep.amounts
            for row in _row(level, 0, labels[id(level)])
        ),
    ]
    series = sweep.series[0]
    name = _measures(next(iter(series.cells.values())).values())[0].name
    shown = NAMES.get(name, name)
    text = (
        f"{shown} on {title} over the number of images trained on ({sweep.name}). Points are means "
        "over training seeds, intervals hold the test pairs and the seeds."
    )
    if sweep.level:
        text += " What saw none of these images is a level line."
    drawn = drawn_series(row["series"] for row in rows)
    if drawn.note:
        text += f" {drawn.note}"
    spec = over_axis(rows, f"number of images ({sweep.name})", shown, drawn, "trained on")
    return draw(identifier, f"{shown} by number of images on {title}", text, spec)


def _row(series: Series, amount: int, label: str) -> list[dict[str, Any]]:
    found = pool(_measures(series.cells[amount].values()))
    if found is None:
        return []
    ends = {"low": found.low, "high": found.high}
    return [{"x": amount, "value": found.value, **ends, "series": label}]


def _grid(identifier: str, title: str, sweep: Sweep, alone: Series, after: Series) -> Grid:
    both = [amount for amount in sweep.amounts if amount in alone.cells and amount in after.cells]
    gains = gain([(alone.cells[n], after.cells[n]) for n in both], measure)
    heads = [
        Head("Images", numeric=True), Head(alone.name, numeric=True),
        Head(after.name, numeric=True), Head("Difference", numeric=True, small="points"),
        Head("95 % interval"), Head("Seeds", numeric=True),
        Head("p", numeric=True, small="Holm"),
    ]  # fmt: skip
    rows = [_line(n, found) for n, found in zip(both, gains, strict=True)]
    note = (
        "The interval of the difference and p are those of the paired t test over people and "
        "training seeds (`harness compare`), or over seeds alone where no scores are stored."
    )
    caption = f"{after.name} against {alone.name} alone, on {title}"
    return Grid(identifier, caption, heads, rows, [note])


def _line(amount: int, found: Gain) -> list[Box]:
    p = found.p_value
    return [
        *texts((amount,)),
        *(Box(numbers.number(value), sort=value) for value in (found.alone, found.after)),
        Box(numbers.difference(found.effect), sort=found.effect),
        Box(numbers.interval(found.low, found.high)),
        *texts((found.seeds,)),
        Box("") if p is None else Box(f"{p:.2g}", sort=p),
    ]
