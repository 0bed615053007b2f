"""The columns of a comparison that describe its rows.

A new one is one line here, for what :class:`MatrixRow` has: the page, Markdown, LaTeX, CSV, JSON
and the table that a run prints follow.
"""

from __future__ import annotations

from harness.reporting.tables.matrix import Matrix, MatrixRow
from harness.reporting.tables.measured_metric import RowMeasure
from harness.reporting.tables.table_column import TableColumn

RowColumn = TableColumn[MatrixRow]


def row_columns(matrix: Matrix) -> list[RowColumn]:
    """All columns, in their order; CSV has every one."""
    return [
        TableColumn("Generator", "generator", lambda row: row.generator,
                    text=lambda row: row.source),
        TableColumn("IDs", "identities", lambda row: row.identities, numeric=True),
        TableColumn("Images", "images", lambda row: row.images, numeric=True,
                    long=False),
        TableColumn("Model", "model", lambda row: row.model),
        TableColumn("Input", "input", lambda row: row.input),
        TableColumn("Seeds", "seeds", lambda row: matrix.seeds(row)[1] or None, numeric=True,
                    text=lambda row: _seeds(matrix, row), long=False),
        *map(_measured, matrix.measures),
        TableColumn("", "limited", lambda row: row.limited, numeric=True),
    ]  # fmt: skip


def _measured(measure: RowMeasure) -> RowColumn:
    def value(row: MatrixRow) -> float | None:
        return measure.values.get(row.id)

    return TableColumn(measure.title, measure.name, value, numeric=True,
                       text=lambda row: _number(value(row)))  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def shown_columns(matrix: Matrix) -> list[RowColumn]:
    """The columns that tables show: those in which a row has something to say."""
    return [column for column in row_columns(matrix) if column.title and _useful(column, matrix)]


def _useful(column: RowColumn, matrix: Matrix) -> bool:
    values = {column.value(row) for row in matrix.rows} - {None, ""}
    return len(values) > 1 if column.title == "Input" else bool(values)


def _seeds(matrix: Matrix, row: MatrixRow) -> str:
    low, high = matrix.seeds(row)
    return str(high or "") if low == high else f"{low} to {high}"
