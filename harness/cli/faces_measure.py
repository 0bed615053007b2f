"""``harness faces measure`` and ``harness faces compare-sets``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import files_of, open_registry
from harness.recipe.parameters import parse_assignment
from harness.recipe.resolve import split_names
from harness.terminal import line, say, say_page

if TYPE_CHECKING:
    from harness.plan.nodes import ImageSource
    from harness.tools.sets.measure_run import Measurer, SetMeasured
    from harness.tools.sets.set_differences import SetDifference

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]


def _shared(command: Command) -> Command:
    """The options of both verbs."""
    options: list[Decorator] = [
        click.option("-m", "--model", metavar="NAME", help="Model with weights that embeds."),
        click.option("-M", "model_params", multiple=True, metavar="KEY=VALUE",
                     help="Set a model parameter."),
        click.option("--aligner", metavar="NAME", help="Detector for images without landmarks."),
        click.option("-A", "aligner_params", multiple=True, metavar="KEY=VALUE",
                     help="Set an aligner parameter."),
        click.option("--template", metavar="NAME", help="The images of folders follow it."),
        click.option("--against", metavar="SET", help="Reference set, such as real faces."),
        click.option("--seen", metavar="SET",
                     help="Faces that the generator was trained on: search for its people."),
        click.option("--control", metavar="SET",
                     help="People the generator cannot have seen; their matches are subtracted."),
        click.option("--kind", type=click.Choice(["image", "centre"]),
                     help="What --seen compares: images, or centres of identities  [centre]"),
        click.option("--fmr", type=click.FloatRange(0, 1, min_open=True, max_open=True),
                     metavar="RATE", help="Share of impostors above the threshold of --seen."),
        click.option("--only", metavar="NAMES", help="Measures to make, separated by commas."),
        click.option("-P", "measure_params", multiple=True, metavar="MEASURE.KEY=VALUE",
                     help="Set a parameter of a measure."),
        click.option("--per-identity", type=click.IntRange(min=1), metavar="N",
                     help="Take the first N images of each identity  [default: all]"),
        click.option("--seed", type=int, default=0, show_default=True,
                     help="Seed of what measures draw."),
        click.option("--device", default="auto", show_default=True, metavar="DEV",
                     help="auto, cpu, cuda or cuda:N."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object per value."),
        click.option("-o", "--out", type=click.Path(path_type=Path), metavar="DIR",
                     help="Write a data card: index.html and card.md."),
        click.option("-q", "--quiet", is_flag=True, help="No progress on standard error."),
        click.pass_obj,
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command(name="measure")
@click.argument("faces", metavar="SET")
@click.option("--fail-above", type=click.FloatRange(0, 1), metavar="SHARE",
              help="Exit 4 if the leak rate of --seen is higher.")  # fmt: skip
@_shared
def measure_command(
    obj: dict[str, Any], faces: str, *, fail_above: float | None, **options: Any
) -> int:
    """Measure a face set: SET is the beginning of a stored set's key, or a folder of people.

    \b
    Examples:
      harness faces measure 3fa9 --only duplicates,image-statistics
      harness faces measure 3fa9 -m onnx -M path=net.onnx --against real/ --template arcface -o card
      harness faces measure 3fa9 -m onnx -M path=net.onnx --seen ffhq/ --fail-above 0.02
    """
    from harness.errors import UsageError

    if fail_above is not None and options["seen"] is None:
        raise UsageError("--fail-above compares the leak rate, which needs --seen SET")
    found = _measured(obj, [faces], options)
    failed = _failed(found)
    return failed if fail_above is None else _gate(found[0], fail_above) or failed


@click.command(name="compare-sets")
@click.argument("sets", nargs=-1, required=True, metavar="SET SET ...")
@_shared
def compare_command(obj: dict[str, Any], sets: tuple[str, ...], **options: Any) -> int:
    """Measure several face sets and show them side by side.

    \b
    Examples:
      harness faces compare-sets 3fa9 77c1 -m onnx -M path=net.onnx -o card
    """
    from harness.errors import UsageError

    if len(set(sets)) < 2:
        raise UsageError("compare-sets needs two different sets; `harness faces list` names them")
    return _failed(_measured(obj, list(sets), options))


def _measured(
    obj: dict[str, Any], sets: Sequence[str], options: dict[str, Any]
) -> list[SetMeasured]:
    from harness.engine.sets.labelled_set import copy_notes_of, open_labelled
    from harness.errors import UsageError
    from harness.plan.measuring import ROLES
    from harness.store.artifacts import Store
    from harness.tools.sets.named import named_source

    _check(options, sets)
    store, template = Store(), options["template"]
    measurer = _measurer(obj, store, options)

    def opened_set(name: str) -> ImageSource:
        return named_source(
            measurer.planner.registry, store, name, template,
            per_identity=options["per_identity"],
            progress=measurer.progress,
            plugin_files=measurer.plugin_files,
        )  # fmt: skip

    opened = [opened_set(name) for name in sets]
    if len(sets) > 1 and len({item.key for item in opened}) < len(opened):
        raise UsageError("compare-sets needs different sets; two of these are the same")
    others = {role: opened_set(options[role]) for role in ROLES if options[role]}
    for source in (*opened, *others.values()):
        item = open_labelled(store, source)
        for note in (*item.notes, *copy_notes_of(source)):
            say(f"harness: {line(item.title)}: {note}", err=True)
    found = [measurer.measure(faces, others) for faces in opened]
    if "against" in others and others["against"].key not in {item.key for item in opened}:
        found.append(measurer.measure(others["against"], {}, reference=True))
    _show(obj, found, options)
    return found


def _failed(found: Sequence[SetMeasured]) -> int:
    """1 where a measure failed by itself, each told once; data that give no number are no failure.

    Those have their reason in the table.
    """
    from harness.errors import DataError

    failures = {f.key: f for item in found for f in item.failures
                if not isinstance(f.error, DataError)}  # fmt: skip
    for failure in failures.values():
        say(f"harness: {failure.stage} {failure.label}: {failure.message}", err=True)
    return 1 if failures else 0


def _check(options: dict[str, Any], sets: Sequence[str]) -> None:
    from harness.errors import UsageError

    out = options["out"]
    for name in (*sets, options["against"], options["seen"], options["control"]):
        folder = Path(name or "")
        read = out is not None and bool(name) and folder.is_dir()
        if read and out.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"-o {out} is inside the measured folder {name}, whose content would change with "
                "each card; write it elsewhere"
            )

    for flag in ("kind", "fmr"):
        if options[flag] is not None and options["seen"] is None:
            raise UsageError(f"--{flag} is of what --seen finds; give --seen too")
    if options["control"] is not None and options["seen"] is None:
        raise UsageError("--control is subtracted from what --seen finds; give --seen too")
    for flag, table in (("model", "model_params"), ("aligner", "aligner_params")):
        if options[table] and not options[flag]:
            raise UsageError(f"a parameter of the {flag} is set but none is selected; add --{flag}")


def _show(obj: dict[str, Any], found: Sequence[SetMeasured], options: dict[str, Any]) -> None:
    from harness.tools.sets.measure_run import rows

    if options["as_json"]:
        for row in (row for item in found for row in rows(item)):
            say(json.dumps(row))
        for change in _differences(found):
            say(json.dumps(change.record()))
    else:
        say_page(_text(found))
        for text in _difference_tables(found):
            say_page(text)
    if options["out"] is not None:
        from harness.reporting.card import write_card

        makers = {item.provider: item.component for item in open_registry(obj).of_kind("generator")}
        for path in write_card(found, options["out"], makers):
            say(f"wrote {path}", err=True)


def _measurer(obj: dict[str, Any], store: Any, options: dict[str, Any]) -> Measurer:
    from harness.plan.device import resolve_device
    from harness.plan.planner import Planner
    from harness.progress import Progress
    from harness.recipe.resolve import Recipe, StudyTable, Use
    from harness.recipe.tables import ModelUse
    from harness.tools.sets.measure_run import Measurer

    registry = open_registry(obj)
    model = _table(options["model"], options["model_params"])
    aligner = _table(options["aligner"], options["aligner_params"])
    recipe = Recipe(
        study=StudyTable(device=resolve_device(options["device"]), seed=options["seed"]),
        model=[ModelUse.model_validate(model)] if model else [],
        aligner=Use.model_validate(aligner) if aligner else None,
    )
    planner = Planner(registry, store, recipe)
    measures = [planner.choose("measure", Use.model_validate(table))
                for table in _measures(registry, options)]  # fmt: skip
    network = planner.choose("model", recipe.model[0]) if recipe.model else None
    finder = planner.choose("aligner", recipe.aligner) if recipe.aligner else None
    planner.require_assets()
    progress = Progress(quiet=options["quiet"])
    return Measurer(planner, measures, network, finder, progress, files_of(obj))


def _table(name: str | None, given: Sequence[str]) -> dict[str, Any] | None:
    return {**dict(map(parse_assignment, given)), "use": name} if name else None


def _measures(registry: Any, options: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables of the measures asked for, all by default, each with its parameters."""
    from harness.errors import UsageError
    from harness.recipe.parameters import params_class

    known = [item.component.name for item in registry.of_kind("measure")]
    names = split_names(options["only"]) if options["only"] else known
    tables: dict[str, dict[str, Any]] = {name: {"use": name} for name in names}
    shared = {key: options[flag] for flag, key in (("kind", "search"), ("fmr", "fmr"))
              if options[flag] is not None}  # fmt: skip
    for name in names if shared else ():
        fields = params_class(registry.find("measure", name)).model_fields
        if shared.keys() <= fields.keys():
            tables[name] |= shared
    for text in options["measure_params"]:
        path, value = parse_assignment(text)
        name, dot, key = path.partition(".")
        if not dot or name not in tables:
            raise UsageError(f"-P {text}: write MEASURE.KEY=VALUE with one of {', '.join(tables)}")
        tables[name][key] = value
    return list(tables.values())


