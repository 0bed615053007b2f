"""Protocols, provenance, environments and failures: how each number came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.digests import digest
from harness.reporting import numbers
from harness.reporting.columns import flat
from harness.reporting.grid import Box, Grid, Head, texts
from harness.reporting.matrix import Names
from harness.reporting.sections.pictures import about

if TYPE_CHECKING:
    from harness.reporting.study import Study
    from harness.study.result import ComponentUse, Result

SHORT_ID = 12


@dataclass(frozen=True)
class Protocol:
    """All rules by which a group of results was measured."""

    title: str
    rules: dict[str, str]
    results: list[tuple[str, str]]  # short id, title


@dataclass(frozen=True)
class Part:
    """One component of a result."""

    role: str
    name: str
    key: str
    about: list[tuple[str, str]]
    settings: dict[str, str]


@dataclass(frozen=True)
class Origin:
    """Where the numbers of one result come from."""

    id: str
    title: str
    numbers: list[str]
    parts: list[Part]
    inputs: dict[str, str]  # stage -> key
    facts: list[tuple[str, str]]
    warnings: list[str]


def result_title(result: Result, names: Names) -> str:
    """Row, benchmark and repeat in one line."""
    bench = result.cell.benchmark.name
    part = "" if result.comparison == "verification" else f"/{result.comparison}"
    repeat = f", repeat {result.seed.repeat}" if result.seed.repeat else ""
    return f"{names.row(result).title} > {bench}{part}{repeat}"


def protocols(study: Study, names: Names) -> list[Protocol]:
    """Results grouped by exactly equal rules."""
    groups: dict[str, list[Result]] = {}
    for result in study.results:
        benchmark = result.cell.benchmark
        key = digest([benchmark.name, benchmark.version, result.comparison, result.protocol])
        groups.setdefault(key, []).append(result)
    made = []
    for results in groups.values():
        first = results[0]
        title = f"{first.cell.benchmark.name} ({first.comparison})"
        rules = {"benchmark version": str(first.cell.benchmark.version), **flat(first.protocol)}
        users = [(result.id[:SHORT_ID], result_title(result, names)) for result in results]
        made.append(Protocol(title, rules, users))
    return sorted(made, key=lambda protocol: protocol.title)


def origins(study: Study, names: Names) -> list[Origin]:
    """The provenance of every result."""
    return [_origin(result, names) for result in study.results]


def _origin(result: Result, names: Names) -> Origin:
    cell = result.cell
    roles: tuple[tuple[str, ComponentUse | None], ...] = (
        ("Generator", cell.generator),
        ("Model", cell.model),
        ("Aligner", cell.aligner),
        ("Benchmark", cell.benchmark),
    )
    return Origin(
        result.id[:SHORT_ID],
        result_title(result, names),
        _headline(result),
        [
            Part(role, use.name, use.key, about(use), flat(use.params))
            for role, use in roles
            if use is not None
        ],
        dict(result.provenance.inputs),
        _facts(result),
        list(result.warnings),
    )


def _headline(result: Result) -> list[str]:
    chosen = [metric for metric in result.metrics if metric.headline] or result.metrics[:1]
    return [
        f"{metric.name} "
        + numbers.measured(
            metric.value,
            metric.ci.low if metric.ci else None,
            metric.ci.high if metric.ci else None,
            metric.unit,
        )
        for metric in chosen
    ]


def _facts(result: Result) -> list[tuple[str, str]]:
    code = ", ".join(f"{key} {value}" for key, value in flat(result.provenance.code).items())
    lines = [
        ("Result", result.id),
        ("Created", result.created),
        ("Seed", f"{result.seed.root}, repeat {result.seed.repeat}"),
        ("Limited", "" if result.limited is None else str(result.limited)),
        ("Code", code),
        ("Environment", result.provenance.env),
        ("Scores", f"{result.raw.get('scores', '')} sha256 {result.raw.get('sha256', '')}".strip()),
        ("Cost", ", ".join(f"{k} {numbers.duration(v)}" for k, v in result.cost.wall_s.items())),
        ("Faces", _enrolment(result)),
    ]
    return [(name, text) for name, text in lines if text]


def _enrolment(result: Result) -> str:
    found = result.enrolment
    if found is None:
        return ""
    by = ", ".join(f"{count:,} by {rule}" for rule, count in found.placed_by.items())
    why = "; ".join(f"{count:,} {reason}" for reason, count in found.reasons.items())
    failed = f"{found.failed:,} failed" + (f" ({why})" if why else "")
    return f"{found.images:,} images; placed {by or 'none'}; {failed}"


def environments(study: Study) -> Grid | None:
    """Facts down, environments across."""
    known = {name: flat(env) for name, env in study.environments.items() if isinstance(env, dict)}
    if not known:
        return None
    facts = dict.fromkeys(key for env in known.values() for key in env)
    heads = [Head("Fact"), *(Head(name) for name in known)]
    rows = [texts((fact, *(env.get(fact) for env in known.values()))) for fact in facts]
    return Grid("environment", "Environments", heads, rows)


def damaged(study: Study) -> Grid | None:
    """Files that could not be read."""
    if not study.damaged:
        return None
    rows = [[Box(_inside(study, item.path)), Box(item.reason)] for item in study.damaged]
    heads = [Head("File"), Head("Why")]
    return Grid("damaged", "Files of the study that could not be read", heads, rows)


def _inside(study: Study, path: object) -> str:
    """A path relative to its study: a report names no folder of the machine it was made on."""
    for folder in study.folders:
        text = str(path)
        if text.startswith(str(folder)):
            return text[len(str(folder)) :].lstrip("/\\")
    return str(path)
