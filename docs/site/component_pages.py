"""A reference page for every installed component, from its declaration and its parameters."""

from __future__ import annotations

from typing import Any

from schema_text import entry, literal

from harness._plugins.registry import RegisteredComponent, Registry
from harness.cli.show_verb import reproducibility
from harness.components import KINDS, Component, Params, plural
from harness.recipe.parameters import external_fields, params_class

TITLES = {
    "generator": "Generators",
    "model": "Models",
    "benchmark": "Benchmarks",
    "aligner": "Aligners",
    "measure": "Measures",
    "quality": "Quality of images",
    "attribute": "Attributes",
}
CONTENT = "The path enters no key, its content does."


def pages(registry: Registry) -> dict[str, str]:
    """Markdown by page name: one page per component, and one a kind that lists them."""
    made = {}
    for kind in KINDS:
        found = registry.of_kind(kind)
        names = [page_name(provided.component) for provided in found]
        made[plural(kind)] = _overview(TITLES[kind], found, names)
        made |= {name: _page(one) for name, one in zip(names, found, strict=True)}
    made["groups"] = _groups(registry)
    return made


def page_name(component: Component) -> str:
    """The page of a component, below ``reference/``."""
    return f"{component.kind}-{component.name}"


def _overview(title: str, found: list[RegisteredComponent], names: list[str]) -> str:
    rows = [
        f"| [`{one.component.name}`]({name}.md) | {cell(one.component.summary)} "
        f"| {', '.join(f'`{asset.name}`' for asset in one.component.assets) or '–'} |"
        for one, name in zip(found, names, strict=True)
    ]
    head = ["| name | what | needs |", "|---|---|---|"]
    toctree = ["```{toctree}", ":hidden:", *names, "```"]
    return "\n".join([f"# {title}", "", *head, *rows, "", *toctree, ""])


def _page(provided: RegisteredComponent) -> str:
    component, cls = provided.component, params_class(provided)
    schema = cls.model_json_schema()
    lines = [f"# `{component.name}`", "", f"{_sentence(component.summary)}", ""]
    lines += [f"{label}\n: {value}\n" for label, value in _facts(provided) if value]
    lines += _assets(component)
    lines += _presets(cls)
    lines += ["## Parameters", "", _sentence(str(schema.get("description", ""))), ""]
    lines += _fields(schema, _marks(cls), "###")
    for name, inner in schema.get("$defs", {}).items():
        lines += [f"## {name}", "", _sentence(str(inner.get("description", ""))), ""]
        lines += _fields(inner, {}, "###", prefix=f"{name}.")
    return "\n".join(lines)


def _facts(provided: RegisteredComponent) -> list[tuple[str, str]]:
    component = provided.component
    return [
        ("kind", component.kind),
        ("provided by", f"`{provided.provider}`, version {component.version}"),
        ("licence", component.licence),
        ("citation", component.citation),
        ("trained on", ", ".join(component.training_data)),
        ("also known as", ", ".join(f"`{name}`" for name in component.aliases)),
        ("can be trained", "yes" if component.trainable else ""),
        ("reproducibility", reproducibility(component) if component.kind == "generator" else ""),
        ("needs the extras", ", ".join(f"`{name}`" for name in component.extras)),
        ("needs the components", ", ".join(f"`{n}`" for n in component.requires_components)),
    ]


def _assets(component: Component) -> list[str]:
    lines: list[str] = []
    for asset in component.assets:
        lines += [f"needs `{asset.name}`"]
        lines += [
            f": {_sentence(asset.summary)} Licence: {asset.licence}. From: {asset.source}.",
            "",
        ]
    return lines


def _presets(cls: type[Params]) -> list[str]:
    if not cls.presets:
        return []
    lines = ["## Presets", "", "| `preset=` | sets |", "|---|---|"]
    for name, values in cls.presets.items():
        said = ", ".join(f"`{key}` = {literal(value)}" for key, value in values.items())
        lines.append(f"| `{name}` | {cell(said) or 'the defaults'} |")
    return [*lines, ""]


def _marks(cls: type[Params]) -> dict[str, str]:
    """What is special about a parameter beyond its value."""
    said = dict.fromkeys(cls.neutral, "It enters no key.")
    rules = getattr(cls, "scoring", frozenset())
    said |= dict.fromkeys(rules, "A rule of scoring: another value reuses the embeddings.")
    for name, mark in external_fields(cls).items():
        if mark.inside is not None:
            said[name] = f"A path below `{mark.inside}`."
        elif mark.asset is not None:
            said[name] = f"{CONTENT} `harness assets link {mark.asset} PATH` fills it."
        else:
            said[name] = CONTENT
    return said


def _fields(
    schema: dict[str, Any], marks: dict[str, str], level: str, prefix: str = ""
) -> list[str]:
    required = set(schema.get("required", ()))
    lines: list[str] = []
    for name, field in schema.get("properties", {}).items():
        lines += [f"{level} `{prefix}{name}`", "", entry(name, field, name in required), ""]
        about = " ".join(
            filter(None, [_sentence(field.get("description", "")), marks.get(name, "")])
        )
        lines += [about, ""] if about else []
    return lines


def _groups(registry: Registry) -> str:
    rows = [
        f"| `{group}` | {', '.join(f'[`{name}`](benchmark-{name}.md)' for name in names)} |"
        for group, names in sorted(registry.groups().items())
    ]
    return "\n".join(
        [
            "# Groups of benchmarks",
            "",
            "`-b GROUP` stands for all of its benchmarks.",
            "",
            "| group | benchmarks |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _sentence(text: str) -> str:
    text = plain(" ".join(text.replace("``", "`").split()))
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", ":", ";")) else ".")


def plain(text: str) -> str:
    """Text that Markdown leaves as it is, but for what is in backquotes."""
    parts = text.split("`")
    parts[::2] = [
        part.replace("<", "&lt;").replace("*", "\\*").replace("$", "\\$").replace("[", "\\[")
        for part in parts[::2]
    ]
    return "`".join(parts)


def cell(text: str) -> str:
    """Text for one cell of a table."""
    return text.replace("|", "\\|")
