"""The data card of face sets: what was measured, under the questions that a reader asks."""

from harness.reporting.card.card import write_card

__all__ = ["write_card"]
