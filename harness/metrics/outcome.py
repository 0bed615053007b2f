"""The outcome of a measurement that the data cannot support."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """Stands where a number would stand; ``reason`` is one sentence for the reader of the table."""

    reason: str
