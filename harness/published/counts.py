"""How many comparisons stand behind a published number, where the protocol fixes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.published.records import PublishedNumber

PAIRS: Mapping[str, int] = {
    "lfw": 6000, "calfw": 6000, "cplfw": 6000, "agedb-30": 6000, "cfp-fp": 7000, "cfp-ff": 7000,
    "multipie": 6000,
    "rfw/african": 6000, "rfw/asian": 6000, "rfw/caucasian": 6000, "rfw/indian": 6000,
}  # fmt: skip
"""Pairs of each benchmark's complete list."""

GENUINE: Mapping[str, int] = {"ijba": 1803, "ijbb": 10_270, "ijbc": 19_557}
"""Genuine pairs behind a TAR; of IJB-A those of one split, since all ten are of the same people."""


def trials(record: PublishedNumber) -> int | None:
    """Comparisons that decide a printed accuracy or TAR, or None where unknown."""
    if record.metric == "accuracy":
        return PAIRS.get(record.benchmark)
    return GENUINE.get(record.benchmark) if record.metric.startswith("tar@") else None
