"""``harness rescore``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import open_registry
from harness.recipe.resolve import split_names
from harness.terminal import say, say_page

if TYPE_CHECKING:
    from harness.results.study import Cell
    from harness.tools.rescore import Rescored
    from harness.tools.variants import Variant

    Work = tuple[Cell, Callable[[], list[Rescored] | list[Variant]]]


@click.command(name="rescore")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("-b", "--bench", multiple=True, metavar="NAME", help="Only these benchmarks.")
@click.option("-B", "bench_params", multiple=True, metavar="KEY=VALUE",
              help="Change a rule of scoring (NAME.KEY=VALUE for one of several).")  # fmt: skip
@click.option("--variants", is_flag=True,
              help="Show every variant of the rules, and write nothing.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per row.")
@click.pass_obj
def command(
    obj: dict[str, Any],
    study: Path,
    bench: tuple[str, ...],
    bench_params: tuple[str, ...],
    *,
    variants: bool,
    as_json: bool,
) -> int:
    """Compute metrics again from stored scores, without a model.

    A changed result is beside the old one; nothing is overwritten.

    \b
    Examples:
      harness rescore study
      harness rescore study -b lfw -B rule=official -B flip=none
      harness rescore study --variants
    """
    from harness.errors import HarnessError, UsageError

    if variants and bench_params:
        raise UsageError("--variants shows all rules; leave out -B")
    cells = _cells(study, bench)
    work = _varied(cells) if variants else _rescored(obj, study, cells, bench_params)
    failed = 0
    rows: list[list[str]] = []
    for cell, make in work:
        try:
            found = make()
        except HarnessError as error:
            failed += 1
            say(f"harness: {_label(cell)}: {error}", err=True)
            continue
        for item in found:
            if as_json:
                say(json.dumps(_record(cell, item)))
            rows.append(_row(cell, item))
    if rows and not as_json:
        say_page(_table(rows, variants=variants))
    return 1 if failed else 0


def _cells(study: Path, bench: tuple[str, ...]) -> list[Cell]:
    from harness.did_you_mean import did_you_mean
    from harness.errors import NothingSelectedError, UsageError
    from harness.results.study import load_study

    loaded = load_study(study)
    for damaged in loaded.damaged:
        say(f"harness: {damaged.path}: {damaged.reason}", err=True)
    names = {cell.result.cell.benchmark.name for cell in loaded.cells}
    wanted = {name for value in bench for name in split_names(value)}
    for name in sorted(wanted - names):
        raise UsageError(f"{study} has no result on {name!r}{did_you_mean(name, names)}")
    cells = [c for c in loaded.cells if not wanted or c.result.cell.benchmark.name in wanted]
    if not cells:
        raise NothingSelectedError(f"{study} has no finished cell; run the study first")
    return cells


def _rescored(
    obj: dict[str, Any], study: Path, cells: list[Cell], assignments: tuple[str, ...]
) -> Iterator[Work]:
    from harness.recipe.parameters import parse_assignment
    from harness.store.artifacts import Store
    from harness.tools.rescore import changes_of, rescore

    registry, store = open_registry(obj), Store()
    names = [cell.result.cell.benchmark.name for cell in cells]
    changes = changes_of(registry, names, [parse_assignment(text) for text in assignments])
    for cell, name in zip(cells, names, strict=True):
        if assignments and not changes[name]:
            continue
        yield cell, partial(_once, rescore, cell, study=study, store=store, registry=registry,
                            changes=changes[name])  # fmt: skip


def _once(rescore: Callable[..., Rescored], cell: Cell, **options: Any) -> list[Rescored]:
    return [rescore(cell.folder, cell.result, **options)]


def _varied(cells: list[Cell]) -> Iterator[Work]:
    from harness.store.artifacts import Store
    from harness.tools.variants import variants

    for cell in cells:
        yield cell, partial(variants, cell.folder, cell.result, Store())


def _label(cell: Cell) -> str:
    use, comparison = cell.result.cell, cell.result.comparison
    made = f"{use.generator.name} > " if use.generator else ""
    part = "" if comparison == "verification" else f"/{comparison}"
    repeat = f" #{cell.result.seed.repeat}" if cell.result.seed.repeat else ""
    return f"{made}{use.model.name} > {use.benchmark.name}{part}{repeat}"


def _record(cell: Cell, item: Rescored | Variant) -> dict[str, Any]:
    from harness.tools.rescore import headline
    from harness.tools.variants import Variant

    about = {"cell": cell.result.id, "label": _label(cell)}
    if isinstance(item, Variant):
        return about | vars(item) | {"settings": dict(item.settings)}
    before, after = headline(item.old), headline(item.new)
    return about | {
        "state": item.state,
        "id": item.new.id,
        "folder": item.folder.name,
        "metric": after.name,
        "at": after.at,
        "before": before.value,
        "after": after.value,
        "notes": list(item.notes),
    }


def _row(cell: Cell, item: Rescored | Variant) -> list[str]:
    from harness.results import numbers
    from harness.tools.rescore import headline
    from harness.tools.variants import Variant

    if isinstance(item, Variant):
        settings = ", ".join(f"{key} {value}" for key, value in item.settings.items())
        moved = "" if item.moved is None else numbers.difference(item.moved)
        state = "in use" if item.in_use else item.note
        return [_label(cell), settings, item.metric, numbers.number(item.value), moved, state]
    before, after = headline(item.old), headline(item.new)
    moved = ""
    if before.value is not None and after.value is not None:
        moved = numbers.difference(after.value - before.value, after.unit)
    state = "unchanged" if item.state == "unchanged" else f"{item.state} as {item.new.id[:12]}"
    return [
        _label(cell), after.name, numbers.number(before.value, before.unit),
        numbers.number(after.value, after.unit), moved, "; ".join([state, *item.notes]),
    ]  # fmt: skip


def _table(rows: list[list[str]], *, variants: bool) -> str:
    from harness.reporting.tables.escapes import one_lined
    from harness.reporting.tables.writers import pipe

    if variants:
        head = ["Cell", "Rules", "Metric", "Value", "Moved", ""]
        return pipe(head, one_lined(rows), ["left", "left", "left", "right", "right", "left"])
    head = ["Cell", "Metric", "Before", "After", "Moved", ""]
    return pipe(head, one_lined(rows), ["left", "left", "right", "right", "right", "left"])
