"""Checkpoints that exist whole or not at all; each ends in a digest of its content."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import DataError
from harness.fileio.atomic import written_whole
from harness.fileio.verified import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "checkpoint.pt"
MARK = b"harness sha256 "
"""Before the digest at the end of the file, 64 hexadecimal digits; absent in older releases."""


def save(folder: Path, state: Mapping[str, Any]) -> None:
    """Replace the folder's checkpoint by ``state`` (tensors, numbers, strings, lists, dicts)."""
    with written_whole(folder / FILE) as aside:
        torch.save(dict(state), aside)
        digest = sha256_of(aside)
        with aside.open("ab") as file:
            file.write(MARK + digest.encode())


def load(folder: Path, device: str) -> dict[str, Any] | None:
    """The folder's checkpoint, or None. Raises DataError naming a file that is damaged."""
    path = folder / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    end = len(content) - len(MARK) - 64
    if content[max(end, 0) :].startswith(MARK):
        digest, content = content[end + len(MARK) :], content[:end]
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise DataError(f"{path} is altered: its digest does not fit")
    try:
        state = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    except Exception as error:
        raise DataError(f"{path} is not a readable checkpoint ({error})") from error
    return dict(state)


def remove(folder: Path) -> None:
    """Delete the checkpoint and what an interrupted write left beside it."""
    for path in (folder / FILE, *folder.glob(".*.tmp")):
        path.unlink(missing_ok=True)
