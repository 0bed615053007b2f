"""What is under a comparison: footnotes, differences of protocols, warnings and limits."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reporting.tables.columns import MetricColumn, differing
from harness.reporting.tables.matrix import Matrix

NAMED_CELLS = 3
MARKS = "Best and second best are marked where a row is significantly ahead of every lower row."


class Notes:
    """Footnotes in order of appearance; equal texts share a mark."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def mark(self, text: str) -> str:
        """The mark of a text: ``1``, ``2``, ...; empty for an empty text."""
        if not text:
            return ""
        if text not in self.texts:
            self.texts.append(text)
        return str(self.texts.index(text) + 1)

    def lines(self) -> list[str]:
        """``[1] text`` for every footnote."""
        return [f"[{i}] {text}" for i, text in enumerate(self.texts, start=1)]


def protocol_notes(columns: Sequence[MetricColumn]) -> list[str]:
    """One line for every column that is apart because its protocol differs."""
    groups: dict[str, list[MetricColumn]] = {}
    for column in columns:
        if column.variant:
            groups.setdefault(column.title, []).append(column)
    lines = []
    for title, group in groups.items():
        table = differing(column.protocol for column in group)
        for index, column in enumerate(group):
            facts = ", ".join(f"{key}={values[index]}" for key, values in table.items())
            lines.append(f"({column.variant}) {title}: {facts}")
    return lines


def warning_lines(matrix: Matrix) -> list[str]:
    """Every warning of the results of a comparison, once, with the cells that it is about."""
    about: dict[str, list[str]] = {}
    for row in matrix.rows:
        for column in matrix.columns:
            entry = matrix.entry(row, column)
            for text in entry.warnings if entry else ():
                cell = f"{row.title} on {column.bench}"
                if cell not in about.setdefault(text, []):
                    about[text].append(cell)
    return [f"Warning ({_first(cells)}): {text}" for text, cells in about.items()]


def _first(cells: Sequence[str]) -> str:
    """The cells by name, or how many there are."""
    return ", ".join(cells) if len(cells) <= NAMED_CELLS else f"{len(cells)} cells"


def footer(matrix: Matrix, notes: Notes, *, ranks: bool = True) -> list[str]:
    """What is under a comparison: protocol differences, footnotes, limits and marks."""
    lines = protocol_notes(matrix.columns) + notes.lines() + warning_lines(matrix)
    lines += wide_lines(matrix)
    if any(row.limited for row in matrix.rows):
        lines.append("[limited N] runs saw only N identities and pairs; they are never ranked.")
    if ranks and any(entry.rank for entry in matrix.entries.values()):
        lines.append(MARKS)
    if ranks and matrix.significance:
        lines.append(matrix.significance)
    return lines


def wide_lines(matrix: Matrix) -> list[str]:
    """Why intervals over two seeds are wide, and what a third would do, by the widest of them."""
    wide = [
        (found.half_width or 0.0, found, row, column)
        for row in matrix.rows
        for column in matrix.columns
        if (entry := matrix.entry(row, column)) and (found := entry.estimate)
        if found.seeds == 2 and found.half_width and column.unit == "fraction"
    ]
    if not wide:
        return []
    text = (
        "Intervals over 2 seeds are wide because two numbers hardly tell their spread: Student's t "
        "with 1 degree of freedom reaches 12.7 standard errors to each side, with 2 it is 4.3."
    )
    # An interval that ends at 0 or 100 % is cut: what a third seed would do does not show there.
    narrowed = [item for item in wide if item[1].with_one_more_seed() < item[0]]
    if narrowed:
        arm, found, row, column = max(narrowed, key=lambda item: item[0])
        text += (
            f" If seeds vary as here, a third would narrow the widest, ±{100 * arm:.2f} points "
            f"({row.title} on {column.title}), to about ±{100 * found.with_one_more_seed():.2f}."
        )
    return [text]
