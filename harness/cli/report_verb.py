"""``harness report``."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import open_registry
from harness.errors import UsageError
from harness.lifecycle import ReportWritten
from harness.slow_work import shown_if_slow
from harness.terminal import say, say_page

if TYPE_CHECKING:
    from harness._plugins.registry import Registry
    from harness.reporting.figures.for_paper import Format
    from harness.reporting.page.page import PairLooker


@click.command(name="report")
@click.argument("studies", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder to write to  [default: report/ of the first study]",
)
@click.option("--html", "formats", flag_value="html", multiple=True, help="Write HTML (default).")
@click.option("--md", "formats", flag_value="md", multiple=True, help="Write Markdown.")
@click.option("--tex", "formats", flag_value="tex", multiple=True, help="Write LaTeX (booktabs).")
@click.option("--csv", "formats", flag_value="csv", multiple=True, help="Write CSV.")
@click.option(
    "--figures",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write every figure to a file in DIR, for a paper.",
)
@click.option(
    "--format",
    "figure_format",
    type=click.Choice(["pdf", "svg", "png"]),
    help="Format of --figures  [default: pdf]",
)
@click.option(
    "--size",
    metavar="W[xH]",
    help="Size of --figures in inches, such as 3.5x2.4; without H in proportion  [default: 3.5]",
)
@click.option(
    "--templates",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of templates that override the built-in ones.",
)
@click.option("--pairs", type=int, metavar="N",
              help="Show the N worst impostor and genuine pairs of each result as pictures in the "
              "page; mind the licence of the images.")  # fmt: skip
@click.option("--extract", "from_page", is_flag=True,
              help="Get results out of HTML reports, as JSON lines or into -o DIR.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print all numbers as JSON instead.")
@click.pass_obj
def command(
    obj: dict[str, Any],
    studies: tuple[Path, ...],
    out: Path | None,
    formats: tuple[str, ...],
    figures: Path | None,
    figure_format: Format | None,
    size: str | None,
    templates: tuple[Path, ...],
    pairs: int | None,
    *,
    from_page: bool,
    as_json: bool,
) -> int:
    """Render one or more studies; computes no model.

    \b
    Examples:
      harness report study
      harness report study --pairs 12
      harness report study-a study-b -o comparison --html --tex
      harness report study --figures paper/figures --format pdf --size 3.5x2.4
      harness report --extract report.html -o study
    """
    _need_figures(figures, {"--format": figure_format, "--size": size})
    if pairs is not None:
        elsewhere = from_page or as_json or (figures is not None and not formats)
        _need_page(pairs, shown=not elsewhere and (not formats or "html" in formats))
    if from_page:
        return _extract(studies, out)
    if as_json:
        from harness.api import load_study

        for study in studies:
            say_page(load_study(study).frame().to_json(orient="records", lines=True), nl=False)
        return 0
    if figures is not None:
        _write_figures(studies, figures, figure_format or "pdf", size or "3.5")
        if not formats:
            return 0
    from harness.reporting import pictures_missing, render

    registry = open_registry(obj)
    extra = registry.templates()
    count = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    with shown_if_slow(f"rendering the report of {count}", partial(say, err=True)):
        pages = render(
            studies,
            out or studies[0] / "report",
            set(formats) or {"html", "md"},
            [*templates, *extra],
            registry.report_sections,
            None if pairs is None else _looker(registry, pairs),
        )
    registry.call("harness_report_written", report=ReportWritten(studies[0], tuple(pages)))
    if why := pictures_missing():
        say(f"harness: {why}", err=True)
    for page in pages:
        say(page)
    return 0


def _need_figures(figures: Path | None, flags: dict[str, object]) -> None:
    for flag, value in flags.items():
        if value and figures is None:
            raise UsageError(f"{flag} is of figures; give --figures DIR")


def _need_page(pairs: int, *, shown: bool) -> None:
    from harness.reporting.sections.pairs_to_see import require_count

    require_count(pairs)
    if not shown:
        raise UsageError("--pairs is of the HTML page; add --html or leave out the other output")


def _looker(registry: Registry, count: int) -> PairLooker:
    from harness.reporting.sections.pairs_to_see import pairs_to_see
    from harness.store.artifacts import Store

    return partial(pairs_to_see, registry=registry, store=Store(), count=count)


def _write_figures(studies: tuple[Path, ...], out: Path, form: Format, size: str) -> None:
    from harness.reporting.page.writing import write_report_figures

    written, foreign = write_report_figures(studies, out, form, size)
    if foreign:
        say(
            f"harness: {foreign} is drawn with a font of this machine, or left out where it has "
            "none; label the components in Latin or Greek letters",
            err=True,
        )
    for path in written:
        say(path)


def _extract(pages: tuple[Path, ...], out: Path | None) -> int:
    """Print the results of reports, one JSON object per line, or make a study folder of them."""
    from harness.results.embedded import extract, write_study

    results = [result for page in pages for result in extract(page)]
    if out is None:
        for result in results:
            say(json.dumps(json.loads(result.to_json())))
    else:
        write_study(results, out)
        say(out)
    return 0
