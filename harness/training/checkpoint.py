"""Checkpoints that exist whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from harness.errors import DataError
from harness.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "checkpoint.pt"


def save(folder: Path, state: Mapping[str, Any]) -> None:
    """Replace the folder's checkpoint by ``state`` (tensors, numbers, strings, lists, dicts)."""
    with written_whole(folder / FILE) as aside:
        torch.save(dict(state), aside)


def load(folder: Path, device: str) -> dict[str, Any] | None:
    """The folder's checkpoint, or None. Raises DataError naming a file that cannot be read."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise DataError(
            f"{path} is no readable checkpoint ({error}); delete it to start this training anew"
        ) from error
    return dict(state)


def remove(folder: Path) -> None:
    """Delete the checkpoint and what an interrupted write left beside it."""
    for path in (folder / FILE, *folder.glob(".*.tmp")):
        path.unlink(missing_ok=True)
