"""``harness new-plugin``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.options import open_registry
from harness.scaffold import KINDS, new_package, what_to_try
from harness.terminal import say, say_page


@click.command(name="new-plugin")
@click.argument("name")
@click.option(
    "--kind", required=True, type=click.Choice(KINDS), help="What the plugin is to provide."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Folder to write the package's folder into  [default: here]",
)
@click.pass_obj
def command(obj: dict[str, Any], name: str, kind: str, out: Path) -> int:
    """Write the package of a new plugin, with tests that pass.

    NAME is the name of the package and of what it provides: lower-case words joined by hyphens.
    Nothing is overwritten.

    \b
    Examples:
      harness new-plugin acme-faces --kind generator
      harness new-plugin acme-net --kind model -o ~/plugins
      harness new-plugin acme-costs --kind report
    """
    from harness.errors import UsageError

    for provided in open_registry(obj).components:
        if provided.component.name == name:
            raise UsageError(
                f"{name} is already a {provided.component.kind} of {provided.dist}; take another "
                "name, so that nobody has to write which one is meant"
            )
    files = new_package(name, kind, out)
    folder = out / name
    for file in files:
        say(f"wrote {file}")
    say_page(
        f"\nnext:\n  cd {folder}\n  pip install -e '.[test]'\n  pytest\n  {what_to_try(name, kind)}"
    )
    return 0
