"""The HTML report: one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.reporting.embedded import ELEMENT, payload, script_json
from harness.reporting.matrix import Matrix, Names
from harness.reporting.sections import benchmarks, overview, pictures, records
from harness.reporting.verdict import standings, verdict

if TYPE_CHECKING:
    from jinja2 import Environment

    from harness.reporting.study import Study

PAGE, STYLE, SCRIPT = "page.jinja", "report.css", "report.js"
TABS = (
    ("overview", "Overview"), ("benchmarks", "Benchmarks"), ("generators", "Generators"),
    ("training", "Training"), ("protocols", "Protocols"), ("provenance", "Provenance"),
    ("environment", "Environment"), ("failures", "Failures"),
)  # fmt: skip


def html(study: Study, matrix: Matrix, templates: Sequence[Path] = ()) -> str:
    """The page as text. Raises ``UsageError`` for a template folder that is not there."""
    found = environment(templates)
    return found.get_template(PAGE).render(context(study, matrix, found))


def environment(templates: Sequence[Path] = ()) -> Environment:
    """Templates of the given folders before the built-in ones; everything is escaped."""
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

    import harness_reports

    for folder in templates:
        if not folder.is_dir():
            raise UsageError(f"no folder of templates at {folder}; give one that exists")
    built_in = Path(str(harness_reports.__file__)).parent
    loaders = [FileSystemLoader(folder) for folder in (*templates, built_in)]
    return Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def context(study: Study, matrix: Matrix, found: Environment) -> dict[str, Any]:
    """What the templates may use; the names are the public contract of ``page.jinja``."""
    from markupsafe import Markup

    names = Names.of(study.results)
    places = standings(matrix)
    benches = benchmarks.benches(study, names)
    training = pictures.training(study, names)
    figures = [*(f for bench in benches for f in bench.figures), *training.figures]
    return {
        "title": _title(study),
        "verdict": verdict(matrix, len(study.failures)),
        "comparison": overview.comparison(matrix, "comparison", "Comparison"),
        "standings": overview.standing_grid(places) if places else None,
        "counts": _counts(study),
        "benches": benches,
        "sources": pictures.sources(study, names),
        "training": training,
        "protocols": records.protocols(study, names),
        "origins": records.origins(study, names),
        "environments": records.environments(study),
        "recipes": list(study.recipes.values()),
        "failures": study.failures,
        "damaged": records.damaged(study),
        "tabs": TABS,
        "style": Markup(_source(found, STYLE)),  # noqa: S704 (files of the template folders)
        "script": Markup(_source(found, SCRIPT)),  # noqa: S704
        "viewer": Markup(_viewer()) if figures else "",  # noqa: S704 (the Vega library)
        "specs": {f.id: Markup(script_json(f.spec)) for f in figures},  # noqa: S704 (escaped)
        "stills": {f.id: Markup(f.svg) for f in figures},  # noqa: S704 (Vega escapes its texts)
        "data_id": ELEMENT,
        "data": Markup(script_json(payload(study.results))),  # noqa: S704 (escaped)
    }


def _title(study: Study) -> str:
    return ", ".join(folder.resolve().name for folder in study.folders)


def _counts(study: Study) -> list[tuple[str, str]]:
    results = study.results
    versions = sorted({str(r.provenance.code.get("version", "unknown")) for r in results})
    dates = sorted(result.created for result in results)
    lines = [
        ("Results", f"{len(results):,}"),
        ("Failed stages", f"{len(study.failures):,}"),
        ("Seeds", ", ".join(sorted({str(result.seed.root) for result in results}))),
        ("Harness", ", ".join(versions)),
        ("Last result", dates[-1] if dates else ""),
    ]
    return [(name, text) for name, text in lines if text]


def _source(found: Environment, name: str) -> str:
    assert found.loader is not None
    return found.loader.get_source(found, name)[0]


def _viewer() -> str:
    from harness.reporting.figures import viewer

    return viewer()
