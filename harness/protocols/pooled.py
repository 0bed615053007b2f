"""Cells of pooled templates, and what is said of those that zero features touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics.templates import TemplateLayout
from harness.protocols.base import Scores

POOLING_NOTES = "pooling_notes"


@dataclass(frozen=True, eq=False)
class Pooled:
    """A cell: unit ``templates`` float32 (T, D), or None where ``note`` says why there are none.

    With templates ``note`` counts the features and templates that are zero; usually it is empty.
    """

    name: str
    templates: NDArray[np.float32] | None
    note: str


def zero_features(rows: NDArray[Any], names: Sequence[str]) -> str:
    """How many there are and which is the first; ``rows`` (K,) of ``names``, rising."""
    return f"zero features: {rows.size:,}, the first of {names[int(rows[0])]}"


def note_of(
    rows: NDArray[Any] | None,
    templates: NDArray[np.float32],
    layout: TemplateLayout,
    names: Sequence[str],
) -> str:
    """What a computed cell says of zero features (``rows``, if any) and of zero templates."""
    said = []
    if rows is not None:
        said.append(f"{zero_features(rows, names)}; they add nothing to their templates")
    empty = layout.enrolled & ~templates.any(axis=1)
    if empty.any():
        first = layout.template_ids[np.argmax(empty)]
        said.append(f"zero templates: {int(empty.sum()):,}, the first is {first}; they score 0")
    return "; ".join(said)


class PoolingNotes:
    """The notes of the cells, split after split; kept beside the scores as text (K, 2)."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, list[int]]] = {}  # splits by note by cell
        self._splits = 1
        self._absent: set[str] = set()

    def add(self, cell: Pooled, split: int, splits: int) -> None:
        """Take the note of one cell in one split."""
        if cell.templates is None:
            self._absent.add(cell.name)
        self._splits = splits
        if cell.note:
            self._said.setdefault(cell.name, {}).setdefault(cell.note, []).append(split + 1)

    def keep(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Of columns by cell those of cells that were computed in every split."""
        return {name: values for name, values in cells.items() if name not in self._absent}

    def extra(self) -> dict[str, NDArray[Any]]:
        """As an extra array of :class:`Scores`; none where there is nothing to say."""
        rows = [
            [name, "; ".join(self._placed(*item) for item in said.items())]
            for name, said in self._said.items()
        ]
        return {POOLING_NOTES: np.array(rows)} if rows else {}

    def _placed(self, note: str, splits: list[int]) -> str:
        if self._splits == 1:
            return note
        return f"{note} (split {', '.join(str(number) for number in splits)})"


def pooling_notes(scores: Scores) -> dict[str, str]:
    """The notes of the cells of stored scores."""
    rows = scores.extra.get(POOLING_NOTES)
    return {} if rows is None else {str(name): str(note) for name, note in rows}


def warnings_of(notes: Mapping[str, str], headline: str) -> list[str]:
    """What a result must say: the headline's note, and that others were not computed."""
    absent = [name for name, note in notes.items() if "not computed: " in note]
    found = [f"{headline}: {notes[headline]}"] if headline in notes else []
    if absent:
        found.append(f"{', '.join(absent)}: {notes[absent[0]]}")
    return found
