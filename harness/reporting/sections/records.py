"""Protocols, provenance and environments: how each number came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.digests import digest
from harness.reporting.sections.graph import Graph, graph
from harness.reporting.sections.pictures import KEY, about
from harness.reporting.tables.columns import flat
from harness.reporting.tables.grid import Grid, Head, texts
from harness.reporting.tables.matrix import INTEGRITY_NOTES, Names
from harness.results import numbers

if TYPE_CHECKING:
    from harness.results.schema import ComponentUse, Result
    from harness.results.study import Study


@dataclass(frozen=True)
class Protocol:
    """All rules by which a group of results was measured."""

    id: str
    title: str
    rules: dict[str, str]
    results: list[tuple[str, str]]  # short id, title


@dataclass(frozen=True)
class UsedComponent:
    """One component as it was used, shown once however many results it has."""

    role: str
    name: str
    key: str
    about: list[tuple[str, str]]
    settings: dict[str, str]

    @property
    def id(self) -> str:
        """Where the page shows it."""
        return f"use-{self.key[:KEY]}"


@dataclass(frozen=True)
class Origin:
    """Where the numbers of one result come from."""

    id: str
    title: str
    graph: Graph
    parts: list[tuple[str, str, str]]  # role, name, where the page shows it
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
        groups.setdefault(protocol_id(result), []).append(result)
    made = []
    for identifier, results in groups.items():
        first = results[0]
        title = f"{first.cell.benchmark.name} ({first.comparison})"
        rules = {"benchmark version": str(first.cell.benchmark.version), **flat(first.protocol)}
        users = [(result.id[:KEY], result_title(result, names)) for result in results]
        made.append(Protocol(identifier, title, rules, users))
    return sorted(made, key=lambda protocol: protocol.title)


def protocol_id(result: Result) -> str:
    """Where the page shows the rules of a result; equal for exactly equal rules."""
    benchmark = result.cell.benchmark
    facts = [benchmark.name, benchmark.version, result.comparison, result.protocol]
    return f"protocol-{digest(facts)[:KEY]}"


def components(study: Study) -> list[UsedComponent]:
    """Every component of the study once, with its settings."""
    made: dict[str, UsedComponent] = {}
    for result in study.results:
        for role, use in _roles(result):
            part = UsedComponent(role, use.name, use.key, about(use), flat(use.params))
            made.setdefault(part.id, part)
    order = ("Generator", "Model", "Aligner", "Benchmark")
    return sorted(made.values(), key=lambda part: (order.index(part.role), part.name, part.key))


def _roles(result: Result) -> list[tuple[str, ComponentUse]]:
    cell = result.cell
    roles = (
        ("Generator", cell.generator),
        ("Model", cell.model),
        ("Aligner", cell.aligner),
        ("Benchmark", cell.benchmark),
    )
    return [(role, use) for role, use in roles if use is not None]


def origins(study: Study, names: Names) -> list[Origin]:
    """The provenance of every result."""
    return [
        Origin(
            result.id[:KEY],
            result_title(result, names),
            graph(result, f"#{protocol_id(result)}"),
            [(role, use.name, f"#use-{use.key[:KEY]}") for role, use in _roles(result)],
            _facts(result),
            [*filter(None, [INTEGRITY_NOTES.get(result.integrity)]), *result.warnings],
        )
        for result in study.results
    ]


def _facts(result: Result) -> list[tuple[str, str]]:
    code = ", ".join(f"{key} {value}" for key, value in flat(result.provenance.code).items())
    lines = [
        ("Result", result.id),
        ("Created", numbers.moment(result.created)),
        ("Limited", "" if result.limited is None else str(result.limited)),
        ("Code", code),
        ("Environment", result.provenance.env),
        ("Scores", _scores(result)),
        ("Cost", ", ".join(f"{k} {numbers.duration(v)}" for k, v in result.cost.wall_s.items())),
        ("Faces", _enrolment(result)),
    ]
    return [(name, text) for name, text in lines if text]


def _scores(result: Result) -> str:
    name, sha256 = result.raw.get("scores", ""), result.raw.get("sha256", "")
    return f"{name} sha256 {sha256}".strip() if sha256 else str(name)


def _enrolment(result: Result) -> str:
    found = result.enrolment
    if found is None:
        return ""
    by = ", ".join(f"{count:,} by {rule}" for rule, count in found.placed_by.items())
    return f"{found.images:,} images; placed {by or 'none'}; {found.failed:,} failed"


def environments(study: Study) -> Grid | None:
    """Facts down, environments across."""
    known = {
        name: flat(env) for name, env in study.environments.items() if isinstance(env, Mapping)
    }
    if not known:
        return None
    facts = dict.fromkeys(key for env in known.values() for key in env)
    heads = [Head("Fact"), *(Head(name) for name in known)]
    rows = [texts((fact, *(env.get(fact) for env in known.values()))) for fact in facts]
    return Grid("environment", "Environments", heads, rows)
