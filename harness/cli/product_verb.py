"""Verbs that generators add: ``harness GENERATOR PRODUCT`` writes a file that it declares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import files_of, open_registry
from harness.errors import UsageError
from harness.terminal import say

if TYPE_CHECKING:
    from harness._plugins.registry import RegisteredComponent
    from harness.components import Product


def find(obj: dict[str, Any], name: str) -> click.Command | None:
    """The verb of a generator that declares products; None for any other name."""
    try:
        provided = open_registry(obj).find("generator", name)
    except UsageError:
        return None
    if not provided.component.products:
        return None
    group = click.Group(name, help=f"Write files of the generator {name}.")
    for product in provided.component.products:
        group.add_command(_command(provided, product))
    return group


def _command(provided: RegisteredComponent, product: Product) -> click.Command:
    from harness.recipe.parameters import params_class

    fields = params_class(provided).model_fields
    flags = [
        click.Option([f"--{option.replace('_', '-')}", option], metavar="VALUE",
                     required=option in product.required,
                     help=fields[option].description)
        for option in product.options
    ]  # fmt: skip
    return click.Command(
        product.name,
        params=[*flags, *_common()],
        help=f"{product.summary}.",
        callback=_callback(provided, product),
    )


def _common() -> list[click.Parameter]:
    return [
        click.Option(["-G", "given"], multiple=True, metavar="KEY=VALUE",
                     help="Set any parameter of the generator."),
        click.Option(["-o", "--out"], required=True, type=click.Path(path_type=Path),
                     metavar="FILE", help="Write it here."),
        click.Option(["--seed"], type=click.IntRange(min=0), default=0, show_default=True,
                     help="Root seed."),
        click.Option(["--device"], default="auto", show_default=True, metavar="DEV",
                     help="auto, cpu, cuda or cuda:N."),
        click.Option(["-j", "--jobs"], type=click.IntRange(min=1), metavar="N",
                     help="Worker processes."),
        click.Option(["-q", "--quiet"], is_flag=True, help="No progress on standard error."),
    ]  # fmt: skip


def _callback(provided: RegisteredComponent, product: Product) -> Callable[..., int]:
    @click.pass_obj
    def run(obj: dict[str, Any], /, **options: Any) -> int:
        from harness.process.cpus import cpu_count
        from harness.progress import Progress
        from harness.recipe.parameters import parse_assignment
        from harness.recipe.resolve import StudyTable
        from harness.store.artifacts import Store
        from harness.tools.generator_outputs import write_product

        params = {name: options[name] for name in product.options if options[name] is not None}
        made, notes = write_product(
            open_registry(obj),
            Store(),
            provided.provider,
            product.name,
            params={**dict(map(parse_assignment, options["given"])), **params},
            study=StudyTable(seed=options["seed"], device=options["device"]),
            out=options["out"],
            progress=Progress(quiet=options["quiet"]),
            jobs=options["jobs"] or cpu_count(),
            plugin_files=files_of(obj),
        )
        for note in notes:
            say(f"note: {note}", err=True)
        say(made)
        return 0

    return run
