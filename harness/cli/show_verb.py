"""``harness show``."""

from __future__ import annotations

import json
from typing import Any

import click

from harness._plugins.registry import RegisteredComponent
from harness.cli.completion import names_of
from harness.cli.options import open_registry
from harness.components import KINDS, Component
from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.terminal import say, say_page


@click.command(name="show")
@click.argument("name", shell_complete=names_of(*KINDS))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with a JSON Schema.")
@click.pass_obj
def command(obj: dict[str, Any], name: str, *, as_json: bool) -> int:
    """Describe a component: what it is, every parameter with its default, licence, citation.

    \b
    Examples:
      harness show bfm
      harness show facenet-nn4 --json
    """
    from harness.recipe.parameters import params_class

    registry = open_registry(obj)
    found = [p for p in registry.components if name in (p.component.name, p.provider)]
    if not found:
        known = [p.component.name for p in registry.components]
        raise UsageError(f"no component {name!r}{did_you_mean(name, known, 'harness list')}")
    for provided in sorted(found, key=lambda p: KINDS.index(p.component.kind)):
        cls = params_class(provided)
        schema = cls.model_json_schema()
        if as_json:
            say_page(json.dumps(_record(provided, schema, dict(cls.presets)), indent=1))
        else:
            _describe(provided, schema, list(cls.presets))
    return 0


def _record(
    provided: RegisteredComponent, schema: dict[str, Any], presets: dict[str, Any]
) -> dict[str, Any]:
    component = provided.component
    return {
        "kind": component.kind,
        "name": component.name,
        "provider": provided.provider,
        "version": component.version,
        "summary": component.summary,
        "licence": component.licence,
        "citation": component.citation,
        "training_data": list(component.training_data),
        "determinism": component.determinism,
        "gpu_determinism": component.gpu_determinism,
        "aliases": dict(component.aliases),
        "assets": [vars(asset) for asset in component.assets],
        "presets": presets,
        "params": schema,
    }


def reproducibility(component: Component) -> str:
    """For people, such as ``bit-exact, on a GPU within 1/255``."""
    gpu = component.gpu_determinism
    exact = "bit-exact" if component.determinism == "exact" else component.determinism
    return exact + (f", on a GPU {gpu}" if gpu else "")


def _describe(provided: RegisteredComponent, schema: dict[str, Any], presets: list[str]) -> None:
    component = provided.component
    say(
        f"{component.kind} {component.name} (version {component.version}, "
        f"{provided.dist} {provided.dist_version})"
    )
    say(f"  {component.summary}")
    for label, value in (
        ("licence", component.licence),
        ("citation", component.citation),
        ("trained on", ", ".join(component.training_data)),
        ("also known as", ", ".join(component.aliases)),
        ("presets", ", ".join(presets)),
        ("reproducibility", reproducibility(component) if component.kind == "generator" else ""),
    ):
        if value:
            say(f"  {label}: {value}")
    for asset in component.assets:
        say(f"  asset {asset.name}: {asset.summary}; {asset.licence}; from {asset.source}")
    say("  parameters:")
    for name, field in schema.get("properties", {}).items():
        default = json.dumps(field.get("default"))
        about = field.get("description", "")
        say(f"    {name} = {default}".rstrip())
        if about:
            say(f"        {about}")
