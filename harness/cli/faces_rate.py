"""``harness faces rate``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import files_of, open_registry
from harness.recipe.parameters import parse_assignment
from harness.terminal import line, say, say_page

if TYPE_CHECKING:
    from harness.components import Kind
    from harness.tools.sets.rate_set import RatingColumn, SetRatings


@click.command(name="rate")
@click.argument("faces", metavar="SET")
@click.option("-q", "--quality", multiple=True, metavar="NAME", help="Quality component.")
@click.option(
    "-a", "--attribute", multiple=True, metavar="NAME", help="Attribute component; repeatable."
)
@click.option(
    "-P", "params", multiple=True, metavar="NAME.KEY=VALUE", help="Set a parameter of one of them."
)
@click.option("-m", "--model", metavar="NAME", help="Model whose embeddings are rated.")
@click.option(
    "-M", "model_params", multiple=True, metavar="KEY=VALUE", help="Set a model parameter."
)
@click.option("--aligner", metavar="NAME", help="Detector for images without landmarks.")
@click.option(
    "-A", "aligner_params", multiple=True, metavar="KEY=VALUE", help="Set an aligner parameter."
)
@click.option("--template", metavar="NAME", help="The images of a folder follow it.")
@click.option(
    "--per-identity",
    type=click.IntRange(min=1),
    metavar="N",
    help="Take the first N images of each identity  [default: all]",
)
@click.option(
    "--device", default="auto", show_default=True, metavar="DEV", help="auto, cpu, cuda or cuda:N."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per column.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a CSV file: image, identity, and one column per rating.",
)
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@click.pass_obj
def command(obj: dict[str, Any], /, faces: str, **options: Any) -> int:
    """Rate every image of a face set: its quality, and attributes such as pose.

    SET is the beginning of a stored set's key, or a folder of people. The file that -o writes is
    read by `take = { quality = FILE, min_quality = X }` in a recipe, by `harness scores discard`,
    and by the components csv-quality and csv-attributes.

    \b
    Examples:
      harness faces rate 3fa9 -a pose-from-landmarks -a pixel-statistics -o ratings.csv
      harness faces rate 3fa9 -q feature-norm -m onnx -M path=net.onnx -o quality.csv
    """
    from harness.engine.sets.labelled_set import open_labelled
    from harness.progress import Progress
    from harness.store.artifacts import Store
    from harness.tools.sets.named import named_source
    from harness.tools.sets.planned import set_tools
    from harness.tools.sets.rate_set import SetRater
    from harness.tools.sets.rating_table import write_ratings

    store = Store()
    registry = open_registry(obj)
    source = named_source(registry, store, faces, options["template"], plugin_files=files_of(obj))
    opened = open_labelled(store, source)
    for note in opened.notes:
        say(f"harness: {note}", err=True)
    tools = set_tools(
        registry, store, wanted(options),
        model=_table(options["model"], options["model_params"]),
        aligner=_table(options["aligner"], options["aligner_params"]),
        device=options["device"], progress=Progress(quiet=options["quiet"]),
    )  # fmt: skip
    rater = SetRater(tools.opener, tools.chosen, tools.embedder, tools.aligner)
    found = rater.rate(opened, options["per_identity"])
    for note in found.notes:
        say(f"harness: {note}", err=True)
    _show(found, as_json=options["as_json"])
    if options["out"] is not None:
        write_ratings(options["out"], found, opened.identities)
        say(f"wrote {options['out']}", err=True)
    return 0


def wanted(options: dict[str, Any]) -> list[tuple[Kind, dict[str, Any]]]:
    """The components asked for, with their parameters; UsageError for none or a wrong -P."""
    from harness.errors import UsageError

    named: list[tuple[Kind, str]] = [
        *(("quality", name) for name in options["quality"]),
        *(("attribute", name) for name in options["attribute"]),
    ]
    if not named:
        raise UsageError("nothing to rate by; give --quality or --attribute (`harness list`)")
    tables = {name: {"use": name} for _, name in named}
    for text in options["params"]:
        path, value = parse_assignment(text)
        name, dot, key = path.partition(".")
        if not dot or name not in tables:
            raise UsageError(f"-P {text}: write NAME.KEY=VALUE with one of {', '.join(tables)}")
        tables[name][key] = value
    return [(kind, tables[name]) for kind, name in named]


def _table(name: str | None, given: Sequence[str]) -> dict[str, Any] | None:
    from harness.errors import UsageError

    if given and not name:
        raise UsageError("a parameter is set of a model or aligner that is not named; add its name")
    return {**dict(map(parse_assignment, given)), "use": name} if name else None


def _show(found: SetRatings, *, as_json: bool) -> None:
    from tabulate import tabulate

    rows = [_summary(column) for column in found.columns]
    if as_json:
        for row in rows:
            say(json.dumps(row))
        return
    heads = ["rating", "by", "images", "without", "mean", "std", "lowest", "median", "highest"]
    table = [[line(str(value)) if isinstance(value, str) else
              "n/a" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
              for value in row.values()] for row in rows]  # fmt: skip
    say_page(tabulate(table, heads, disable_numparse=True))


def _summary(column: RatingColumn) -> dict[str, Any]:
    import numpy as np

    values = column.values[np.isfinite(column.values)]
    some = len(values) > 0
    return {
        "name": column.name,
        "by": column.source,
        "images": len(values),
        "without": len(column.values) - len(values),
        "mean": float(values.mean()) if some else None,
        "std": float(values.std()) if some else None,
        "lowest": float(values.min()) if some else None,
        "median": float(np.median(values)) if some else None,
        "highest": float(values.max()) if some else None,
    }
