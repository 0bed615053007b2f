"""One table of texts as Markdown, LaTeX or CSV, with its footnotes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.reporting.tables.escapes import csv_text, latex_text, markdown_cell, one_line
from harness.reporting.tables.render import pipe
from harness.reporting.tables.table_column import Item, TableColumn

Format = Literal["md", "tex", "csv"]


@dataclass
class TextTable:
    """Heads, rows of texts, and footnotes; ``records`` are the same rows in full precision."""

    caption: str
    heads: Sequence[str]
    right: frozenset[str]  # heads of columns that are at the right
    rows: list[list[str]] = field(default_factory=list)
    records: list[Mapping[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, caption: str, columns: Sequence[TableColumn[Item]], items: Iterable[Item]
    ) -> TextTable:
        """A row for every item; columns without a title are in the records alone."""
        shown = [column for column in columns if column.title]
        right = frozenset(column.title for column in shown if column.numeric)
        made = cls(caption, [column.title for column in shown], right)
        for item in items:
            made.rows.append([column.cell(item) for column in shown])
            made.records.append({column.csv: column.value(item) for column in columns})
        return made

    def render(self, form: Format) -> str:
        """The table in one of the formats, ending with a line break."""
        return {"md": self.markdown, "tex": self.latex, "csv": self.comma_separated}[form]()

    def markdown(self) -> str:
        """A heading, a pipe table, and a line for every footnote."""
        rows = [[markdown_cell(text) for text in row] for row in self.rows]
        table = pipe([markdown_cell(head) for head in self.heads], rows, self._sides())
        notes = [f"- {markdown_cell(note)}" for note in self.notes]
        return (
            "\n".join([f"### {markdown_cell(self.caption)}", "", table, "", *notes]).rstrip() + "\n"
        )

    def latex(self) -> str:
        """A ``booktabs`` table; needs ``\\usepackage{booktabs}``."""
        shape = "".join(side[0] for side in self._sides())
        lines = [
            f"% {one_line(self.caption)}",
            rf"\begin{{tabular}}{{{shape}}}",
            r"\toprule",
            _row(self.heads),
            r"\midrule",
            *map(_row, self.rows),
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\footnotesize {latex_text(note)}" for note in self.notes),
        ]
        return "\n".join(lines) + "\n"

    def comma_separated(self) -> str:
        """The records as CSV, with a line of names."""
        out = io.StringIO()
        names = list(dict.fromkeys(name for record in self.records for name in record))
        writer = csv.DictWriter(out, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {
                name: csv_text(value) if isinstance(value, str) else value
                for name, value in record.items()
            }
            for record in self.records
        )
        return out.getvalue()

    def _sides(self) -> list[str]:
        return ["right" if head in self.right else "left" for head in self.heads]


def _row(texts: Sequence[str]) -> str:
    return " & ".join(map(latex_text, texts)) + r" \\"
