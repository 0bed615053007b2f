"""Published numbers beside measured ones, with a verdict for each.

A measured number counts for a published one where a recipe linked the two. It is *within* where the
printed digits touch its interval, else *above* or *below*; it is *not comparable* where it was
measured in another way. A number without a result says why there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from harness.errors import UsageError
from harness.plan.published_refs import is_measure, linked, measure_of
from harness.published.counts import complete_pairs
from harness.published.records import PublishedNumber
from harness.reporting.tables.columns import pairs, support
from harness.reporting.tables.estimates import Estimate, pool
from harness.results.plan_file import read_plan

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result
    from harness.results.study import Cell, Study

Verdict = Literal["within", "below", "above", "not comparable", "not measurable", "not run"]
DIFFERS = "differs: "
NO_INTERVAL = "the measured number has no interval"


@dataclass(frozen=True)
class Measured:
    """One result that a published number is compared with; ``differs`` in its protocol."""

    cell: Cell
    metric: MetricRecord
    differs: tuple[str, ...] = ()

    @property
    def result(self) -> Result:
        """The result of the cell."""
        return self.cell.result


@dataclass(frozen=True)
class Line:
    """One published number and what was measured for it.

    ``change`` is measured minus published, a fraction; ``count`` are the comparisons behind it.
    """

    record: PublishedNumber
    verdict: Verdict
    reason: str = ""
    estimate: Estimate | None = None
    unit: str = "fraction"
    count: int | None = None
    used: tuple[Measured, ...] = ()

    @property
    def published(self) -> float:
        """The printed number as a fraction."""
        return float(self.record.percent / 100)

    @property
    def change(self) -> float | None:
        """Measured minus published."""
        return None if self.estimate is None else self.estimate.value - self.published

    @property
    def told(self) -> str:
        """The verdict with its reason."""
        return f"{self.verdict}: {self.reason}" if self.reason else self.verdict


@dataclass
class Evidence:
    """What studies have for published numbers, and why they have nothing for others."""

    found: dict[PublishedNumber, list[Measured]] = field(default_factory=dict)
    absent: dict[PublishedNumber, str] = field(default_factory=dict)
    lacking: dict[PublishedNumber, str] = field(
        default_factory=dict
    )  # there is a result, without the metric
    unknown: list[str] = field(default_factory=list)  # links to papers that are not installed

    def line(self, record: PublishedNumber) -> Line:
        """The published number with its verdict."""
        chosen = select(self.found.get(record, ()))
        if not chosen and record in self.lacking:
            return Line(record, "not measurable", self.lacking[record])
        if not chosen:
            return Line(record, "not run", self.absent.get(record, ""))
        estimate = pool([item.metric for item in chosen])
        first = chosen[0]
        if estimate is None:
            return Line(record, "not measurable", first.metric.note, used=chosen)
        protocol = first.result.protocol
        at = ", ".join(first.metric.at)
        verdict, reason = _judge(record, estimate, first.differs)
        return Line(
            record,
            verdict,
            reason,
            estimate,
            first.metric.unit,
            support(first.metric.name, at, protocol),
            chosen,
        )


def select(found: Sequence[Measured]) -> tuple[Measured, ...]:
    """Of several results for one number: comparable ones, of each seed and repeat the newest."""
    fewest = min((len(item.differs) for item in found), default=0)
    newest: dict[tuple[int, int], Measured] = {}
    for item in sorted(found, key=lambda item: item.result.created):
        if len(item.differs) == fewest:
            newest[item.result.seed.root, item.result.seed.repeat] = item
    reasons = next(reversed(newest.values())).differs if newest else ()
    return tuple(item for item in newest.values() if item.differs == reasons)


def _judge(
    record: PublishedNumber, estimate: Estimate, differs: Sequence[str]
) -> tuple[Verdict, str]:
    if differs:
        return "not comparable", f"protocol differs in {', '.join(differs)}"
    if estimate.low is None or estimate.high is None:
        return "not comparable", NO_INTERVAL
    rounding = 0.5 * 10.0 ** -(record.decimals + 2)
    printed = float(record.percent / 100)
    if estimate.high < printed - rounding:
        return "below", ""
    if estimate.low > printed + rounding:
        return "above", ""
    return "within", ""


def gather(study: Study, absent: Mapping[str, str] | None = None) -> Evidence:
    """All links of a study's cells and plans.

    ``absent`` says of links why they have no result; that a cell failed is a better reason.
    """
    evidence = Evidence()
    by_key, by_label = _plans(study)
    for cell in study.cells:
        own = [entry.ref for entry in cell.result.published]
        for link in dict.fromkeys([*by_key.get(cell.result.id, ()), *own]):
            _add(evidence, cell, link)
    failed = {
        link: f"failed at {failure.stage}: {failure.message or failure.error}"
        for failure in study.failures
        for label in failure.cells
        for link in by_label.get(label, ())
    }
    for link, reason in {**(absent or {}), **failed}.items():
        for record in known(link, evidence):
            evidence.absent[record] = reason
    return evidence


def _plans(study: Study) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Links of all planned cells, by key and by label; damaged plans are noted elsewhere."""
    by_key: dict[str, list[str]] = {}
    by_label: dict[str, list[str]] = {}
    for path in (path for folder in study.folders for path in sorted(folder.glob("plan*.json"))):
        try:
            cells = read_plan(path).cells
        except (OSError, ValueError):
            continue
        for cell in cells:
            for link in cell.published:
                by_key.setdefault(cell.key, []).append(link)
                by_label.setdefault(cell.label, []).append(link)
    return by_key, by_label


