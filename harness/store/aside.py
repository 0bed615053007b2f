"""Damaged artifacts: moved out of the store for inspection, so that they are computed again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from harness.errors import HarnessError
from harness.fileio.decoding import json_value
from harness.fileio.verified import DamagedError
from harness.store.artifacts import DAMAGE, Store


@dataclass(frozen=True)
class SetAside:
    """A damaged artifact that was moved: where it is, its kind and key, and what was wrong."""

    folder: Path
    kind: str
    key: str
    damage: str


class _DamageRecord(BaseModel):
    """``damage.json`` beside the files of an artifact that was set aside."""

    model_config = ConfigDict(strict=True)

    file: str
    reason: str


def set_aside(damage: DamagedError, *, shared: bool = False) -> str:
    """Move the artifact aside, and say so in one sentence.

    ``shared`` as for :class:`Store`. A store that cannot be written keeps it, which the sentence
    says.
    """
    store = Store(damage.folder.parents[3], shared=shared)
    try:
        moved = store.set_aside(damage)
    except HarnessError as error:
        raise HarnessError(f"{damage}, and it cannot be moved aside: {error}") from damage
    if moved is None:
        return f"{damage}, and another process has replaced it since"
    return f"{damage}; moved to {moved}"


def all_aside(store: Store) -> Iterator[SetAside]:
    """Every artifact that was set aside; one without a readable reason says nothing of it."""
    for folder in store.aside():
        try:
            record = _DamageRecord.model_validate(json_value((folder / DAMAGE).read_bytes()))
            said = f"{record.file} {record.reason}"
        except (OSError, ValueError):
            said = ""
        yield SetAside(folder, folder.parent.name, folder.name.partition(".")[0], said)
