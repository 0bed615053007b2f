"""Links from cells to the published numbers that they are to be compared with.

A recipe's entry says ``published = "PAPER/TABLE#ROW"``; with the benchmark's label (or name) as the
column that makes the link of a cell: ``PAPER/TABLE#ROW/COLUMN``, where a benchmark of several
comparisons has a column for each (``rfw/african``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.published import records
from harness.results.schema import PublishedRecord

if TYPE_CHECKING:
    from harness.plan.nodes import Plan, PlannedCell, ResolvedComponent
    from harness.protocols.base import Metric
    from harness.published.records import PublishedNumber
    from harness.recipe.resolve import Recipe
    from harness.results.schema import MetricRecord

GROUPED: Mapping[str, tuple[str, dict[str, float | str]]] = {
    "mean_accuracy": ("accuracy", {}),
    "std_accuracy": ("accuracy-std", {"over": "groups", "ddof": 0.0}),
}
"""What tables print over the groups of a benchmark, as :mod:`harness.protocols` names it."""


def column_of(benchmark: ResolvedComponent, comparison: str, comparisons: int) -> str:
    """Column of a table in which a cell stands."""
    name = benchmark.label or benchmark.name
    return f"{name}/{comparison.lower()}" if comparisons > 1 else name


def links_of(cells: Iterable[PlannedCell]) -> dict[str, tuple[str, ...]]:
    """The links of cells by key; equal cells of several rows or columns are one cell."""
    found: dict[str, dict[str, None]] = {}
    for cell in cells:
        count = len(cell.benchmark.params.comparison_names())  # type: ignore[attr-defined]
        column = column_of(cell.benchmark, cell.comparison, count)
        for row in (cell.generator and cell.generator.published, cell.model.published):
            if row:
                found.setdefault(cell.key, {})[f"{row}/{column}"] = None
    return {key: tuple(links) for key, links in found.items()}


def check(recipe: Recipe) -> None:
    """Raise ``UsageError``, with file and line, for a row that no published table has."""
    faces = [f for model in recipe.model for phase in model.phases for f in phase.faces]
    for use in (*recipe.generator, *recipe.model, *recipe.benchmark, *faces):
        if use.published is None:
            continue
        origin = use.origins.get("published", "published")
        if use in faces or use in recipe.benchmark:
            raise UsageError(f"{origin}: a row is made by a [[generator]] or a [[model]]")
        table, hash_, row = use.published.partition("#")
        if not hash_:
            raise UsageError(f"{origin}: {use.published!r} is not of the form PAPER/TABLE#ROW")
        known = {record.label for record in _loaded(table, origin)}
        if row not in known:
            raise UsageError(f"{origin}: {table} has no row {row!r}{did_you_mean(row, known)}")


def _loaded(table: str, origin: str) -> list[PublishedNumber]:
    try:
        return records.load(table)
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from None


def linked(link: str) -> list[PublishedNumber]:
    """The published numbers of a link: those of its row and column, one for each metric.

    A column of one comparison that the table does not have stands for the benchmark as a whole:
    ``rfw/fairness`` for the mean and the standard deviation under ``rfw``.
    """
    table, _, place = link.partition("#")
    found = records.load(table)
    exact = [r for r in found if place == f"{r.label}/{r.benchmark}"]
    return exact or [r for r in found if place.startswith(f"{r.label}/{r.benchmark}/")]


def entries(plan: Plan, cell: PlannedCell, metrics: Iterable[Metric]) -> list[PublishedRecord]:
    """What a result keeps of its links: every published number that it has a metric for.

    ``value`` is a fraction, as the metric is; ``printed`` are the digits of the paper.
    """
    measured = list(metrics)
    return [
        PublishedRecord(
            ref=link,
            metric=name,
            at=at,
            value=float(record.percent / 100),
            printed=record.text,
            unit=record.unit,
            source=record.place,
            protocol_match=_match(plan),
        )
        for link in plan.links.get(cell.key, ())
        for record in linked(link)
        for name, at in [measure_of(record)]
        if any(is_measure(metric, name, at) for metric in measured)
    ]


def measure_of(record: PublishedNumber) -> tuple[str, dict[str, float | str]]:
    """Name and operating point under which a result holds what a record printed."""
    name, equals, far = record.metric.partition("=")
    if equals:
        return name, {"far": float(far)}
    return GROUPED.get(name, (name, {}))


def is_measure(metric: Metric | MetricRecord, name: str, at: Mapping[str, float | str]) -> bool:
    """Whether a metric is the one, exactly or as the headline of more settings."""
    if metric.name != name:
        return False
    return dict(metric.at) == at or (metric.headline and at.items() <= metric.at.items())


def _match(plan: Plan) -> str:
    """``claimed``, unless the recipe itself says that it is not the published experiment."""
    reasons = [f"profile {plan.recipe.profile}"] if plan.recipe.profile else []
    reasons += [f"limited to {plan.study.limit}"] if plan.study.limit else []
    return f"differs: {', '.join(reasons)}" if reasons else "claimed"
