"""The comparison in the forms that files and terminals take."""

from __future__ import annotations

from harness.reporting.tables import writers
from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.matrix import Matrix


def markdown(matrix: Matrix) -> str:
    """The comparison as a Markdown table; best in bold, second best in italics."""
    return writers.markdown(comparison(matrix), heading=False)


def plain(matrix: Matrix) -> str:
    """The comparison for a terminal; best marked ``*``, second best ``+``."""
    return writers.terminal(comparison(matrix))


def latex(matrix: Matrix) -> str:
    """The comparison for ``booktabs``; needs ``\\usepackage{booktabs}``."""
    return writers.latex(comparison(matrix))


def comma_separated(matrix: Matrix) -> str:
    """The comparison as CSV in full precision: value, low and high of every column.

    An altered number is left out, because a number of this table cannot carry a mark.
    """
    return writers.comma_separated(comparison(matrix))
