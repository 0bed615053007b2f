"""The comparison as text: Markdown, LaTeX, CSV and the terminal's summary."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from harness.reporting.tables.columns import MetricColumn, differing
from harness.reporting.tables.escapes import (
    csv_text,
    latex_text,
    markdown_cell,
    markdown_item,
    one_line,
)
from harness.reporting.tables.matrix import Entry, Matrix
from harness.reporting.tables.row_columns import row_columns, shown_columns
from harness.results import numbers

if TYPE_CHECKING:
    pass

NAMED_CELLS = 3
ALTERED = "altered"
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


def cell_text(entry: Entry | None, column: MetricColumn, notes: Notes) -> str:
    """``84.12 % [83.2, 85.0]`` with footnote marks, ``failed [1]``, or a dash if never run."""
    if entry is None:
        return "-"
    if entry.failure:
        return f"failed [{notes.mark(entry.failure)}]"
    estimate = entry.estimate
    if estimate is None:
        mark = notes.mark(entry.note or "not measurable")
        return f"{numbers.MISSING} [{mark}]"
    text = numbers.measured(estimate.value, estimate.low, estimate.high, column.unit, column.count)
    if entry.altered:
        text = f"{ALTERED} {text}"
    mark = notes.mark(entry.note)
    return f"{text} [{mark}]" if mark else text


def column_titles(matrix: Matrix) -> list[str]:
    """``lfw accuracy``, with ``(a)``, ``(b)`` where the protocols differ."""
    return [f"{c.title} ({c.variant})" if c.variant else c.title for c in matrix.columns]


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


def markdown(matrix: Matrix) -> str:
    """The comparison as a Markdown table; best in bold, second best in italics."""
    notes = Notes()

    def text(entry: Entry | None, column: MetricColumn) -> str:
        wrap = {"best": "**", "second": "*"}.get(entry.rank if entry else "", "")
        return f"{wrap}{cell_text(entry, column, notes)}{wrap}"

    head = [markdown_cell(title) for title in _head(matrix)]
    table = pipe(head, _rows(matrix, text, markdown_cell), _align(matrix))
    return "\n".join([table, "", *footer_lines(matrix, notes, markdown_item)]) + "\n"


def plain(matrix: Matrix) -> str:
    """The comparison for a terminal; best marked ``*``, second best ``+``."""
    notes = Notes()

    def text(entry: Entry | None, column: MetricColumn) -> str:
        mark = {"best": " *", "second": " +"}.get(entry.rank if entry else "", "")
        return cell_text(entry, column, notes) + mark

    head, rows = [one_line(title) for title in _head(matrix)], _rows(matrix, text, one_line)
    table = tabulate(rows, head, tablefmt="simple", disable_numparse=True, colalign=_align(matrix))
    return "\n".join([table, "", *footer_lines(matrix, notes, one_line)]) + "\n"


def latex(matrix: Matrix) -> str:
    """The comparison for ``booktabs``; needs ``\\usepackage{booktabs}``."""
    notes = Notes()

    def text(entry: Entry | None, column: MetricColumn) -> str:
        body = latex_text(cell_text(entry, column, notes))
        command = {"best": r"\textbf", "second": r"\underline"}.get(entry.rank if entry else "")
        return f"{command}{{{body}}}" if command else body

    shape = "".join({"left": "l", "right": "r"}[side] for side in _align(matrix))
    body = [" & ".join(row) + r" \\" for row in _rows(matrix, text, latex_text)]
    head = " & ".join(latex_text(title) for title in _head(matrix)) + r" \\"
    lines = [rf"\begin{{tabular}}{{{shape}}}", r"\toprule", head, r"\midrule", *body]
    lines.append(r"\bottomrule")
    footer = [rf"\par\footnotesize {latex_text(line)}" for line in footer_lines(matrix, notes, str)]
    return "\n".join([*lines, r"\end{tabular}", *footer]) + "\n"


def comma_separated(matrix: Matrix) -> str:
    """The comparison as CSV in full precision: value, low and high of every column.

    An altered number is left out, because a number of this table cannot carry a mark.
    """
    facts = row_columns(matrix)
    head = [fact.csv for fact in facts]
    for title in column_titles(matrix):
        head += [csv_text(title), csv_text(f"{title} low"), csv_text(f"{title} high")]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for row in matrix.rows:
        values = (fact.value(row) for fact in facts)
        line: list[object] = [csv_text(v) if isinstance(v, str) else v for v in values]
        for column in matrix.columns:
            entry = matrix.entry(row, column)
            found = entry.estimate if entry and not entry.altered else None
            line += [found.value, found.low, found.high] if found else [None, None, None]
        writer.writerow(line)
    return out.getvalue()


def pipe(head: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str]) -> str:
    """A Markdown table."""
    return str(tabulate(rows, head, tablefmt="pipe", disable_numparse=True, colalign=align))


def _head(matrix: Matrix) -> list[str]:
    return [*(column.title for column in shown_columns(matrix)), *column_titles(matrix)]


def _align(matrix: Matrix) -> list[str]:
    sides = ["right" if column.numeric else "left" for column in shown_columns(matrix)]
    return [*sides, *["right"] * len(matrix.columns)]


def _rows(
    matrix: Matrix,
    text: Callable[[Entry | None, MetricColumn], str],
    escape: Callable[[str], str],
) -> list[list[str]]:
    facts = shown_columns(matrix)
    return [
        [
            *(escape(fact.cell(row)) for fact in facts),
            *(text(matrix.entry(row, column), column) for column in matrix.columns),
        ]
        for row in matrix.rows
    ]


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
    arm, found, row, column = max(wide, key=lambda item: item[0])
    then = found.with_one_more_seed()
    text = (
        "Intervals over 2 seeds are wide because two numbers hardly tell their spread: Student's t "
        "with 1 degree of freedom reaches 12.7 standard errors to each side, with 2 it is 4.3. If "
        f"seeds vary as here, a third would narrow the widest, ±{100 * arm:.2f} points "
        f"({row.title} on {column.title}), to about ±{100 * then:.2f}."
    )
    return [text]


def footer_lines(
    matrix: Matrix, notes: Notes, escape: Callable[[str], str], *, ranks: bool = True
) -> list[str]:
    """What is under a comparison, each line escaped for the form of the table."""
    return [escape(line) for line in footer(matrix, notes, ranks=ranks)]
