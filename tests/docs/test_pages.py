"""What the pages that are made from code hold; the built site is tested in ``test_site``."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from harness._plugins.discovery import load
from harness._plugins.registry import BUILTIN, RegisteredComponent, Registry
from harness.components import Asset, Component
from harness.store.assets import declared

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def registry():
    """The built-in components alone."""
    return load(autoload=False)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": "boolean"}, "`true` or `false`"),
        ({"type": "string", "format": "path"}, "path"),
        ({"enum": ["sum", "none"]}, "`sum` or `none`"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number or nothing"),
        ({"type": "array", "items": {"type": "number"}}, "list of number"),
        (
            {"type": "array", "prefixItems": [{"type": "number"}, {"const": 1}]},
            "list of (number, `1`)",
        ),
        ({"$ref": "#/$defs/Range"}, "[Range](#range)"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "table of text"),
        ({"oneOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}, "[A](#a) or [B](#b)"),
        ({}, "any value"),
    ],
)
def test_a_type_in_words(schema, text):
    from schema_text import type_text

    assert type_text(schema) == text


@pytest.mark.parametrize(
    ("name", "schema", "required", "text"),
    [
        ("yaw_deg", {"type": "number", "default": 0.5}, False, "number · default `0.5` · degrees"),
        ("size", {"type": "integer", "minimum": 1}, True, "integer · required · at least 1"),
        (
            "alpha",
            {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]},
            False,
            "number or nothing · default nothing · above 0",
        ),
        ("name", {"type": "string", "default": ""}, False, 'text · default `""`'),
    ],
)
def test_an_entry_says_type_default_unit_and_bounds(name, schema, required, text):
    from schema_text import entry

    assert entry(name, schema, required=required) == text


def test_every_component_has_a_page(registry):
    import component_pages

    made = component_pages.pages(registry)
    names = [f"{one.component.kind}-{one.component.name}" for one in registry.components]
    assert sorted(names) == sorted(
        name for name in made if name.split("-")[0] in component_pages.TITLES
    )
    for group, members in registry.groups().items():
        assert f"| `{group}` |" in made["groups"]
        assert all(f"benchmark-{name}.md" in made["groups"] for name in members)


def test_every_verb_and_option_is_on_its_page():
    import command_pages

    from harness.cli.main import VERBS, cli

    made = command_pages.pages()
    for verb in VERBS:
        command = cli.get_command(click.Context(cli), verb)
        for option in _options(command):
            assert option in made[f"command-{verb}"], f"{option} of {verb}"
        assert f"(command-{verb}.md)" in made["commands"]


def _options(command: click.Command) -> list[str]:
    found = [option for one in command.params for option in one.opts if not _hidden(one)]
    for inner in getattr(command, "commands", {}).values():
        found += _options(inner)
    return found


def _hidden(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument) or getattr(parameter, "hidden", False)


def test_the_page_of_licences_shows_every_declared_asset(registry):
    import asset_pages

    page = (DOCS / "data" / "licences.md").read_text(encoding="utf-8")
    assert asset_pages.marked(page) == set(declared(registry))
    filled = asset_pages.filled(page, registry)
    assert "<!-- asset" not in filled
    for asset in declared(registry).values():
        assert asset.licence.replace("|", "\\|") in filled
        assert asset.source.replace("|", "\\|") in filled


def test_an_asset_that_nobody_declares_is_refused():
    import asset_pages

    registry = Registry()
    asset = Asset("toys", "wooden | toys", "MIT", "the shop", "box/<n>")
    component = Component("model", "toy", 1, "a:B", "a:P", "a toy", assets=(asset,))
    registry.components.append(RegisteredComponent(component, BUILTIN, "1"))
    assert "| what | wooden \\| toys |" in asset_pages.filled("<!-- asset toys -->", registry)
    assert "| layout | box/&lt;n> |" in asset_pages.filled("<!-- asset toys -->", registry)
    with pytest.raises(LookupError, match="no installed component declares the asset gone"):
        asset_pages.filled("<!-- asset gone -->", registry)


def test_a_scaffolded_file_stands_where_it_is_wanted():
    import scaffold_pages

    page = scaffold_pages.filled("before\n<!-- scaffold model model.py -->\nafter")
    assert page.startswith("before\n```python\n")
    assert "class Acme(TorchModel)" in page
    assert page.endswith("```\nafter")
    with pytest.raises(KeyError):
        scaffold_pages.filled("<!-- scaffold model gone.py -->")
