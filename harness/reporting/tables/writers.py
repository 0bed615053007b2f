"""A table as text: Markdown, LaTeX, CSV, JSON, HTML, and aligned for a terminal.

Each writer makes lines before the rows, a line per row, and lines after them, so that the page can
copy rows in the order in which they are shown without a writer of its own.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from tabulate import tabulate

from harness.reporting.tables.escapes import csv_text, latex_text, markdown_cell, one_line
from harness.reporting.tables.grid import Box, Grid, Value

Form = Literal["md", "tex", "csv", "json", "html", "text"]


@dataclass(frozen=True)
class Lines:
    """A table as lines; ``rows`` has one for each row, the others are before and after them."""

    before: list[str]
    rows: list[str]
    after: list[str]

    @property
    def text(self) -> str:
        """All lines, ending with a line break."""
        return "\n".join([*self.before, *self.rows, *self.after]).rstrip("\n") + "\n"


def write(grid: Grid, form: Form) -> str:
    """The table in one of the forms, ending with a line break."""
    return FORMS[form](grid)


def markdown(grid: Grid, *, heading: bool = True, item: str = "- ") -> str:
    """A pipe table, best in bold and second best in italics, and a line for every footnote."""
    return _markdown(grid, heading=heading, item=item).text


def _markdown(grid: Grid, *, heading: bool = True, item: str = "- ") -> Lines:
    marks = {"best": "**{}**", "second": "*{}*"}
    head = [markdown_cell(head.plain) for head in grid.shown_heads]
    table = pipe(head, _cells(grid, markdown_cell, marks), _sides(grid)).split("\n")
    before = [f"### {markdown_cell(grid.caption)}", ""] if heading else []
    return Lines(
        [*before, *table[:2]], table[2:],
        ["", *(item + markdown_cell(note) for note in grid.notes)],
    )  # fmt: skip


def terminal(grid: Grid) -> str:
    """Columns aligned with spaces; best marked ``*``, second best ``+``."""
    marks = {"best": "{} *", "second": "{} +"}
    head, rows = [one_line(head.plain) for head in grid.shown_heads], _cells(grid, one_line, marks)
    table = tabulate(rows, head, tablefmt="simple", disable_numparse=True, colalign=_sides(grid))
    return "\n".join([table, "", *map(one_line, grid.notes)]).rstrip("\n") + "\n"


def latex(grid: Grid, *, booktabs: bool = True) -> str:
    """A ``tabular`` that plain pdflatex takes; with ``booktabs`` it needs that package."""
    return _latex(grid, booktabs=booktabs).text


def _latex(grid: Grid, *, booktabs: bool = True) -> Lines:
    marks = {"best": r"\textbf{{{}}}", "second": r"\underline{{{}}}"}
    rules = (r"\toprule", r"\midrule", r"\bottomrule") if booktabs else (r"\hline",) * 3
    needs = [r"% needs \usepackage{booktabs}"] if booktabs else []
    before = [
        f"% {one_line(grid.caption)}",
        *needs,
        rf"\begin{{tabular}}{{{''.join(side[0] for side in _sides(grid))}}}",
        rules[0],
        _ampersands([latex_text(head.plain) for head in grid.shown_heads]),
        rules[1],
    ]
    # In a group: the text of the paper behind the table keeps its size.
    notes = [rf"\par{{\footnotesize {latex_text(note)}\par}}" for note in grid.notes]
    rows = [_ampersands(row) for row in _cells(grid, latex_text, marks)]
    return Lines(before, rows, [rules[2], r"\end{tabular}", *notes])


def comma_separated(grid: Grid) -> str:
    """The rows in full precision as CSV, with a line of names."""
    return _comma_separated(grid).text


def _comma_separated(grid: Grid) -> Lines:
    names = list(dict.fromkeys(name for head in grid.heads for name in head.names or (head.plain,)))
    head = _csv_line([csv_text(name) for name in names])
    rows = [_csv_line([_csv_value(record[name]) for name in names]) for record in grid.records]
    return Lines([head], rows, [])


def json_lines(grid: Grid) -> str:
    """The rows in full precision, one JSON object per line."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in grid.records)


def html(grid: Grid) -> str:
    """A plain ``table`` element for notebooks; every text is escaped."""
    head = "".join(f"<th{_right(head.numeric)}>{escape(head.plain)}</th>"
                   for head in grid.shown_heads)  # fmt: skip
    tags = {"best": "<b>{}</b>", "second": "<u>{}</u>"}
    rows = [
        "".join(
            f"<td{_right(head.numeric)}>{text}</td>"
            for head, text in zip(grid.shown_heads, row, strict=True)
        )
        for row in _cells(grid, escape, tags)
    ]
    notes = "".join(f"<li>{escape(note)}</li>" for note in grid.notes)
    lines = [f"<table><caption>{escape(grid.caption)}</caption>", f"<thead><tr>{head}</tr></thead>",
             "<tbody>", *(f"<tr>{row}</tr>" for row in rows), "</tbody></table>"]  # fmt: skip
    return "\n".join([*lines, f"<ul>{notes}</ul>" if notes else ""]).rstrip("\n") + "\n"


def copies(grid: Grid) -> dict[str, dict[str, list[str]]]:
    """Lines of the forms that the page can copy."""
    made = {
        "markdown": _markdown(grid, heading=False),
        "latex": _latex(grid),
        "csv": _comma_separated(grid),
    }
    return {
        form: {"before": lines.before, "rows": lines.rows, "after": lines.after}
        for form, lines in made.items()
    }


def pipe(head: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str]) -> str:
    """A Markdown table."""
    return str(tabulate(rows, head, tablefmt="pipe", disable_numparse=True, colalign=align))


FORMS: Mapping[Form, Callable[[Grid], str]] = {
    "md": markdown, "tex": latex, "csv": comma_separated, "json": json_lines, "html": html,
    "text": terminal,
}  # fmt: skip


def _cells(grid: Grid, escaped: Callable[[str], str], marks: Mapping[str, str]) -> list[list[str]]:
    def cell(box: Box) -> str:
        return marks.get(box.mark, "{}").format(escaped(box.plain))

    return [[cell(box) for box in row] for row in grid.shown_rows]


def _sides(grid: Grid) -> list[str]:
    return ["right" if head.numeric else "left" for head in grid.shown_heads]


def _ampersands(texts: Sequence[str]) -> str:
    return " & ".join(texts) + r" \\"


def _right(numeric: bool) -> str:
    return ' style="text-align: right"' if numeric else ""


def _csv_value(value: Value) -> Value:
    return csv_text(value) if isinstance(value, str) else value


def _csv_line(values: Sequence[Value]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()
