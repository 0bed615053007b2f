"""Data the user must obtain: what it is called here, where it is, what is known of its licence.

The harness ships none of it. A link is a line in ``assets.json`` of the harness home, so that
recipes carry no paths.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter

from harness._plugins.registry import Registry
from harness.components import Asset
from harness.did_you_mean import did_you_mean
from harness.errors import PrerequisiteError, UsageError
from harness.fileio.atomic import write_text
from harness.fileio.decoding import json_value, reason
from harness.store.artifacts import Store


def declared(registry: Registry) -> dict[str, Asset]:
    """Every asset that an installed component declares, by name."""
    return {
        asset.name: asset for provided in registry.components for asset in provided.component.assets
    }


_LINKS = TypeAdapter(
    dict[str, Annotated[str, StringConstraints(strict=True, pattern=r"^[^\x00]+$")]]
)


class Links:
    """Where each asset is on this machine."""

    def __init__(self, store: Store) -> None:
        self._file = store.home / "assets.json"

    def all(self) -> dict[str, Path]:
        """Linked assets by name."""
        if not self._file.exists():
            return {}
        try:
            links = _LINKS.validate_python(json_value(self._file.read_bytes()))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{self._file} is damaged ({reason(error)}); delete it and link again"
            ) from None
        return {name: Path(path) for name, path in links.items()}

    def find(self, name: str) -> Path | None:
        """The linked path, or None. A link whose target is gone counts as none."""
        path = self.all().get(name)
        return path if path is not None and path.exists() else None

    def add(self, name: str, path: Path, known: dict[str, Asset]) -> None:
        """Link ``name`` to a file or folder; raises ``UsageError`` for an unknown name."""
        if name not in known:
            raise UsageError(
                f"unknown asset {name!r}{did_you_mean(name, known, 'harness assets list')}"
            )
        if not path.exists():
            raise UsageError(f"{path} does not exist; give the folder or file of asset {name}")
        links = {key: str(value) for key, value in self.all().items()}
        links[name] = str(path.resolve())
        write_text(self._file, json.dumps(links, indent=1, sort_keys=True) + "\n")


def missing_message(missing: dict[str, Asset | None]) -> PrerequisiteError:
    """One error that names every missing asset of all stages."""
    parts = []
    for name, asset in sorted(missing.items()):
        about = f" ({asset.summary}; {asset.licence}; from {asset.source})" if asset else ""
        fetch = f" or harness assets fetch {name}" if asset and asset.hub else ""
        parts.append(f"{name}{about}: harness assets link {name} PATH{fetch}")
    count = "asset is" if len(parts) == 1 else "assets are"
    return PrerequisiteError(f"{len(parts)} {count} missing; obtain and link: " + "; ".join(parts))
