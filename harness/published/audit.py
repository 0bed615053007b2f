"""Forensics of a published table: what its own digits say, before anything is run.

Each check gives findings with a level: ``fact`` (what holds), ``note`` (worth knowing) or
``problem`` (cannot be as printed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import combinations, pairwise
from typing import Literal

from harness.published.counts import complete_pairs
from harness.published.records import PublishedNumber, rows_of

MOST_TELLING = Decimal("0.9")
"""Above this share of printable values that k/n can reach, the check says nothing."""

Level = Literal["fact", "note", "problem"]


@dataclass(frozen=True)
class AuditFinding:
    """One thing the digits say."""

    check: str
    level: Level
    text: str


def audit(records: Sequence[PublishedNumber]) -> list[AuditFinding]:
    """All checks on all tables given."""
    return [
        *granularity(records),
        *derived_columns(records),
        *repeated_rows(records),
        *impossible_values(records),
    ]


def possible(record: PublishedNumber, pairs: int) -> bool:
    """Whether some k of ``pairs`` right answers prints as this accuracy, halves either way."""
    step = Decimal(1).scaleb(-record.decimals)
    nearest = int(record.percent * pairs / 100)
    for right in range(max(nearest - 1, 0), min(nearest + 2, pairs) + 1):
        exact = Decimal(100 * right) / pairs
        if any(
            exact.quantize(step, rounding) == record.percent
            for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP)
        ):
            return True
    return False


def granularity(records: Sequence[PublishedNumber]) -> list[AuditFinding]:
    """An accuracy over n pairs must be k/n (the GRIM test; Brown and Heathers 2017)."""
    tested = []
    for record in records:
        pairs = complete_pairs().get(record.benchmark)
        if pairs is None or record.metric != "accuracy":
            continue
        reachable = Decimal(pairs) / (Decimal(100) / Decimal(1).scaleb(-record.decimals))
        if reachable < MOST_TELLING:
            tested.append((record, pairs))
    findings = [
        AuditFinding("granularity", "problem",
                f"{record.place}: {record.text} is not a k/{pairs}")
        for record, pairs in tested if not possible(record, pairs)
    ]  # fmt: skip
    if tested and not findings:
        distinct = {(r.benchmark, r.text) for r, _ in tested}
        findings.append(
            AuditFinding("granularity", "fact",
                    f"all {len(tested)} accuracies ({len(distinct)} distinct) are k/n of the "
                    "complete pair lists")
        )  # fmt: skip
    return findings


def derived_columns(records: Sequence[PublishedNumber]) -> list[AuditFinding]:
    """Means and standard deviations over groups, computed again, and which ddof fits."""
    fits: dict[str, int] = {"mean": 0, "ddof 0": 0, "ddof 1": 0}
    rows = misfits = 0
    findings = []
    for row in rows_of(records).values():
        groups = [r for r in row if "/" in r.benchmark and r.metric == "accuracy"]
        derived = {r.metric: r for r in row if r.metric in ("mean_accuracy", "std_accuracy")}
        if len(groups) < 2 or not derived:
            continue
        rows += 1
        mean = sum((g.percent for g in groups), Decimal(0)) / len(groups)
        squares = sum(((g.percent - mean) ** 2 for g in groups), Decimal(0))
        candidates = {
            "mean": ("mean_accuracy", mean),
            "ddof 0": ("std_accuracy", (squares / len(groups)).sqrt()),
            "ddof 1": ("std_accuracy", (squares / (len(groups) - 1)).sqrt()),
        }
        agreed = {
            name: metric in derived and _agrees(derived[metric], value, groups)
            for name, (metric, value) in candidates.items()
        }
        for name, holds in agreed.items():
            fits[name] += holds
        wrong_std = "std_accuracy" in derived and not (agreed["ddof 0"] or agreed["ddof 1"])
        if wrong_std or ("mean_accuracy" in derived and not agreed["mean"]):
            misfits += 1
            findings.append(
                AuditFinding("derived", "problem",
                        f"{row[0].place}: mean or standard deviation does not follow from its "
                        "groups")
            )  # fmt: skip
    if rows and not misfits:
        told = ", ".join(f"{name} in {count}" for name, count in fits.items() if count)
        findings.append(AuditFinding("derived", "fact", f"of {rows} rows: {told}"))
    return findings


def _agrees(printed: PublishedNumber, computed: Decimal, groups: Sequence[PublishedNumber]) -> bool:
    """Within what the rounding of the groups and of the printed number allow."""
    step = Decimal(1).scaleb(-printed.decimals)
    rounding = max(Decimal(1).scaleb(-group.decimals) for group in groups) / 2
    return abs(printed.percent - computed) <= step / 2 + rounding


def repeated_rows(records: Sequence[PublishedNumber]) -> list[AuditFinding]:
    """Rows under different labels whose numbers are all equal."""
    rows = {
        key: {(r.benchmark, r.metric): r.text for r in row}
        for key, row in rows_of(records).items()
        if len(row) > 1
    }
    labels = {key: row[0].label for key, row in rows_of(records).items()}
    return [
        AuditFinding(
            "repeated", "note",
            f"table {one[1]} row {labels[one]!r} equals table {other[1]} row {labels[other]!r} in "
            f"all {len(rows[one])} numbers",
        )
        for one, other in combinations(rows, 2)
        if rows[one] == rows[other]
    ]  # fmt: skip


def impossible_values(records: Sequence[PublishedNumber]) -> list[AuditFinding]:
    """Rates outside 0..100 %, and a TAR that falls when the FAR rises."""
    findings = [
        AuditFinding("range", "problem", f"{r.place}: {r.text} is no rate")
        for r in records
        if r.unit in ("fraction", "percent") and not 0 <= r.percent <= 100
    ]
    for row in rows_of(records).values():
        curves: dict[str, list[tuple[float, PublishedNumber]]] = {}
        for record in row:
            name, _, far = record.metric.partition("@far=")
            if name == "tar" and far:
                curves.setdefault(record.benchmark, []).append((float(far), record))
        for curve in curves.values():
            ordered = [record for _, record in sorted(curve, key=lambda point: point[0])]
            findings += [
                AuditFinding("order", "problem",
                        f"{high.place}: {high.text} is below {low.text} at a smaller FAR")
                for low, high in pairwise(ordered)
                if high.percent < low.percent
            ]  # fmt: skip
    return findings
