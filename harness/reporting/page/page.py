"""The HTML report: one file that needs nothing else."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.reporting.compare import environments
from harness.reporting.compare.rows import RowTests
from harness.reporting.compare.verdict import standings, verdict
from harness.reporting.figures.figure_embed import Figure
from harness.reporting.figures.series import COLOURS
from harness.reporting.figures.vega import VEGA
from harness.reporting.sections import (
    added,
    answers,
    benchmarks,
    face_sets,
    failures,
    fairness,
    generators,
    leaks,
    overview,
    published,
    records,
    training,
)
from harness.reporting.sections.series_names import SeriesNames
from harness.reporting.tables import redaction
from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.matrix import Matrix, Names
from harness.reporting.tables.writers import copies
from harness.results import numbers
from harness.results.embedded import ELEMENT, payload, script_json

if TYPE_CHECKING:
    from jinja2 import Environment

    from harness.components import ReportSection
    from harness.reporting.sections.pairs_to_see import PairsOfResult
    from harness.results.study import Study

PAGE, STYLE, SCRIPT = "page.jinja", "report.css", "report.js"
TABS = (
    ("overview", "Overview"), ("benchmarks", "Benchmarks"), ("fairness", "Fairness"),
    ("generators", "Generators"), ("training", "Training"), ("leaks", "Leaks"),
    ("failures", "Failures"), ("published", "Published"), ("protocols", "Protocols"),
    ("provenance", "Provenance"), ("environment", "Environment"),
)  # fmt: skip
FACE_SETS = ("face_sets", "Face sets")  # only where one was measured
PAIRS = ("pairs", "Pairs")  # only where they were asked for
ADDED = ("added", "From plugins")  # only where a plugin adds something
UNDER_MORE = ("published", "protocols", "provenance", "environment", "pairs", "added")
"""Tabs that are opened rarely; the others fit beside each other at 1280 pixels."""
Adder = Callable[["Study"], Sequence["ReportSection"]]
PairLooker = Callable[["Study"], Sequence["PairsOfResult"]]


def nothing(study: Study) -> Sequence[ReportSection]:
    """What is added where no plugin adds anything."""
    return ()


def html(
    study: Study,
    matrix: Matrix,
    tests: RowTests,
    templates: Sequence[Path] = (),
    add: Adder = nothing,
    look: PairLooker | None = None,
) -> str:
    """The page as text; ``tests`` are of the rows of ``matrix``, ``add`` gives plugins' sections.

    ``look`` gives the worst pairs, which are images of people and shown on request only.
    Raises ``UsageError`` for a template folder that is not there.
    """
    found = environment(templates)
    sections = added.blocks(add(study))
    pairs = None if look is None else look(study)
    return found.get_template(PAGE).render(context(study, matrix, tests, found, sections, pairs))


def figures(study: Study, matrix: Matrix, tests: RowTests) -> list[Figure]:
    """Every figure of the page, in its order."""
    return _figures(_sections(study, matrix, tests))


def environment(templates: Sequence[Path] = ()) -> Environment:
    """Templates of the given folders before the built-in ones; everything is escaped."""
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    import harness_reports

    for folder in templates:
        if not folder.is_dir():
            raise UsageError(f"no folder of templates at {folder}; give one that exists")
    built_in = Path(str(harness_reports.__file__)).parent
    loaders = [FileSystemLoader(folder) for folder in (*templates, built_in)]
    made = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["copies"] = lambda grid: Markup(script_json(copies(grid)))  # noqa: S704 (escaped)
    return made


def context(
    study: Study,
    matrix: Matrix,
    tests: RowTests,
    found: Environment,
    sections: Sequence[added.AddedBlock] = (),
    pairs: Sequence[PairsOfResult] | None = None,
) -> dict[str, Any]:
    """What the templates may use; the names are the public contract of ``page.jinja``."""
    from markupsafe import Markup

    shown = _sections(study, matrix, tests)
    drawn = _figures(shown)
    return {
        "title": _title(study),
        "verdict": verdict(matrix, tests, sum(bool(f.planned) for f in study.failures)),
        "counts": _counts(study),
        **shown,
        "added": sections,
        "pairs": pairs or (),
        "tabs": _tabs(sections, shown["face_sets"], asked_pairs=pairs is not None),
        "under_more": UNDER_MORE,
        "style": Markup(_source(found, STYLE)),  # noqa: S704 (files of the template folders)
        "script": Markup(_source(found, SCRIPT)),  # noqa: S704
        "viewer": _viewer() if drawn else "",
        "specs": {f.id: Markup(script_json(f.embedded)) for f in drawn},  # noqa: S704 (escaped)
        "stills": {f.id: Markup(f.svg) for f in drawn},  # noqa: S704 (Vega escapes its texts)
        "palette": Markup(script_json(COLOURS)),  # noqa: S704
        "data_id": ELEMENT,
        "data": Markup(script_json(payload(study.results))),  # noqa: S704 (escaped)
    }


def _tabs(
    added_blocks: Sequence[added.AddedBlock],
    measured: Sequence[face_sets.SetQuestion],
    *,
    asked_pairs: bool,
) -> tuple[tuple[str, str], ...]:
    """The tabs of the page; measured face sets follow the generators."""
    place = 1 + [tab for tab, _ in TABS].index("generators")
    shown = (*TABS[:place], FACE_SETS, *TABS[place:]) if measured else TABS
    shown = (*shown, PAIRS) if asked_pairs else shown
    return (*shown, ADDED) if added_blocks else shown


def _sections(study: Study, matrix: Matrix, tests: RowTests) -> dict[str, Any]:
    """What each tab shows, as plain data."""
    names = Names.of(study.results)
    series = SeriesNames.of(study.results, names)
    places = standings(matrix, tests)
    searched = leaks.searches(study)
    sources = generators.sources(study, names, searched)
    known = redaction.shown_values(study.results)
    return {
        "answers": answers.answers(study, matrix, names, tests),
        "comparison": comparison(matrix),
        "standings": overview.standing_grid(places, tests.note()) if places else None,
        "benches": benchmarks.benches(study, names, series),
        "groups": fairness.fairness(study, names, series),
        "sources": sources,
        "attributes": generators.attributes(study, sources),
        "face_sets": face_sets.face_sets(study),
        "training": training.training(study, names, series),
        "leaks": leaks.leaks(study, names, searched),
        "published": published.against(study),
        "protocols": records.protocols(study, names),
        "components": records.components(study),
        "origins": records.origins(study, names),
        "environments": records.environments(study),
        "environments_differ": environments.within(study),
        "recipes": [redaction.recipe(text, known) for text in study.recipes.values()],
        "failures": failures.broken(study),
        "enrolment": failures.enrolment(study, names),
        "damaged": failures.damaged(study),  # last: reading the rest may find more
    }


def _figures(shown: dict[str, Any]) -> list[Figure]:
    owners = [*shown["benches"], *shown["groups"], *shown["sources"], shown["attributes"],
              shown["training"]]  # fmt: skip
    figures = [figure for owner in owners for figure in owner.figures]
    return [*figures, *shown["training"].speed]


def _title(study: Study) -> str:
    return ", ".join(folder.resolve().name for folder in study.folders)


def _counts(study: Study) -> list[tuple[str, str]]:
    results = study.results
    versions = sorted({str(r.provenance.code.get("version", "unknown")) for r in results})
    dates = sorted(result.created for result in results)
    lines = [
        ("Results", f"{len(results):,}"),
        ("Failed stages", f"{len(study.failures):,}"),
        ("Root seed", ", ".join(map(str, sorted({result.seed.root for result in results})))),
        ("Repeats", f"{len({result.seed.repeat for result in results})}" if results else ""),
        ("Harness", ", ".join(versions)),
        ("Last result", numbers.moment(dates[-1]) if dates else ""),
    ]
    return [(name, text) for name, text in lines if text]


def _source(found: Environment, name: str) -> str:
    assert found.loader is not None
    return found.loader.get_source(found, name)[0]


def _viewer() -> str:
    """The viewer's script, compressed: it is read only when a figure comes into sight."""
    script = VEGA.viewer()
    return (
        "" if script is None else base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()
    )
