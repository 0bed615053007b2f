"""``harness config``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.options import open_registry
from harness.terminal import say, say_page


@click.command(name="config")
@click.argument("what", type=click.Choice(["schema"]))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write there instead of standard output.",
)
@click.pass_obj
def command(obj: dict[str, Any], what: str, *, output: Path | None) -> int:
    """Print the JSON Schema of recipes, with the parameters of everything installed.

    An editor that knows it completes and checks a recipe: put `#:schema recipe.schema.json` into
    the first line of the file (Even Better TOML, taplo).

    \b
    Examples:
      harness config schema
      harness config schema -o recipe.schema.json
    """
    from harness.fileio.atomic import write_text
    from harness.recipe.json_schema import to_json

    text = to_json(open_registry(obj))
    if output is None:
        say_page(text)
    else:
        write_text(output, text + "\n")
        say(f"wrote {output}", err=True)
    return 0
