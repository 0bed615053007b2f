"""Data the user must obtain: what it is called here, where it is, what is known of its licence.

The harness ships none of it. A link is a line in ``assets.json`` of the harness home, so that
recipes carry no paths.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter

from harness._plugins.registry import Registry
from harness.components import Asset
from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.fileio.atomic import write_text
from harness.fileio.decoding import json_value, reason
from harness.inputs import is_hidden
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
        """The linked path, or None. A link to nothing, or to a folder without files, is none."""
        path = self.all().get(name)
        return None if path is None or path_fault(path) else path

    def fault(self, name: str) -> str:
        """Why the link of an asset does not count; empty for a good link and for none."""
        path = self.all().get(name)
        return "" if path is None else path_fault(path)

    def add(self, name: str, path: Path, known: dict[str, Asset]) -> None:
        """Link ``name`` to a file or folder; raises ``UsageError`` for an unknown name."""
        if name not in known:
            raise UsageError(
                f"unknown asset {name!r}{did_you_mean(name, known, 'harness assets list')}"
            )
        if not path.exists():
            raise UsageError(f"{path} does not exist; give the folder or file of asset {name}")
        if fault := path_fault(path):
            raise UsageError(
                f"{fault}; put the files of asset {name} there first, or give their path"
            )
        links = {key: str(value) for key, value in self.all().items()}
        links[name] = str(path.resolve())
        write_text(self._file, json.dumps(links, indent=1, sort_keys=True) + "\n")


def path_fault(path: Path) -> str:
    """Why a path is no data at all; the files of an asset are checked elsewhere."""
    if not path.exists():
        return f"{path} is gone"
    if path.is_file():
        return "" if path.stat().st_size else f"{path} is an empty file"
    return "" if _holds_a_file(path) else f"{path} is a folder without files"


def _holds_a_file(folder: Path) -> bool:
    """Whether there is a file that is not hidden; ends at the first, so a large tree costs little.

    What cannot be read is named by those who read it.
    """
    pending, seen = [str(folder)], set()
    while pending:
        place = os.path.realpath(pending.pop())
        if place in seen:  # links may lead around in a circle
            continue
        seen.add(place)
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if is_hidden(entry.name):
                        continue
                    if entry.is_dir():
                        pending.append(entry.path)
                    elif entry.is_file():
                        return True
        except OSError:
            continue
    return False
