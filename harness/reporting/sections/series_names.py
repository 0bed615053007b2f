"""Which results form one line of a figure, and what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.digests import digest
from harness.reporting.figures.series import rank_of
from harness.reporting.tables.columns import marks, rules
from harness.reporting.tables.labels import NO_GENERATOR

if TYPE_CHECKING:
    from harness.reporting.tables.matrix import Names
    from harness.results.schema import Result
    from harness.results.study import Cell


@dataclass(frozen=True)
class SeriesNames:
    """The name of every row of a study in its figures, and their order, which decides colours.

    Trainings that differ in their seed alone share a name. The generator is left out where a study
    has only one, and the model likewise.
    """

    names: Names
    order: tuple[str, ...] = ()

    @classmethod
    def of(cls, results: Sequence[Result], names: Names) -> SeriesNames:
        """The names of these results, in the order of the comparison table."""
        made = cls(names)
        rows = {names.row(result).id: result for result in results}
        ordered = sorted(rows.values(), key=lambda result: made._place(result))
        return cls(names, tuple(dict.fromkeys(made.label(result) for result in ordered)))

    def label(self, result: Result) -> str:
        """What a legend calls the row of a result."""
        row = self.names.row(result)
        limit = f" [limited {row.limited}]" if row.limited else ""
        if row.generator == NO_GENERATOR or len(set(self.names.generators.values())) == 1:
            return f"{row.model}{limit}"
        return row.source if len(set(self.names.models.values())) == 1 else row.title

    def _place(self, result: Result) -> tuple[object, ...]:
        row = self.names.row(result)
        return row.limited is not None, row.model, row.generator

    def grouped(self, cells: Iterable[Cell]) -> dict[str, list[Cell]]:
        """Cells of one benchmark by series, one per seed: of two, the newer.

        Where protocols differ, results of different rules are different series, marked (a), (b).
        """
        cells = list(cells)
        signatures = sorted({digest(rules(cell.result)) for cell in cells})
        letters = dict(zip(signatures, marks(len(signatures)), strict=True))
        found: dict[str, dict[tuple[int, int], Cell]] = {}
        for cell in sorted(cells, key=lambda cell: cell.result.created):
            letter = letters[digest(rules(cell.result))]
            label = f"{self.label(cell.result)} ({letter})" if letter else self.label(cell.result)
            seed = cell.result.seed
            found.setdefault(label, {})[seed.root, seed.repeat] = cell
        ranked = sorted(found, key=lambda label: (rank_of(label, self.order), label))
        return {label: list(found[label].values()) for label in ranked}