def _gate(found: SetMeasured, limit: float) -> int:
    from harness.errors import DataError

    rates = [value for result in found.results if result.found for value in result.found.values
             if value.metric == "leak_rate"]  # fmt: skip
    if not rates or rates[0].value is None:
        why = rates[0].why if rates else "the measure leakage was not made"
        raise DataError(f"--fail-above {limit:g} cannot be decided: {why}")
    return 4 if rates[0].value > limit else 0


def _text(found: Sequence[SetMeasured]) -> str:
    """Sets side by side: one row per metric."""
    from tabulate import tabulate

    from harness.tools.sets.measure_run import side_by_side

    lines = []
    for item in found:
        model = f" under {item.model}" if item.model else ""
        counts = f"{item.identities:,} identities, {item.images:,} images"
        lines.append(f"{line(item.faces.title)}: {counts}{model}")
    table = [
        [row.title if row.first else "", row.metric, *map(_cell, row.values)]
        for row in side_by_side(found)
    ]
    heads = ["measure", "metric", *(line(item.faces.title) for item in found)]
    lines += ["", tabulate(table, heads, disable_numparse=True)]
    for item in found:
        for result in item.results:
            for note in result.found.notes if result.found else ():
                title = f"{line(item.faces.title)}, {line(result.title)}"
                lines.append(f"{title}: {line(note)}")
    return "\n".join(map(line, "\n".join(lines).split("\n")))


def _differences(found: Sequence[SetMeasured]) -> list[SetDifference]:
    """Every other set minus the first; a reference set is not compared."""
    from harness.tools.sets.set_differences import set_differences

    rivals = [item for item in found if not item.reference]
    return [change for other in rivals[1:] for change in set_differences(rivals[0], other)]


def _difference_tables(found: Sequence[SetMeasured]) -> Iterator[str]:
    from tabulate import tabulate

    changes = _differences(found)
    for title in dict.fromkeys(change.of for change in changes):
        mine = [change for change in changes if change.of == title]
        rows = [
            [change.measure, change.difference.metric, _cell(change.difference),
             change.difference.method or change.difference.why]
            for change in mine
        ]  # fmt: skip
        head = f"{line(title)} minus {line(mine[0].minus)}"
        table = tabulate(rows, ["measure", "metric", "difference", "identities"],
                         disable_numparse=True)  # fmt: skip
        yield f"\n{head}\n\n" + "\n".join(map(line, table.split("\n")))


def _cell(value: Any) -> str:
    if value.value is None:
        return f"n/a: {value.why}"
    text = f"{value.value:.4g}"
    return text if value.low is None else f"{text} [{value.low:.4g}, {value.high:.4g}]"
