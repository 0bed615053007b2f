"""Writing a report: the page and the tables of one or more studies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from harness.errors import NothingSelectedError, UsageError
from harness.fileio.atomic import write_text
from harness.fileio.names import require_no_links
from harness.reporting.compare.rows import judge_rows
from harness.reporting.figures.for_paper import Format, Size, foreign_letters, write_figures
from harness.reporting.page.page import Adder, PairLooker, figures, html, nothing
from harness.reporting.tables import render
from harness.reporting.tables.matrix import Matrix, build
from harness.results.study import load_study

TABLES: dict[str, Callable[[Matrix], str]] = {
    "md": render.markdown,
    "tex": render.latex,
    "csv": render.comma_separated,
}
FORMATS = ("html", *TABLES)


def write_report(
    folders: Sequence[Path],
    out: Path,
    formats: Iterable[str],
    templates: Sequence[Path] = (),
    add: Adder = nothing,
    look: PairLooker | None = None,
) -> list[Path]:
    """Write ``index.html`` and ``tables/comparison.*`` to ``out``; returns the files, HTML first.

    ``formats`` are of ``html``, ``md``, ``tex`` and ``csv``. Templates are looked for in the
    folders ``templates``, then among the built-in ones; ``add`` gives the sections of plugins, and
    ``look`` the worst pairs where the page is to show them. Raises ``UsageError`` for an unknown
    format, a missing folder or symbolic links where it would write, and ``NothingSelectedError``
    for studies without cells.
    """
    wanted = set(formats)
    unknown = sorted(wanted - set(FORMATS))
    if unknown:
        raise UsageError(f"unknown report format {unknown[0]!r}; choose from {', '.join(FORMATS)}")
    for folder in folders:
        if out.parent == folder:
            require_no_links(folder, out.name)
    require_no_links(out, "*", "tables/*")
    study = load_study(*folders)
    matrix = build(study.results, study.failures)
    tests = judge_rows(matrix, study.cells)
    written = []
    if "html" in wanted:
        written.append(out / "index.html")
        write_text(written[-1], html(study, matrix, tests, templates, add, look))
    for name, table in TABLES.items():
        if name in wanted:
            written.append(out / "tables" / f"comparison.{name}")
            write_text(written[-1], table(matrix))
    return written


def write_report_figures(
    folders: Sequence[Path], out: Path, form: Format = "pdf", size: str = "3.5"
) -> tuple[list[Path], str]:
    """Write every figure of the report to ``out``; see ``harness.reporting.figures.for_paper``.

    Returns the files, and letters that their font does not have. Raises ``UsageError`` for a size
    that is none and symbolic links where it would write, ``NothingSelectedError`` for a study
    without figures, and ``PrerequisiteError`` where figures cannot be drawn.
    """
    wanted = Size.of(size)
    require_no_links(out, "*")
    study = load_study(*folders)
    matrix = build(study.results, study.failures)
    found = figures(study, matrix, judge_rows(matrix, study.cells))
    if not found:
        raise NothingSelectedError("the study has no curves and no training to draw figures of")
    return write_figures(found, out, form, wanted), foreign_letters(found)
