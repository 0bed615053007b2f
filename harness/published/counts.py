"""How many comparisons a published number is computed from, where the protocol fixes it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.fileio.toml_files import read_toml

if TYPE_CHECKING:
    from harness.published.records import PublishedNumber

FILE = Path(__file__).with_name("comparisons.toml")


@cache
def complete_pairs() -> Mapping[str, int]:
    """Pairs of each benchmark's complete list; ``rfw/asian`` is a comparison of a benchmark."""
    return _table("pairs")


@cache
def genuine_pairs() -> Mapping[str, int]:
    """Genuine pairs behind a TAR of each benchmark."""
    return _table("genuine")


def _table(name: str) -> dict[str, int]:
    content, _ = read_toml(FILE)
    return {benchmark: int(count) for benchmark, count in content[name].items()}


def trials(record: PublishedNumber) -> int | None:
    """Comparisons that decide a published accuracy or TAR, or None where unknown."""
    if record.metric == "accuracy":
        return complete_pairs().get(record.benchmark)
    return genuine_pairs().get(record.benchmark) if record.metric.startswith("tar@") else None
