"""What is declared about data: licence, source and layout, for the page of licences."""

from __future__ import annotations

import re

from component_pages import cell, page_name

from harness._plugins.registry import Registry
from harness.components import Asset

MARK = re.compile(r"^<!-- asset ([\w.-]+) -->$", flags=re.MULTILINE)
"""Where a page wants the declaration of an asset."""


def filled(text: str, registry: Registry) -> str:
    """A page with every mark replaced; raises ``LookupError`` for an asset nobody declares."""
    return MARK.sub(lambda found: _declaration(found[1], registry), text)


def marked(text: str) -> set[str]:
    """The assets whose declarations a page shows."""
    return set(MARK.findall(text))


def _declaration(name: str, registry: Registry) -> str:
    users = [
        one.component for one in registry.components if name in map(_name, one.component.assets)
    ]
    if not users:
        raise LookupError(f"no installed component declares the asset {name}")
    asset = next(asset for asset in users[0].assets if asset.name == name)
    links = [f"[`{user.name}`](../reference/{page_name(user)}.md)" for user in users]
    rows = [
        ("what", asset.summary),
        ("licence", asset.licence),
        ("from", asset.source),
        ("layout", asset.layout),
        ("used by", ", ".join(links)),
        ("link", f"`harness assets link {name} PATH`"),
    ]
    lines = [f"| `{name}` | |", "|---|---|"]
    lines += [f"| {label} | {_words(label, value)} |" for label, value in rows if value]
    return "\n".join(lines)


def _words(label: str, value: str) -> str:
    return cell(value) if label in ("used by", "link") else cell(value).replace("<", "&lt;")


def _name(asset: Asset) -> str:
    return asset.name