def known(link: str, evidence: Evidence) -> list[PublishedNumber]:
    """The published numbers of a link; of a paper that is not installed none, but it is noted."""
    try:
        return linked(link)
    except UsageError:
        if link not in evidence.unknown:
            evidence.unknown.append(link)
        return []


def _add(evidence: Evidence, cell: Cell, link: str) -> None:
    for record in known(link, evidence):
        if cell.result.integrity == "altered":
            evidence.lacking[record] = f"altered: result {cell.result.id[:12]} fails its digest"
            continue
        name, at = measure_of(record)
        matching = [m for m in cell.result.metrics if is_measure(m, name, at)]
        if matching:
            exact = next((m for m in matching if dict(m.at) == at), matching[0])
            differs = tuple(differences(cell.result, record, link))
            evidence.found.setdefault(record, []).append(Measured(cell, exact, differs))
        else:
            impostors = cell.result.protocol.get("n_impostor")
            few = f" with {impostors:,} impostor pairs" if isinstance(impostors, int) else ""
            name = cell.result.cell.benchmark.name
            evidence.lacking[record] = f"{name}{few} gives no {record.metric}"


def differences(result: Result, record: PublishedNumber, link: str) -> list[str]:
    """In what a result was measured otherwise than a published number that it is linked to."""
    found: list[str] = []
    for entry in result.published:
        if entry.ref == link and entry.protocol_match.startswith(DIFFERS):
            found += entry.protocol_match.removeprefix(DIFFERS).split(", ")
    if result.limited is not None:
        found.append(f"limited to {result.limited}")
    benchmark = record.benchmark.partition("/")[0]
    if result.cell.benchmark.name != benchmark:
        found.append(f"benchmark {result.cell.benchmark.name}")
    whole, own = complete_pairs().get(record.benchmark), pairs(result.protocol)
    if whole is not None and own is not None and own != whole and record.metric == "accuracy":
        found.append(f"{own:,} of {whole:,} pairs")
    return list(dict.fromkeys(found))


def lines(records: Iterable[PublishedNumber], evidence: Evidence) -> list[Line]:
    """A line for each published number, in their order."""
    return [evidence.line(record) for record in records]
