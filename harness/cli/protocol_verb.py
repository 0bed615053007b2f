"""``harness protocol``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import open_registry
from harness.terminal import say, say_page

if TYPE_CHECKING:
    from harness._plugins.registry import Registry
    from harness.reporting.compare.protocols import ProtocolComparison
    from harness.results.study import Cell

LONGEST = 44


@click.group(name="protocol")
def command() -> None:
    """Show by which rules numbers were measured, and in what two protocols differ.

    \b
    Examples:
      harness protocol show study:3fa9
      harness protocol diff study:3fa9 other:b71c
      harness protocol diff lfw lfw:rule=official,flip=none
    """


@command.command(name="show")
@click.argument("what", metavar="WHAT")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a protocol.")
@click.pass_obj
def show(obj: dict[str, Any], what: str, *, as_json: bool) -> int:
    """Show every rule and count behind the results of WHAT.

    WHAT is a study folder, STUDY:CELL with the beginning of a cell's id, or a benchmark with
    settings, BENCH:KEY=VALUE,KEY=VALUE.
    """
    from harness.reporting.compare.protocols import fields_of, meaning
    from harness.reporting.compare.settings import read_setting

    setting = not _is_study(what)
    if not setting:
        found = [
            (cell.result.id[:12], fields_of(cell.result) | _leaks(cell)) for cell in _cells(what)
        ]
    else:
        name, values = read_setting(open_registry(obj), what)
        found = [(name, {key: json.dumps(value) for key, value in values.items()})]
    for title, fields in found:
        if as_json:
            say(json.dumps({"of": title, **fields}))
            continue
        say(f"{title}")
        for field, value in fields.items():
            say(f"  {meaning(field)[0]}: {value}")
    if setting and not as_json:
        say(f"harness show {name} names the key of each, for -B KEY=VALUE", err=True)
    return 0


@command.command(name="diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per benchmark.")
@click.pass_obj
def diff(obj: dict[str, Any], first: str, second: str, *, as_json: bool) -> int:
    """Say in which fields the protocols of A and B differ, and whether numbers compare.

    A and B are study folders, STUDY:CELL with the beginning of a cell's id, or a benchmark with
    settings, BENCH:KEY=VALUE,KEY=VALUE. A study against a setting compares parameters.
    """
    from harness.reporting.compare.protocols import compare_cells

    if _is_study(first) and _is_study(second):
        found = compare_cells(_cells(first), _cells(second))
    else:
        found = [_diff_settings(open_registry(obj), first, second)]
    for comparison in found:
        if as_json:
            rows = [vars(item) for item in comparison.differences]
            say(json.dumps(vars(comparison) | {"differences": rows}))
        else:
            say(f"{comparison.benchmark}: {comparison.sentence}")
            if comparison.differences:
                say_page(_table(comparison))
    return 0


def _diff_settings(registry: Registry, first: str, second: str) -> ProtocolComparison:
    from harness.errors import UsageError
    from harness.reporting.compare.settings import diff_settings, read_setting

    sides = []
    for text in (first, second):
        if not _is_study(text):
            sides.append(read_setting(registry, text))
            continue
        uses = {cell.result.cell.benchmark.key: cell.result.cell.benchmark for cell in _cells(text)}
        if len(uses) > 1:
            raise UsageError(f"{text} has several benchmarks or settings; select one as STUDY:CELL")
        (use,) = uses.values()
        sides.append((use.name, {"benchmark_version": use.version, **use.params}))
    return diff_settings(registry, *sides)


def _leaks(cell: Cell) -> dict[str, str]:
    """What `harness leak` found for the training set and the benchmark of a cell."""
    from harness.results.leak_record import leaks_of

    use = cell.result.cell
    if use.generator is None:
        return {}
    found = leaks_of(cell.folder.parents[1]).get((use.generator.key, use.benchmark.name), [])
    said = [
        f"{'LEAK' if item.leaked else 'none found'} by {item.model}, {item.above} of "
        f"{item.identities} people above the threshold, {len(item.shared_names)} names shared"
        for item in found
    ]
    return {"leak": "; ".join(said)} if said else {}


def _is_study(text: str) -> bool:
    return Path(text).is_dir() or Path(text.rpartition(":")[0] or text).is_dir()


def _cells(text: str) -> list[Cell]:
    from harness.reporting.compare.select_cells import pick_cells

    return pick_cells(text)


def _table(comparison: ProtocolComparison) -> str:
    from harness.reporting.tables.escapes import one_lined
    from harness.reporting.tables.writers import pipe

    rows = [
        [item.meaning, _short(item.a), _short(item.b), item.why] for item in comparison.differences
    ]
    return pipe(["Field", "A", "B", "What it means"], one_lined(rows), ["left"] * 4)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
